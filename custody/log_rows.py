"""How the ledger reads and writes the rows of the log: in each driver's own words, for speed.

Every change of the house waits for its entry, and SQLAlchemy's way through a statement costs as
much as all else that an append does. Errors come out as SQLAlchemy would have raised them.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from custody.errors import EntryLostError, HistoryAlteredError
from custody.log.canonical import MAX_INTEGER
from custody.log.merkle import HASH_BYTES

#: Item sequence and leaf hash of an item's last entry.
Head = tuple[int, bytes]

_COLUMNS = "leaf_hash, entry, kind, item, item_seq, actor_id, at, salt, details"


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row of ``log_entries`` to be; the entry is pending, so it has no index yet."""

    leaf_hash: bytes
    entry: bytes
    kind: str
    item: str
    item_seq: int
    actor_id: str
    at: datetime
    salt: bytes | None
    details: str | None

    def values(self, at: object) -> tuple[object, ...]:
        """In the order of `_COLUMNS`, the time as the driver takes it."""
        return (
            *(self.leaf_hash, self.entry, self.kind, self.item, self.item_seq, self.actor_id),
            *(at, self.salt, self.details),
        )


class LogRows(Protocol):
    """The rows of the log inside one transaction."""

    def hold(self, items: Sequence[str]) -> dict[str, Head]:
        """Keep others from appending to ``items`` until the transaction ends; the last entries.

        ``items`` are sorted, so that no two of these wait for each other.
        """
        ...

    def hold_one(self, item: str) -> Head | None:
        """As `hold`, cheaper, but the entry may be one that another writer has followed up since.

        `insert_unless_taken` notices, and then `hold` tells how it stands.
        """
        ...

    def insert_unless_taken(self, row: NewRow) -> bool:
        """Write ``row``; False, and nothing written, where its place in its item is taken."""
        ...

    def insert(self, rows: Sequence[NewRow]) -> None:
        """Write ``rows``, all of them: somebody may have taught the table to drop some unseen.

        Raises `IntegrityError` where a place is taken, and `EntryLostError`.
        """
        ...


def log_rows(tx: Connection) -> LogRows:
    """The rows of the log in ``tx``."""
    connection = tx.connection.driver_connection
    if tx.dialect.name == "sqlite" and isinstance(connection, sqlite3.Connection):
        return SqliteLogRows(connection)
    return PostgresLogRows(connection)


class SqliteLogRows:
    """``BEGIN IMMEDIATE`` has made this the one writer already: nothing can be followed up."""

    _HEAD = """
        SELECT item_seq, leaf_hash FROM log_entries
        WHERE item = ? ORDER BY item_seq DESC LIMIT 1
    """
    _HEADS = """
        SELECT e.item, e.item_seq, e.leaf_hash
        FROM (SELECT value AS wanted,
                     (SELECT max(item_seq) FROM log_entries WHERE item = value) AS top
              FROM json_each(?)) AS heads
        JOIN log_entries e ON e.item = heads.wanted AND e.item_seq = heads.top
    """
    _INSERT = f"INSERT INTO log_entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - names of ours

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def hold(self, items: Sequence[str]) -> dict[str, Head]:
        with _translated(sqlite3.Error):
            rows = self._connection.execute(self._HEADS, (json.dumps(items),)).fetchall()
        return {row[0]: _head(*row) for row in rows}

    def hold_one(self, item: str) -> Head | None:
        with _translated(sqlite3.Error):
            row = self._connection.execute(self._HEAD, (item,)).fetchone()
        return None if row is None else _head(item, *row)

    def insert_unless_taken(self, row: NewRow) -> bool:
        self.insert((row,))
        return True

    def insert(self, rows: Sequence[NewRow]) -> None:
        with _translated(sqlite3.Error):
            written = self._connection.executemany(
                self._INSERT,
                # As SQLAlchemy writes a time: in UTC, without its zone.
                [row.values(row.at.replace(tzinfo=None).isoformat(" ", "microseconds"))
                 for row in rows],
            )  # fmt: skip
        _require_all(rows, written.rowcount)


class PostgresLogRows:
    """Items are held by advisory locks, which PostgreSQL gives back when the transaction ends."""

    # LATERAL with LIMIT leaves the planner one way, down the index, however stale its statistics.
    _HEADS = """
        SELECT head.item, head.item_seq, head.leaf_hash
        FROM unnest(%s::text[]) AS wanted
        CROSS JOIN LATERAL (
            SELECT item, item_seq, leaf_hash FROM log_entries
            WHERE item = wanted ORDER BY item_seq DESC LIMIT 1
        ) AS head
    """
    _HOLD_ONE = """
        SELECT head.item_seq, head.leaf_hash
        FROM pg_advisory_xact_lock(%s) AS held LEFT JOIN LATERAL (
            SELECT item_seq, leaf_hash FROM log_entries
            WHERE item = %s ORDER BY item_seq DESC LIMIT 1
        ) AS head ON true
    """
    _LOCKS = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"
    _INSERT = f"INSERT INTO log_entries ({_COLUMNS}) VALUES ({', '.join(['%s'] * 9)})"  # noqa: S608
    _INSERT_UNLESS_TAKEN = f"{_INSERT} ON CONFLICT (item, item_seq) DO NOTHING"

    def __init__(self, connection: object) -> None:
        import psycopg  # noqa: PLC0415 - not needed where rows are in SQLite

        if not isinstance(connection, psycopg.Connection):
            raise TypeError(f"rows on PostgreSQL are reached through psycopg, not {connection!r}")
        self._connection: psycopg.Connection[tuple[Any, ...]] = connection
        self._error = psycopg.Error

    def hold(self, items: Sequence[str]) -> dict[str, Head]:
        """Two statements, so that the heads are read in a snapshot taken after the locks are held.

        The driver's pipeline sends both at once.
        """
        with _translated(self._error), self._connection.pipeline():
            self._connection.execute(self._LOCKS, (sorted(map(_lock_key, items)),))
            heads = self._connection.execute(self._HEADS, (list(items),))
            return {row[0]: _head(*row) for row in heads}

    def hold_one(self, item: str) -> Head | None:
        """One statement, whose snapshot may be older than the lock."""
        with _translated(self._error):
            row = self._connection.execute(self._HOLD_ONE, (_lock_key(item), item)).fetchone()
        return None if row is None or row[0] is None else _head(item, *row)

    def insert_unless_taken(self, row: NewRow) -> bool:
        with _translated(self._error):
            written = self._connection.execute(self._INSERT_UNLESS_TAKEN, row.values(row.at))
            return written.rowcount == 1

    def insert(self, rows: Sequence[NewRow]) -> None:
        with _translated(self._error), self._connection.cursor() as cursor:
            cursor.executemany(self._INSERT, [row.values(row.at) for row in rows])
            written = cursor.rowcount
        _require_all(rows, written)


def _require_all(rows: Sequence[NewRow], written: int) -> None:
    """Raise `EntryLostError` unless every row was written."""
    if written != len(rows):
        raise EntryLostError(f"{written} of {len(rows)} of {rows[0].item}")


def _head(item: str, item_seq: object, leaf_hash: object) -> Head:
    """Raises `HistoryAlteredError` where these are no hash and no number that another one follows:
    what could?"""
    if not (
        isinstance(item_seq, int)
        and 0 <= item_seq < MAX_INTEGER
        and isinstance(leaf_hash, bytes)
        and len(leaf_hash) == HASH_BYTES
    ):
        raise HistoryAlteredError(item)
    return item_seq, leaf_hash


@contextmanager
def _translated(kind: type[Exception]) -> Iterator[None]:
    """Raise a driver's error as what SQLAlchemy would have made of it."""
    try:
        yield
    except kind as error:
        raise DBAPIError.instance("log_entries", None, error, kind) from error


def _lock_key(item: str) -> int:
    """PostgreSQL's advisory locks take a 64-bit number; two items sharing one only wait longer."""
    digest = hashlib.blake2b(item.encode(), digest_size=8, person=b"liuhen item").digest()
    return int.from_bytes(digest, "big", signed=True)
