"""Gives committed entries their index in the log.

Run only by the owner of ``database.exclusive("log")``. Entries commit out of order of their
``id``, so "everything after the last id" would lose some; what is pending is asked for instead.
"""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.tables import log_entries, log_state

#: The one row of `log_state`.
STATE_ID = 1

_pending = log_entries.c.idx.is_(None)
_before = log_entries.alias("before")
_is_behind = sa.and_(
    _before.c.item == log_entries.c.item, _before.c.item_seq == log_entries.c.item_seq - 1
)
#: An entry that another of its item stands before, or that is its item's first.
_follows = sa.or_(log_entries.c.item_seq == 0, sa.exists().where(_is_behind))
_ids = sa.select(log_entries.c.id, log_entries.c.item, log_entries.c.item_seq)
_batch = _ids.where(_pending).order_by(log_entries.c.id).limit(sa.bindparam("batch"))

# As the house leaves it, every entry follows one that is numbered or was appended earlier, and
# those of the lowest ids are numbered in that order. One probe of an index for each tells.
_all = _batch.subquery("every")
_follows_one = sa.exists().where(
    _before.c.item == _all.c.item,
    _before.c.item_seq == _all.c.item_seq - 1,
    sa.or_(_before.c.idx.is_not(None), _before.c.id < _all.c.id),
)
_IS_ASTRAY = sa.select(
    sa.exists().select_from(_all).where(_all.c.item_seq != 0, sa.not_(_follows_one))
)
_placed = sa.select(
    _all.c.id, (sa.func.row_number().over(order_by=_all.c.id) - 1).label("place")
).subquery("placed")
_NUMBER_ALL = (
    sa.update(log_entries)
    .where(log_entries.c.id == _placed.c.id)
    .values(idx=sa.bindparam("first") + _placed.c.place)
)

# Otherwise those that continue what is numbered of their item, and no others.
_next = _batch.where(_follows).subquery("next")
#: Entries of one item that follow each other without a gap have one number ``run``.
_place_in_item = sa.func.row_number().over(partition_by=_next.c.item, order_by=_next.c.id)
_runs = sa.select(*_next.c, (_next.c.item_seq - _place_in_item).label("run")).subquery("runs")
_first = sa.func.min(_runs.c.item_seq)
_heads = (
    sa.select(_runs.c.item, _runs.c.run, _first.label("first"))
    .group_by(_runs.c.item, _runs.c.run)
    .subquery("heads")
)
_stands = sa.exists().where(
    _before.c.item == _heads.c.item,
    _before.c.item_seq == _heads.c.first - 1,
    _before.c.idx.is_not(None),
)
_numbered = (
    sa.select(_runs.c.id, (sa.func.row_number().over(order_by=_runs.c.id) - 1).label("place"))
    .join(_heads, sa.and_(_heads.c.item == _runs.c.item, _heads.c.run == _runs.c.run))
    .where(sa.or_(_heads.c.first == 0, _stands))
    .subquery("numbered")
)
_NUMBER_SOME = (
    sa.update(log_entries)
    .where(log_entries.c.id == _numbered.c.id)
    .values(idx=sa.bindparam("first") + _numbered.c.place)
)


def sequence(tx: Connection, limit: int) -> int:
    """Number up to ``limit`` pending entries, in order of ``id``; how many it were.

    Entries of one item keep their order: the later one could only be appended after the earlier
    one was committed, and got the higher ``id``. One that does not follow the numbered entries of
    its item was not appended by the house; it stays pending, where a verification names it, and
    holds nothing else up.
    """
    first = tx.scalar(
        sa.select(log_state.c.sequenced).where(log_state.c.id == STATE_ID).with_for_update()
    )
    if first is None:
        first = 0
        tx.execute(log_state.insert().values(id=STATE_ID, sequenced=0, integrated=0))
    some = tx.scalar(_IS_ASTRAY, {"batch": limit})
    statement = _NUMBER_SOME if some else _NUMBER_ALL
    numbered = tx.execute(statement, {"first": first, "batch": limit}).rowcount
    if numbered:
        tx.execute(
            log_state.update().where(log_state.c.id == STATE_ID).values(sequenced=first + numbered)
        )
    return numbered


def sequenced_size(tx: Connection) -> int:
    """How many entries have been given an index."""
    return tx.scalar(sa.select(log_state.c.sequenced).where(log_state.c.id == STATE_ID)) or 0


def newest_pending(tx: Connection) -> int | None:
    """The row's id of the newest entry that will get an index, None where there is none."""
    newest: int | None = tx.scalar(
        sa.select(log_entries.c.id)
        .where(_pending, _follows)
        .order_by(log_entries.c.id.desc())
        .limit(1)
    )
    return newest


def is_pending(tx: Connection, up_to: int) -> bool:
    """Whether an entry of the rows up to ``up_to`` has no index yet and will get one."""
    waiting = sa.exists().where(_pending, _follows, log_entries.c.id <= up_to)
    return bool(tx.scalar(sa.select(waiting)))


def pending_count(tx: Connection) -> int:
    """Entries that are committed and have no index yet."""
    return (
        tx.scalar(
            sa.select(sa.func.count()).select_from(log_entries).where(log_entries.c.idx.is_(None))
        )
        or 0
    )
