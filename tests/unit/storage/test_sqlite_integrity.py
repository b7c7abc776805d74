"""The check of an SQLite file tells its progress, ends when told to, and needs a file."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import DatabaseUnreadableError
from storage.sqlite_integrity import Damage, find_damage

ROWS = 20_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with a name that is no plain URI, and enough rows for several steps."""
    path = tmp_path / "a #?% b.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE clips (id TEXT PRIMARY KEY, officer TEXT NOT NULL)")
        connection.execute("CREATE INDEX by_officer ON clips (officer)")
        connection.execute('CREATE TABLE "odd "" name" (n INTEGER)')
        connection.executemany(
            "INSERT INTO clips VALUES (?, ?)", ((str(n), f"JX{n:05}") for n in range(ROWS))
        )
        connection.commit()
    return path


def replace(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    at = content.rindex(old)
    path.write_bytes(content[:at] + new + content[at + len(old) :])


def test_a_sound_file(path: Path) -> None:
    told: list[tuple[int, int]] = []
    assert list(find_damage(path, lambda done, total: told.append((done, total)))) == []
    assert told[-1] == (ROWS, ROWS)
    assert told == sorted(told)
    assert len(told) > 1


def test_an_index_that_names_a_row_otherwise(path: Path) -> None:
    replace(path, b"JX00105", b"JX00106")
    [damage] = find_damage(path, lambda *_: None)
    assert (damage.table, damage.index, damage.row) == ("clips", "by_officer", 106)


@pytest.mark.parametrize("error", [KeyError("stop"), KeyboardInterrupt()], ids=repr)
def test_what_progress_raises_ends_it(path: Path, error: BaseException) -> None:
    def stop(*_: int) -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        list(find_damage(path, stop))
    assert raised.value is error


def test_no_database(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("no database at all" * 100)
    assert list(find_damage(text, lambda *_: None)) == [
        Damage("sqlite_schema", "file is not a database")
    ]
    with pytest.raises(DatabaseUnreadableError):
        list(find_damage(tmp_path / "missing.db", lambda *_: None))
    assert not (tmp_path / "missing.db").exists()


def test_postgresql_is_left_to_its_server() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    assert list(database.find_damage(lambda *_: None)) == []
