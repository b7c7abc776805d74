"""The note of how old the tables are, altered: named, no obstacle to looking, and said in words."""

from pathlib import Path

import pytest

from api.cli.main import run
from api.services import open_services
from storage.errors import SchemaUnknownError
from tests.tamper import attacks
from tests.tamper.test_schema import execute
from tests.tamper.worlds import CASE_NUMBER, World

ATTACKS = [
    "DELETE FROM alembic_version",
    "DROP TABLE alembic_version",
    "UPDATE alembic_version SET version_num = 'zzz'",
]


@pytest.mark.parametrize("command", [["verify"], ["log", "verify"]], ids=" ".join)
@pytest.mark.parametrize("statement", ATTACKS)
def test_it_is_named_and_everything_is_looked_at(
    world: World,
    statement: str,
    command: list[str],
    home: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    attacks.edit_case_title(world)
    execute(world, statement)
    assert run([*command, *home, "--lang", "en"]) == 1
    said = capsys.readouterr()
    assert "table:alembic_version" in said.out
    assert "case_altered" in said.out
    assert "Traceback" not in said.err + said.out


@pytest.mark.parametrize("statement", ATTACKS)
def test_a_bag_needs_no_migration(
    world: World, statement: str, home: list[str], tmp_path: Path
) -> None:
    execute(world, statement)
    assert run(["cases", "export", CASE_NUMBER, "-o", str(tmp_path / "bag"), *home]) == 0


@pytest.mark.parametrize("statement", ATTACKS)
def test_whoever_would_migrate_says_what_to_do(
    world: World, statement: str, home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    execute(world, statement)
    with pytest.raises(SchemaUnknownError), open_services(world.services.config):
        pass
    for language, word in (("en", "verify everything"), ("zh", "liuhen verify")):
        assert run(["clips", "list", *home, "--lang", language]) == 2
        said = capsys.readouterr()
        assert word in said.err
        assert "Traceback" not in said.err
