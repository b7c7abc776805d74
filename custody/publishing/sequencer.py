"""Gives committed entries their index in the log.

Run only by the owner of ``database.exclusive("log")``. Entries commit out of order of their
``id``, so "everything after the last id" would lose some; what is pending is asked for instead.
"""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.tables import log_entries, log_state

#: The one row of `log_state`.
STATE_ID = 1

_next = (
    sa.select(log_entries.c.id)
    .where(log_entries.c.idx.is_(None))
    .order_by(log_entries.c.id)
    .limit(sa.bindparam("batch"))
    .subquery("next")
)
_numbered = sa.select(
    _next.c.id, (sa.func.row_number().over(order_by=_next.c.id) - 1).label("place")
).subquery("numbered")
_NUMBER = (
    sa.update(log_entries)
    .where(log_entries.c.id == _numbered.c.id)
    .values(idx=sa.bindparam("first") + _numbered.c.place)
)


def sequence(tx: Connection, limit: int) -> int:
    """Number up to ``limit`` pending entries, in order of ``id``; how many it were.

    Entries of one item keep their order: the later one could only be appended after the earlier
    one was committed, and got the higher ``id``.
    """
    first = tx.scalar(
        sa.select(log_state.c.sequenced).where(log_state.c.id == STATE_ID).with_for_update()
    )
    if first is None:
        first = 0
        tx.execute(log_state.insert().values(id=STATE_ID, sequenced=0, integrated=0))
    numbered = tx.execute(_NUMBER, {"first": first, "batch": limit}).rowcount
    if numbered:
        tx.execute(
            log_state.update().where(log_state.c.id == STATE_ID).values(sequenced=first + numbered)
        )
    return numbered


def sequenced_size(tx: Connection) -> int:
    """How many entries have been given an index."""
    return tx.scalar(sa.select(log_state.c.sequenced).where(log_state.c.id == STATE_ID)) or 0


def newest_pending(tx: Connection) -> int | None:
    """The row's id of the newest entry without an index, None where all have one."""
    newest: int | None = tx.scalar(
        sa.select(sa.func.max(log_entries.c.id)).where(log_entries.c.idx.is_(None))
    )
    return newest


def is_pending(tx: Connection, up_to: int) -> bool:
    """Whether an entry of the rows up to ``up_to`` has no index yet."""
    waiting = sa.exists().where(log_entries.c.idx.is_(None), log_entries.c.id <= up_to)
    return bool(tx.scalar(sa.select(waiting)))


def pending_count(tx: Connection) -> int:
    """Entries that are committed and have no index yet."""
    return (
        tx.scalar(
            sa.select(sa.func.count()).select_from(log_entries).where(log_entries.c.idx.is_(None))
        )
        or 0
    )
