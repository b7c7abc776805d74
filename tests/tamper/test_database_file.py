"""Bytes of the SQLite file changed under the engine: an index that hides a row, a damaged page."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from api.cli.main import run
from api.web.locale import LANGUAGES, translate
from custody.verification import LOG_ONLY, FindingCode
from custody.verification.context import EVERYTHING
from tests.tamper.worlds import World

pytestmark = pytest.mark.parametrize("world", ["sqlite"], indirect=True)

OFFICERS = "ix_clips_officer_recorded_at"
ITEMS = "sqlite_autoindex_log_entries_1"


def change_file(world: World, change: Callable[[sqlite3.Connection, Path], None]) -> None:
    """Change the file while nobody has it open, with everything in it that was written."""
    world.services.database.close()
    path = Path(str(world.services.database.url.database))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        change(connection, path)


def replace_in_page(table_or_index: str, old: bytes, new: bytes, world: World) -> None:
    """Replace ``old`` in the first page of a tree where it stands."""

    def change(connection: sqlite3.Connection, path: Path) -> None:
        [(size,)] = connection.execute("PRAGMA page_size").fetchall()
        [(root,)] = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = ?", (table_or_index,)
        ).fetchall()
        connection.close()
        content = path.read_bytes()
        start = content.index(old, (root - 1) * size)
        path.write_bytes(content[:start] + new + content[start + len(old) :])

    change_file(world, change)


def hide_in_index(world: World) -> None:
    """The officer's first clip is another one's, for whoever asks by officer."""
    replace_in_page(OFFICERS, b"JX0227", b"JX0226", world)


def alter_item_cell(world: World) -> None:
    """An entry's row says it is of another item, the index beside it does not."""
    first = world.clip_ids[0].encode()
    other = bytes([first[0] ^ 1]) + first[1:]
    replace_in_page("log_entries", b"clip.openedclip:" + first, b"clip.openedclip:" + other, world)


def clip_of_officer(home: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert run(["clips", "list", "--officer", "JX0227", *home, "--json"]) == 0
    return [one["id"] for one in json.loads(capsys.readouterr().out)]


def test_a_clip_that_an_index_hides(
    world: World, home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert clip_of_officer(home, capsys) == [world.clip_ids[0]]
    hide_in_index(world)
    assert clip_of_officer(home, capsys) == []
    world.catch_up()
    [finding] = world.verify().findings
    assert finding.code == FindingCode.DATABASE_DAMAGED
    assert finding.subject == f"database:clips/{OFFICERS}"
    assert finding.clip_id == world.clip_ids[0]
    assert OFFICERS in str(finding.found)
    capsys.readouterr()
    for language in LANGUAGES:
        assert run(["verify", *home, "--lang", language]) == 1
        assert translate(language, "finding.database_damaged") in capsys.readouterr().out


@pytest.mark.parametrize("selection", [EVERYTHING, LOG_ONLY], ids=["everything", "log"])
def test_a_cell_that_an_index_covers(world: World, selection: object) -> None:
    alter_item_cell(world)
    report = world.verify(selection)
    subjects = {one.subject for one in report.findings if one.code == "database_damaged"}
    assert f"database:log_entries/{ITEMS}" in subjects


@pytest.mark.parametrize("table", ["clips", "log_entries", "receipts", "users"])
def test_a_page_that_is_none(world: World, table: str, home: list[str]) -> None:
    def overwrite(connection: sqlite3.Connection, path: Path) -> None:
        [(size,)] = connection.execute("PRAGMA page_size").fetchall()
        [(root,)] = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)
        ).fetchall()
        connection.close()
        content = bytearray(path.read_bytes())
        content[(root - 1) * size : root * size] = b"\xff" * size
        path.write_bytes(content)

    change_file(world, overwrite)
    report = world.verify()
    damaged = {one.subject for one in report.findings if one.code == "database_damaged"}
    assert f"database:{table}" in damaged
    assert run(["verify", *home]) == 1


def test_the_check_writes_nothing(world: World) -> None:
    path = Path(str(world.services.database.url.database))

    def leave(connection: sqlite3.Connection, _: Path) -> None:
        connection.close()

    change_file(world, leave)
    before = path.read_bytes()
    assert list(world.services.database.find_damage(lambda *_: None)) == []
    assert path.read_bytes() == before
