"""What happened: the entries of an item, or the newest of all, made readable."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from custody.log.entry import Entry, Json, commit_details
from custody.log.errors import LogError
from custody.log.merkle import hash_leaf
from custody.tables import checkpoints, log_entries

#: Of an item with more events than this, the newest are given.
MAX_EVENTS = 1000
#: The same in lists of many items.
MAX_LISTED_EVENTS = 100


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One event. ``idx`` is its place in the log, None while it is pending.

    ``published``: covered by a checkpoint that is out. ``intact``: the stored bytes are the entry
    that was appended and the details those it commits to; where it is False, the rest is what the
    row claims. ``details`` is empty where they were destroyed (``details_destroyed``).
    """

    item: str
    item_seq: int
    idx: int | None
    kind: str
    at: datetime
    actor_id: str
    actor_name: str
    role: str
    via: str
    origin: str
    outcome: str
    facts: dict[str, Json]
    details: dict[str, Json]
    details_destroyed: bool
    leaf_hash: str
    published: bool
    intact: bool


_PUBLISHED = sa.select(sa.func.max(checkpoints.c.size)).scalar_subquery().label("published_size")


def history_of(tx: Connection, item: str, limit: int = MAX_EVENTS) -> list[HistoryEvent]:
    """The events of one item in their order; the newest ``limit`` if there are more."""
    rows = tx.execute(
        sa.select(log_entries, _PUBLISHED)
        .where(log_entries.c.item == item)
        .order_by(log_entries.c.item_seq.desc())
        .limit(limit)
    ).all()
    return [_to_event(row) for row in reversed(rows)]


def histories_of(
    tx: Connection, items: Iterable[str], limit: int = MAX_LISTED_EVENTS
) -> dict[str, list[HistoryEvent]]:
    """The newest ``limit`` events of each item, in their order, in one query."""
    found: dict[str, list[HistoryEvent]] = {item: [] for item in items}
    place = sa.func.row_number().over(
        partition_by=log_entries.c.item, order_by=log_entries.c.item_seq.desc()
    )
    ranked = (
        sa.select(log_entries, place.label("place"))
        .where(log_entries.c.item.in_(list(found)))
        .subquery()
    )
    rows = tx.execute(
        sa.select(ranked, _PUBLISHED)
        .where(ranked.c.place <= limit)
        .order_by(ranked.c.item, ranked.c.item_seq)
    )
    for row in rows:
        found[row.item].append(_to_event(row))
    return found


def events_at(
    tx: Connection, places: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], HistoryEvent]:
    """The events at these places in the histories of their items (item, item_seq), in one query."""
    wanted = sorted(set(places))
    if not wanted:
        return {}
    place = sa.tuple_(log_entries.c.item, log_entries.c.item_seq)
    rows = tx.execute(sa.select(log_entries, _PUBLISHED).where(place.in_(wanted)))
    return {(row.item, row.item_seq): _to_event(row) for row in rows}


def newest_events(
    tx: Connection,
    *,
    before: int | None = None,
    limit: int = 50,
    kind: str | None = None,
    actor_id: str | None = None,
) -> list[HistoryEvent]:
    """Numbered events of the whole log, the newest first, from below index ``before`` on."""
    query = sa.select(log_entries, _PUBLISHED).where(log_entries.c.idx.is_not(None))
    if before is not None:
        query = query.where(log_entries.c.idx < before)
    if kind is not None:
        query = query.where(log_entries.c.kind == kind)
    if actor_id is not None:
        query = query.where(log_entries.c.actor_id == actor_id)
    return [
        _to_event(row) for row in tx.execute(query.order_by(log_entries.c.idx.desc()).limit(limit))
    ]


def find_event(tx: Connection, idx: int) -> HistoryEvent | None:
    """The event at one index of the log."""
    row = tx.execute(
        sa.select(log_entries, _PUBLISHED).where(log_entries.c.idx == idx)
    ).one_or_none()
    return None if row is None else _to_event(row)


def find_item_event(tx: Connection, item: str, item_seq: int) -> HistoryEvent | None:
    """The event of an item at one place of its own history."""
    row = tx.execute(
        sa.select(log_entries, _PUBLISHED).where(
            log_entries.c.item == item, log_entries.c.item_seq == item_seq
        )
    ).one_or_none()
    return None if row is None else _to_event(row)


def _to_event(row: Row[Any]) -> HistoryEvent:
    stored = bytes(row.entry)
    details, readable = _read_details(row.details)
    try:
        entry: Entry | None = Entry.decode(stored)
    except LogError:
        entry = None  # the row was tampered with; `intact` says so
    intact = (
        readable
        and entry is not None
        and hash_leaf(stored) == bytes(row.leaf_hash)
        and (entry.kind, entry.item, entry.item_seq) == (row.kind, row.item, row.item_seq)
        and (row.details_destroyed_at is not None or _agrees(entry, details, row.salt))
    )
    name = details.get("actor_name", "")
    return HistoryEvent(
        item=row.item,
        item_seq=row.item_seq,
        idx=row.idx,
        kind=row.kind,
        at=row.at if entry is None else entry.at,
        actor_id=row.actor_id if entry is None else entry.actor.id,
        actor_name=name if isinstance(name, str) else "",
        role="" if entry is None else entry.actor.role,
        via="" if entry is None else entry.actor.via,
        origin="" if entry is None else entry.actor.origin,
        outcome="failed" if entry is None else entry.outcome,
        facts={} if entry is None else dict(entry.facts),
        details=details,
        details_destroyed=row.details_destroyed_at is not None,
        leaf_hash=bytes(row.leaf_hash).hex(),
        published=row.idx is not None and row.idx < (row.published_size or 0),
        intact=intact,
    )


def _read_details(text: str | None) -> tuple[dict[str, Json], bool]:
    if text is None:
        return {}, True
    try:
        details = json.loads(text)
    except ValueError:
        return {}, False
    return (details, True) if isinstance(details, dict) else ({}, False)


def _agrees(entry: Entry, details: dict[str, Json], salt: bytes | None) -> bool:
    """Whether ``details`` are those the entry commits to."""
    if entry.commitment is None:
        return not details and salt is None
    if salt is None:
        return False
    try:
        return commit_details(details, bytes(salt)) == entry.commitment
    except LogError:
        return False
