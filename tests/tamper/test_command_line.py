"""Tampering seen from the command line: exit code 1, each finding named, a broken thing is 2."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from api.cli.main import run
from api.web.locale import LANGUAGES, translate
from tests.tamper import attacks
from tests.tamper.worlds import World


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (attacks.flip_a_byte, "clip_object_digest"),
        (attacks.rewrite_an_entry, "entry_altered"),
        (attacks.delete_entry, "entry_missing"),
        (attacks.swap_entries, "entry_moved"),
        (attacks.cut_and_show_older_checkpoint, "entry_tail_missing"),
        (attacks.flip_full_tile, "tile_altered"),
        (attacks.foreign_checkpoint, "checkpoint_signature"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_exit_code_1_and_the_finding(
    world: World,
    attack: Callable[[World], None],
    code: str,
    capsys: pytest.CaptureFixture[str],
    home: list[str],
) -> None:
    attack(world)
    assert run(["verify", *home, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert code in {finding["code"] for finding in report["findings"]}
    [finding, *_] = [one for one in report["findings"] if one["code"] == code]
    for language in LANGUAGES:
        assert run(["verify", *home, "--lang", language]) == 1
        said = capsys.readouterr().out
        # What it means and the precise message, both in the reader's words.
        assert f"✗ {code}  {translate(language, f'finding.{code}')}  {finding['subject']}" in said
        begin = " ".join(finding["message"].split()[:3])
        assert bool(re.search(rf"\n  {re.escape(begin)} .+\n", said)) == (language == "en")
        assert bool(re.search(r"\n  .+。", said)) == (language == "zh")


def test_a_broken_checkpoint_is_not_called_unpublished(
    world: World, capsys: pytest.CaptureFixture[str], home: list[str]
) -> None:
    attacks.foreign_checkpoint(world)
    assert run(["verify", *home, "--lang", "en"]) == 1
    assert "nothing is published yet" not in capsys.readouterr().out


def test_one_clip_alone(world: World, capsys: pytest.CaptureFixture[str], home: list[str]) -> None:
    attacks.flip_a_byte(world)
    attacks.rewrite_an_entry(world)
    first, second = world.clip_ids[:2]
    assert run(["verify", *home, "--clip", second]) == 0
    capsys.readouterr()
    assert run(["verify", *home, "--clip", first, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    found = {finding["code"] for finding in report["findings"]}
    assert found == {"clip_object_digest", "entry_altered", "details_altered"}
    assert {finding["clip_id"] for finding in report["findings"]} == {first}


def test_objects_that_are_away_can_not_be_checked(
    world: World, tmp_path: Path, home: list[str]
) -> None:
    config = world.services.config
    shutil.move(config.home / "objects", tmp_path / "elsewhere")
    (config.home / "objects").write_text("not a folder")
    assert run(["verify", *home]) == 2
