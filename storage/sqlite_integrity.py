"""Whether an SQLite file holds together: its pages, and each index with its table.

A query that goes through an index believes it: a row that the index does not name, or names under
another value, is not there for anybody who asks that way. Reading the row itself shows nothing.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from storage.errors import DatabaseUnreadableError

#: Told how many rows of how many have been looked at; what it raises ends the check.
RowsCallback = Callable[[int, int], None]

#: Steps of SQLite's machine between two calls of the progress handler: some 10 ms.
STEP = 100_000
#: Steps for a row, for each of its columns and each of its indexes; for an estimate of progress.
_STEPS_A_COLUMN, _STEPS_AN_INDEX = 2, 6
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_INDEX = re.compile(r"\bindex (\S+)$")
_ROW = re.compile(r"\brow (\d+) ")
_SCHEMA = "sqlite_schema"
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is wrong with a table, in SQLite's words.

    ``index`` and ``row`` (the row's rowid) are None where it is of none, or of none by name.
    """

    table: str
    message: str
    index: str | None = None
    row: int | None = None


def find_damage(path: Path, progress: RowsCallback, address: str = "") -> Iterator[Damage]:
    """Read every page of the file once, table by table, and tell what is damaged.

    SQLite tells 100 things of a table at most. The file is opened for reading only. Each table is
    looked at as it is at that moment, so writers need not wait. Raises `DatabaseUnreadableError`
    where the file can't be read, and what ``progress`` raises. ``address``: the file as SQLite is
    to open it, where that is not by its path.
    """
    uri = address or f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.text_factory = lambda data: data.decode(errors="backslashreplace")
            yield from _Check(connection, progress).run()
    except sqlite3.Error as error:
        raise DatabaseUnreadableError(str(error)) from error


class _Check:
    def __init__(self, connection: sqlite3.Connection, progress: RowsCallback) -> None:
        self._connection = connection
        self._progress = progress
        self._given_up: BaseException | None = None
        self._done = self._total = 0

    def run(self) -> Iterator[Damage]:
        try:
            names = [row[0] for row in self._ask(_TABLES)]
        except sqlite3.DatabaseError as error:
            yield _damage_of(_SCHEMA, error)
            return
        rows = {name: self._count(name) for name in names}
        self._total = sum(rows.values())
        # The schema's own table stands for the list of free pages too.
        for name in (_SCHEMA, *names):
            yield from self._check(name, rows.get(name, 0))
            self._done += rows.get(name, 0)
        self._progress(self._done, self._total)

    def _check(self, table: str, rows: int) -> Iterator[Damage]:
        self._connection.set_progress_handler(self._handler(table, rows), STEP)
        try:
            answer = self._ask(f"PRAGMA integrity_check({_quoted(table)})")
        except sqlite3.DatabaseError as error:
            if self._given_up is not None:
                raise self._given_up from None
            yield _damage_of(table, error)
            return
        finally:
            self._connection.set_progress_handler(None, STEP)
        for (text,) in answer:
            if text != "ok":
                yield from (_damage(table, line) for line in str(text).splitlines() if line)

    def _handler(self, table: str, rows: int) -> Callable[[], int]:
        """What SQLite calls now and then: tells an estimate, and ends the check if told so."""
        columns = len(self._ask(f"PRAGMA table_info({_quoted(table)})"))
        indexes = len(self._ask(f"PRAGMA index_list({_quoted(table)})"))
        steps_a_row = _STEPS_A_COLUMN * columns + _STEPS_AN_INDEX * indexes
        steps = 0

        def tell() -> int:
            nonlocal steps
            steps += STEP
            try:
                self._progress(self._done + min(steps // max(steps_a_row, 1), rows), self._total)
            except BaseException as error:  # noqa: BLE001 - SQLite would swallow it; raised later
                self._given_up = error
                return 1
            return 0

        return tell

    def _count(self, table: str) -> int:
        """About how many rows ``table`` has; its end is found without reading it."""
        statement = f"SELECT max(rowid) FROM {_quoted(table)}"  # noqa: S608 - a quoted name
        try:
            [(newest,)] = self._ask(statement)
        except sqlite3.DatabaseError:
            return 0  # the check itself will tell why
        return max(newest, 0) if isinstance(newest, int) else 0

    def _ask(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement).fetchall()


def _damage(table: str, message: str) -> Damage:
    index, row = _INDEX.search(message), _ROW.search(message)
    return Damage(table, message, index and index[1], int(row[1]) if row else None)


def _damage_of(table: str, error: sqlite3.DatabaseError) -> Damage:
    """A damaged page under a question; any other failure is raised."""
    # The lower byte is the sort of failure, the rest tells it finer.
    if error.sqlite_errorcode & 0xFF not in _DAMAGED:
        raise error
    return Damage(table, str(error))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
