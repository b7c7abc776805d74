from pathlib import Path

from custody.verification.findings import MEANINGS, FindingCode

PAGE = Path(__file__).parents[4] / "docs" / "formats" / "findings.md"


def test_every_code_is_documented_in_one_line() -> None:
    assert set(MEANINGS) == set(FindingCode)
    page = PAGE.read_text(encoding="utf-8")
    for code, meaning in MEANINGS.items():
        assert f"| `{code.value}` | {meaning} |" in page
