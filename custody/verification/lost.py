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
from custody.events import LOG_ITEM, EventKind
from custody.log.entry import Entry, Json
from custody.log.errors import EntryError
from custody.tables import log_entries
from custody.verification.corrections import Corrections
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


def explained_loss(tx: Connection, corrections: Corrections | None = None) -> Loss | None:
    """What the newest ``log.recovered`` explains; None without one, or where it is not that.

    Nor does one whose row says something else than was published, by ``corrections``. One that no
    recovery writes (of another item, failed, of entries that come after it) hides no other.
    """
    columns = log_entries.c
    own = (columns.kind == EventKind.LOG_RECOVERED.value, columns.item == LOG_ITEM)
    newest = (
        sa.select(raw(tx, columns.idx), raw(tx, columns.entry))
        .where(*own)
        .order_by(columns.id.desc())
    )
    for index, stored in tx.execute(newest).all():
        if corrections is not None and index in corrections.entries.keys() | corrections.unusable:
            return None
        facts = _facts_of_recovery(as_bytes(stored), index)
        if facts is None:
            continue
        first, end, named = facts
        loss = find_loss(tx, first, end)
        return loss if named == (len(loss.indexes), loss.sha256) else None
    return None


def _facts_of_recovery(data: bytes, index: object) -> tuple[int, int, tuple[Json, Json]] | None:
    """From where to where, and what it says is gone; None where no recovery wrote it."""
    try:
        entry = Entry.decode(data)
    except EntryError:
        return None  # a finding of its own
    said = (entry.kind, entry.item, entry.outcome)
    if said != (EventKind.LOG_RECOVERED.value, LOG_ITEM, "ok"):
        return None
    facts = entry.facts
    first, end = facts.get("from"), facts.get("to")
    if not isinstance(first, int) or not isinstance(end, int) or not 0 <= first <= end:
        return None
    # It stands behind all that was recovered; while it waits it has no place yet.
    if isinstance(index, int) and end > index:
        return None
    return first, end, (facts.get("details_gone"), facts.get("details_gone_sha256"))


def _commits(entry: bytes) -> bool:
    try:
        return Entry.decode(entry).commitment is not None
    except EntryError:
        return False
