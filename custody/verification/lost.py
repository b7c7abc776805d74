"""Which details are gone because a database was recovered, by what the log itself says of it.

``log.recovered`` names how many they are and the digest of their indexes. Where it comes out the
same today, they are those; where it does not, somebody took away more, and none is explained.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import as_bytes, raw
from custody.events import EventKind
from custody.log.entry import Entry
from custody.log.errors import EntryError
from custody.tables import log_entries
from custody.verification.rows import stream


@dataclass(frozen=True, slots=True)
class Loss:
    """The entries from ``first`` up to ``end`` whose details are gone: their indexes in order."""

    first: int
    end: int
    indexes: tuple[int, ...]

    @property
    def sha256(self) -> str:
        return digest_of_indexes(self.indexes)


def digest_of_indexes(indexes: Iterable[int]) -> str:
    """Hex SHA-256 over the indexes in ascending order, each in decimal and behind it a newline."""
    return hashlib.sha256("".join(f"{index}\n" for index in indexes).encode()).hexdigest()


def find_loss(tx: Connection, first: int, end: int) -> Loss:
    """What is gone of these entries, and was not destroyed on its legal date."""
    columns = log_entries.c
    gone = (
        sa.select(raw(tx, columns.idx), raw(tx, columns.entry))
        .where(columns.idx >= first, columns.idx < end)
        .where(columns.details.is_(None) | columns.salt.is_(None))
        .where(columns.details_destroyed_at.is_(None))
        .order_by(columns.idx)
    )
    indexes = [row.idx for row in stream(tx, gone) if _commits(as_bytes(row.entry))]
    return Loss(first, end, tuple(indexes))


def explained_loss(tx: Connection) -> Loss | None:
    """What the newest ``log.recovered`` explains; None without one, or where it is not that."""
    columns = log_entries.c
    newest = (
        sa.select(raw(tx, columns.entry))
        .where(columns.kind == EventKind.LOG_RECOVERED.value)
        .order_by(columns.id.desc())
        .limit(1)
    )
    stored = tx.scalar(newest)
    if stored is None:
        return None
    try:
        facts = Entry.decode(as_bytes(stored)).facts
    except EntryError:
        return None  # a finding of its own
    first, end = facts.get("from"), facts.get("to")
    if not isinstance(first, int) or not isinstance(end, int):
        return None
    loss = find_loss(tx, first, end)
    named = (facts.get("details_gone"), facts.get("details_gone_sha256"))
    return loss if named == (len(loss.indexes), loss.sha256) else None


def _commits(entry: bytes) -> bool:
    try:
        return Entry.decode(entry).commitment is not None
    except EntryError:
        return False
