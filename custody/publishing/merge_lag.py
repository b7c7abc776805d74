"""How far publishing is behind: committed entries that are in no published checkpoint yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import raw, read_cell
from custody.publishing.published import newest_checkpoint
from custody.tables import log_entries


@dataclass(frozen=True, slots=True)
class MergeLag:
    """How many entries wait, and the time of the oldest; None where none does."""

    entries: int
    oldest_at: datetime | None

    def age(self, now: datetime) -> timedelta:
        """How long the oldest has been waiting; nothing where none is, or where a clock went back.

        One whose time was altered counts for nothing: a verification names it.
        """
        return timedelta() if self.oldest_at is None else max(timedelta(), now - self.oldest_at)

    def seconds(self, now: datetime) -> float:
        """`age` for programs, to a tenth."""
        return round(self.age(now).total_seconds(), 1)


def read_merge_lag(tx: Connection) -> MergeLag:
    """How the log stands in this snapshot of it."""
    checkpoint = newest_checkpoint(tx)
    size = 0 if checkpoint is None else checkpoint.size
    count = sa.select(sa.func.count()).select_from(log_entries)
    waiting = (tx.scalar(count.where(one)) or 0 for one in _waiting(size))
    return MergeLag(sum(waiting), unpublished_since(tx, size))


def unpublished_since(tx: Connection, size: int) -> datetime | None:
    """The time of the oldest entry that is not in the checkpoint of ``size`` entries; None where
    there is none. One whose time was altered counts for nothing.
    """
    at = sa.select(raw(tx, log_entries.c.at)).limit(1)
    pending, numbered = _waiting(size)
    oldest = (
        at.where(pending).order_by(log_entries.c.id),
        at.where(numbered).order_by(log_entries.c.idx),
    )
    found = (read_cell(log_entries.c.at, tx.scalar(query)) for query in oldest)
    return min((moment for moment in found if isinstance(moment, datetime)), default=None)


def _waiting(size: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Entries without an index, and those beyond the published tree: an index serves each."""
    return log_entries.c.idx.is_(None), log_entries.c.idx >= size
