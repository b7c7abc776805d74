"""Which items the log speaks of."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.tables import log_entries
from custody.verification.lost import Loss


def in_batches(items: list[str], size: int) -> Iterator[list[str]]:
    """``items``, at most ``size`` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def items_from(tx: Connection, first: int) -> set[str]:
    """The items that entries from index ``first`` on are of."""
    wanted = sa.select(log_entries.c.item).where(log_entries.c.idx >= first).distinct()
    return set(tx.scalars(wanted))


def items_under(tx: Connection, prefix: str) -> list[str]:
    """The items whose names begin with ``prefix``, in order."""
    wanted = sa.select(log_entries.c.item).where(log_entries.c.item.startswith(prefix))
    return sorted(set(tx.scalars(wanted.distinct())))


def items_of(tx: Connection, loss: Loss) -> dict[str, int]:
    """How many entries of each item have lost their details."""
    counts: dict[str, int] = {}
    lost = set(loss.indexes)
    wanted = sa.select(log_entries.c.idx, log_entries.c.item).where(
        log_entries.c.idx >= loss.first, log_entries.c.idx < loss.end
    )
    for row in tx.execute(wanted.order_by(log_entries.c.idx)):
        if row.idx in lost:
            counts[row.item] = counts.get(row.item, 0) + 1
    return counts
