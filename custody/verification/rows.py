"""Log rows as two streams from one snapshot: by index, and by item. Memory stays flat."""

import hmac
import traceback
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.exc import SQLAlchemyError

from custody.cells import Misfit, as_bytes, raw, read_cell, shown
from custody.log.canonical import format_time
from custody.log.entry import Entry, Json, commit_canonical, parse_canonical
from custody.log.errors import CommitmentError, LogError
from custody.tables import log_entries
from custody.verification.findings import VerificationImpossibleError
from storage.database import Database

#: Rows fetched from the server's cursor at a time.
BATCH = 2_000
#: What is read of a row, in the order of `LogRow`.
COLUMNS = (
    "id",
    "idx",
    "leaf_hash",
    "entry",
    "kind",
    "item",
    "item_seq",
    "actor_id",
    "at",
    "salt",
    "details",
    "details_destroyed_at",
    "details_destroyed_under",
)
#: Those that say that an entry's details were destroyed.
DESTROYED = COLUMNS[-2:]
_IDX, _AT = COLUMNS.index("idx"), COLUMNS.index("at")
#: What the drivers give for a row whose every cell fits and that says nothing of a destruction:
#: it needs no second look at each.
_NOTHING = type(None)
_USUAL = frozenset(
    (int, idx, bytes, bytes, str, str, int, str, str, salt, details, _NOTHING, _NOTHING)
    for idx in (int, _NOTHING)
    for salt in (bytes, _NOTHING)
    for details in (str, _NOTHING)
)


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row of the log, as it stands in the database.

    ``misfits`` are the cells that hold no value of their column's type, as (column, what is
    there); in their place stand the bytes of the cell, or a value that no entry has.
    """

    id: int
    idx: int | None
    leaf_hash: bytes
    entry: bytes
    kind: str
    item: str
    item_seq: int
    actor_id: str
    at: datetime | None
    salt: bytes | None
    details: str | None
    misfits: tuple[tuple[str, Misfit], ...] = ()
    #: What the row says of the destruction of its details, by column, where it says anything.
    destroyed: tuple[tuple[str, object], ...] = ()


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
            try:
                yield tx
            except BaseException as error:
                # Streams that the error cut off still hold cursors of this connection. Collected
                # later, they would wait for whoever works on it then, which may be this thread.
                let_go(error)
                tx.invalidate()
                raise
    except SQLAlchemyError as error:
        raise VerificationImpossibleError(str(error).splitlines()[0]) from error


def let_go(error: BaseException) -> None:
    """End what the failed phase had open, streams of rows above all, now and in this order.

    Left to the collector, a stream's cursor would be closed in the middle of a later query on the
    same connection, and wait for it for ever.
    """
    seen: BaseException | None = error
    while seen is not None:
        traceback.clear_frames(seen.__traceback__)
        seen = seen.__cause__ or seen.__context__


def stream(tx: Connection, statement: sa.Select[Any]) -> Iterator[Any]:
    """Rows of ``statement`` through a server-side cursor; what else ``tx`` is asked is not."""
    with tx.execute(statement.execution_options(yield_per=BATCH)) as result:
        for rows in result.partitions():
            yield from rows


def text_order(tx: Connection, column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """``column`` ordered by its bytes, which is Python's order for ASCII; SQLite's default."""
    return sa.collate(column, "C") if tx.dialect.name == "postgresql" else column


def numbered_hashes(tx: Connection) -> Generator[tuple[int, bytes, bytes], None, None]:
    """(index, stored leaf hash, entry bytes) of every numbered row, in order of index."""
    names = ("idx", "leaf_hash", "entry")
    columns = sa.select(*(raw(tx, log_entries.c[name]) for name in names))
    numbered = columns.where(log_entries.c.idx.is_not(None)).order_by(log_entries.c.idx)
    for idx, leaf_hash, entry in stream(tx, numbered):
        if isinstance(idx, int) and idx >= 0:  # any other is its row's own finding
            yield idx, as_bytes(leaf_hash), as_bytes(entry)


def rows_by_item(tx: Connection, items: frozenset[str] | None = None) -> Iterator[LogRow]:
    """Every row (or those of ``items``), pending ones too, by item and its sequence."""
    item = text_order(tx, log_entries.c.item)
    columns = [raw(tx, log_entries.c[name]) for name in COLUMNS]
    statement = sa.select(*columns).order_by(item, log_entries.c.item_seq)
    if items is not None:
        statement = statement.where(log_entries.c.item.in_(sorted(items)))
    for row in stream(tx, statement):
        yield _log_row(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def log_rows_of(tx: Connection, item: str, kinds: Sequence[str]) -> Iterator[LogRow]:
    """The rows of ``kinds`` of one item, pending ones too, by its sequence."""
    c = log_entries.c
    columns = [raw(tx, c[name]) for name in COLUMNS]
    wanted = sa.select(*columns).where(c.item == item, c.kind.in_(kinds)).order_by(c.item_seq)
    for row in stream(tx, wanted):
        yield _log_row(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def _log_row(row: RowMapping) -> LogRow:
    cells: tuple[Any, ...] = tuple(row.values())
    if tuple(map(type, cells)) in _USUAL:
        idx, moment = cells[_IDX], read_cell(log_entries.c.at, cells[_AT])
        if not isinstance(moment, Misfit) and (idx is None or idx >= 0):
            usual: tuple[Any, ...] = (*cells[:_AT], moment, *cells[_AT + 1 : -len(DESTROYED)])
            return LogRow(*usual)
    return _unusual_row(row)


def _unusual_row(row: RowMapping) -> LogRow:
    """A row of which something is to be told."""
    cells = {name: read_cell(log_entries.c[name], row[name]) for name in COLUMNS}
    said_gone = [(name, cells.pop(name)) for name in DESTROYED]
    destroyed = tuple((name, cell) for name, cell in said_gone if cell is not None)
    misfits = {name: cell for name, cell in cells.items() if isinstance(cell, Misfit)}
    idx = cells["idx"]
    if isinstance(idx, int) and idx < 0:
        misfits["idx"] = Misfit("index", idx)

    def fitting(name: str, otherwise: Any) -> Any:
        return otherwise if name in misfits else cells[name]

    return LogRow(
        id=cells["id"],
        idx=fitting("idx", None),
        leaf_hash=as_bytes(cells["leaf_hash"]),
        entry=as_bytes(cells["entry"]),
        kind=fitting("kind", ""),
        item=fitting("item", ""),
        item_seq=fitting("item_seq", -1),
        actor_id=fitting("actor_id", ""),
        at=fitting("at", None),
        salt=None if cells["salt"] is None else as_bytes(cells["salt"]),
        details=fitting("details", ""),
        misfits=tuple(misfits.items()),
        destroyed=destroyed,
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
    misfits = {name for name, _ in row.misfits}  # reported for what they are
    return [
        (name, _text(said), _text(found))
        for name, said, found in pairs
        if said != found and name not in misfits
    ]


def _text(value: object) -> str:
    return format_time(value) if isinstance(value, datetime) else shown(value)


def committed_details(row: LogRow, entry: Entry) -> dict[str, Json] | None:
    """The details beside an entry, if they are those it commits to; {} where it commits to none.

    None where they are gone. Raises `CommitmentError` where they are others.
    """
    if entry.commitment is None:
        if row.details is not None:
            raise CommitmentError("this entry was committed to none")
        return {}
    if row.details is None or row.salt is None:
        return None
    try:
        written = row.details.encode()
        details = parse_canonical(written)
    except (LogError, ValueError, RecursionError) as error:
        raise CommitmentError("what stands there is no JSON as this log writes it") from error
    if not isinstance(details, dict):
        raise CommitmentError("what stands there is no JSON object")
    if not hmac.compare_digest(commit_canonical(written, row.salt), entry.commitment):
        raise CommitmentError
    return details
