"""What a verification says to people: in their language, names that play no tricks."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.cli.shell import Shell
from api.cli.verifying import _print_finding, _print_rest
from api.web.locale import LANGUAGES
from api.web.telling import Teller
from custody.verification.context import EVERYTHING
from custody.verification.findings import Finding, FindingCode, Report, Unchecked

MEANINGS = {"zh": "原始件被改动（SHA-256 不符）", "en": "Original altered (SHA-256)"}
COULD_NOT = {"zh": "无法核验", "en": "Could not be checked"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_finding_is_said_in_the_readers_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    finding = Finding(
        FindingCode.CLIP_OBJECT_DIGEST, "clip:1", "It differs.\x1b[2J", "aa", "bb", "1", 7
    )
    report = Report(findings=[finding], unchecked=[Unchecked("clip:2", "no answer")])
    shell = Shell(tmp_path, language, as_json=False)
    teller = Teller(language, ZoneInfo("Asia/Shanghai"), {"clip:1": "a\n.mp4"})
    _print_finding(shell, finding, teller)
    _print_rest(shell, report, teller, EVERYTHING, asked=False, stopped=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"✗ clip_object_digest  {MEANINGS[language]}  clip:1 #7"
    assert lines[1] == "  It differs.␛[2J"
    assert lines[2].endswith(": a␊.mp4")
    assert f"? {COULD_NOT[language]}  clip:2: no answer" in lines
