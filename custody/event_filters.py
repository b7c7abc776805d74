"""Which entries of the whole log are looked for, and how many there are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.tables import log_entries


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which entries; None asks nothing.

    From ``since`` on and before ``until``. ``sort`` is how their items begin (``clip``),
    ``other_sort`` how they do not. ``other_kinds`` are left out.
    """

    kind: str | None = None
    actor_ids: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    items: Collection[str] | None = None
    sort: str | None = None
    other_sort: str | None = None
    other_kinds: Collection[str] | None = None


EVERY_EVENT = EventFilter()


def event_conditions(wanted: EventFilter, *, pending: bool = False) -> list[sa.ColumnElement[bool]]:
    """``wanted`` as conditions on the log's rows: the numbered ones, or the ``pending``."""
    c = log_entries.c
    conditions: list[sa.ColumnElement[bool]] = [c.idx.is_(None) if pending else c.idx.is_not(None)]
    if wanted.kind is not None:
        conditions.append(c.kind == wanted.kind)
    if wanted.other_kinds is not None:
        conditions.append(c.kind.not_in(list(wanted.other_kinds)))
    if wanted.actor_ids is not None:
        conditions.append(c.actor_id.in_(list(wanted.actor_ids)))
    if wanted.since is not None:
        conditions.append(c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(c.at < wanted.until)
    if wanted.items is not None:
        conditions.append(c.item.in_(list(wanted.items)))
    if wanted.sort is not None:
        conditions.append(c.item.startswith(f"{wanted.sort}:", autoescape=True))
    if wanted.other_sort is not None:
        conditions.append(~c.item.startswith(f"{wanted.other_sort}:", autoescape=True))
    return conditions


def count_events(
    tx: Connection,
    wanted: EventFilter,
    limit: int | None = None,
    *,
    before: int | None = None,
    pending: bool = False,
) -> int:
    """How many numbered entries ``wanted`` finds (below index ``before``), or ``pending`` ones.

    With a ``limit`` it is ``limit`` + 1 where there are more.
    """
    found = sa.select(log_entries.c.idx).where(*event_conditions(wanted, pending=pending))
    if before is not None:
        found = found.where(log_entries.c.idx < before)
    if limit is not None:
        found = found.limit(limit + 1)
    return tx.scalar(sa.select(sa.func.count()).select_from(found.subquery())) or 0
