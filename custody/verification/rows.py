"""Log rows as two streams from one snapshot: by index, and by item. Memory stays flat."""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from custody.log.entry import Entry, Json, commit_details, parse_canonical
from custody.log.errors import LogError
from custody.tables import log_entries
from custody.verification.findings import VerificationImpossibleError
from storage.database import Database

#: Rows fetched from the server's cursor at a time.
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row of the log, as it stands in the database."""

    id: int
    idx: int | None
    leaf_hash: bytes
    entry: bytes
    kind: str
    item: str
    item_seq: int
    actor_id: str
    at: datetime
    salt: bytes | None
    details: str | None


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """Rows as they are at one moment, however long the reading takes and whatever is written.

    Raises `VerificationImpossibleError` if the database can't be read, also half-way.
    """
    engine = database.engine
    if not database.is_sqlite:
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    try:
        with engine.begin() as tx:
            yield tx
    except SQLAlchemyError as error:
        raise VerificationImpossibleError(str(error).splitlines()[0]) from error


def stream(tx: Connection, statement: sa.Select[Any]) -> Iterator[Any]:
    """Rows of ``statement`` through a server-side cursor."""
    with tx.execution_options(yield_per=BATCH).execute(statement) as result:
        yield from result


def text_order(tx: Connection, column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """``column`` ordered by its bytes, which is Python's order for ASCII; SQLite's default."""
    return sa.collate(column, "C") if tx.dialect.name == "postgresql" else column


def numbered_hashes(tx: Connection) -> Iterator[tuple[int, bytes, bytes]]:
    """(index, stored leaf hash, entry bytes) of every numbered row, in order of index."""
    columns = sa.select(log_entries.c.idx, log_entries.c.leaf_hash, log_entries.c.entry)
    numbered = columns.where(log_entries.c.idx.is_not(None)).order_by(log_entries.c.idx)
    for idx, leaf_hash, entry in stream(tx, numbered):
        yield idx, bytes(leaf_hash), bytes(entry)


def rows_by_item(tx: Connection, items: frozenset[str] | None = None) -> Iterator[LogRow]:
    """Every row (or those of ``items``), pending ones too, by item and its sequence."""
    item = text_order(tx, log_entries.c.item)
    columns = [log_entries.c[name] for name in LogRow.__slots__]
    statement = sa.select(*columns).order_by(item, log_entries.c.item_seq)
    if items is not None:
        statement = statement.where(log_entries.c.item.in_(sorted(items)))
    for row in stream(tx, statement):
        yield LogRow(
            row.id,
            row.idx,
            bytes(row.leaf_hash),
            bytes(row.entry),
            row.kind,
            row.item,
            row.item_seq,
            row.actor_id,
            row.at,
            None if row.salt is None else bytes(row.salt),
            row.details,
        )


def differing_columns(row: LogRow, entry: Entry) -> list[tuple[str, str, str]]:
    """(column, what the entry says, what the row says) where a row does not repeat its entry."""
    pairs: list[tuple[str, object, object]] = [
        ("kind", entry.kind, row.kind),
        ("item", entry.item, row.item),
        ("item_seq", entry.item_seq, row.item_seq),
        ("actor_id", entry.actor.id, row.actor_id),
        ("at", entry.at, row.at),
    ]
    return [(name, str(said), str(found)) for name, said, found in pairs if said != found]


def committed_details(row: LogRow, entry: Entry) -> dict[str, Json] | None:
    """The details beside an entry, if they are those it commits to; {} where it commits to none.

    None where they are gone. Raises `LogError` where they are others.
    """
    if entry.commitment is None:
        if row.details is not None:
            raise LogError("the entry commits to no details")
        return {}
    if row.details is None or row.salt is None:
        return None
    details = parse_canonical(row.details.encode())
    if not isinstance(details, dict):
        raise LogError("details are an object")
    if not hmac.compare_digest(commit_details(details, row.salt), entry.commitment):
        raise LogError("another commitment")
    return details
