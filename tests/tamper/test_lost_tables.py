"""A table or column that is gone: named, and told without the program's own insides."""

from pathlib import Path

import pytest

from api.cli.main import run
from tests.tamper.test_schema import execute
from tests.tamper.worlds import CASE_NUMBER, World

#: What somebody dropped, as it is named.
LOST = {
    "DROP TABLE links": "table:links",
    "ALTER TABLE links DROP COLUMN unlinked_by": "table:links/unlinked_by",
    "ALTER TABLE cases DROP COLUMN party": "table:cases/party",
    "ALTER TABLE clips DROP COLUMN reason": "table:clips/reason",
    "ALTER TABLE clips RENAME TO gone": "table:clips",
}


@pytest.mark.parametrize("statement", LOST)
def test_it_is_named_without_a_traceback(
    world: World,
    statement: str,
    home: list[str],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    execute(world, statement)
    for language in ("en", "zh"):
        assert run(["verify", *home, "--lang", language]) == 1
        said = capfd.readouterr()
        assert LOST[statement] in said.out
        assert "Traceback" not in said.out + said.err + caplog.text


@pytest.mark.parametrize("statement", LOST)
def test_no_bag_is_made_and_no_traceback_shown(
    world: World,
    statement: str,
    home: list[str],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    execute(world, statement)
    assert run(["cases", "export", CASE_NUMBER, "-o", str(tmp_path / "bag"), *home]) in {1, 2}
    said = capfd.readouterr()
    assert "Traceback" not in said.out + said.err + caplog.text
    assert not (tmp_path / "bag").exists()
