"""What happened: the entries of an item, or the newest of all, made readable."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import raw_columns
from custody.event_filters import EVERY_EVENT, EventFilter, event_conditions
from custody.events import EventKind, clip_item
from custody.history_events import HistoryEvent, to_events
from custody.tables import checkpoints, log_entries

__all__ = [
    "MAX_EVENTS",
    "MAX_LISTED_EVENTS",
    "HistoryEvent",
    "condemned_by",
    "events_at",
    "events_of",
    "failed",
    "find_event",
    "find_item_event",
    "held",
    "histories_of",
    "history_of",
    "is_condemned",
    "newest_events",
    "pending_events",
]

#: Of an item with more events than this, the newest are given.
MAX_EVENTS = 1000
#: The same in lists of many items.
MAX_LISTED_EVENTS = 100


_PUBLISHED = sa.select(sa.func.max(checkpoints.c.size)).scalar_subquery().label("published_size")


def history_of(tx: Connection, item: str, limit: int = MAX_EVENTS) -> list[HistoryEvent]:
    """The events of one item in their order; the newest ``limit`` if there are more.

    Before those stands the verification since which the item fails, however long ago that was.
    """
    rows = tx.execute(
        _select(tx)
        .where(log_entries.c.item == item)
        .order_by(log_entries.c.item_seq.desc())
        .limit(limit)
    ).mappings()
    found = {item: to_events(tx, reversed(rows.all()))}
    _add_standing_failures(tx, found, limit)
    return found[item]


def histories_of(
    tx: Connection, items: Iterable[str], limit: int = MAX_LISTED_EVENTS
) -> dict[str, list[HistoryEvent]]:
    """The newest ``limit`` events of each item, as `history_of`, in one query or two."""
    found: dict[str, list[HistoryEvent]] = {item: [] for item in items}
    place = sa.func.row_number().over(
        partition_by=log_entries.c.item, order_by=log_entries.c.item_seq.desc()
    )
    ranked = (
        sa.select(*raw_columns(tx, log_entries), place.label("place"))
        .where(log_entries.c.item.in_(list(found)))
        .subquery()
    )
    rows = tx.execute(
        sa.select(ranked, _PUBLISHED)
        .where(ranked.c.place <= limit)
        .order_by(ranked.c.item, ranked.c.item_seq)
    )
    for event in to_events(tx, rows.mappings()):
        found[event.item].append(event)
    _add_standing_failures(tx, found, limit)
    return found


def events_at(
    tx: Connection, places: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], HistoryEvent]:
    """The events at these places in the histories of their items (item, item_seq), in one query."""
    wanted = sorted(set(places))
    if not wanted:
        return {}
    place = sa.tuple_(log_entries.c.item, log_entries.c.item_seq)
    events = to_events(tx, tx.execute(_select(tx).where(place.in_(wanted))).mappings())
    return {(event.item, event.item_seq): event for event in events}


def events_of(tx: Connection, item: str, kinds: Iterable[EventKind]) -> list[HistoryEvent]:
    """The events of one item that are of these kinds, in their order."""
    wanted = [kind.value for kind in kinds]
    rows = tx.execute(
        _select(tx)
        .where(log_entries.c.item == item, log_entries.c.kind.in_(wanted))
        .order_by(log_entries.c.item_seq)
    )
    return to_events(tx, rows.mappings())


def held(event: HistoryEvent) -> bool:
    """Whether ``event`` is a verification that read everything and found nothing."""
    is_run = event.kind == EventKind.VERIFICATION_RUN
    return is_run and event.outcome == "ok" and not event.facts.get("unchecked")


def failed(event: HistoryEvent) -> bool:
    """Whether ``event`` is a verification that found something; one that could not read did not."""
    is_run = event.kind == EventKind.VERIFICATION_RUN
    return is_run and not held(event) and event.facts.get("findings") != 0


def is_condemned(tx: Connection, clip_id: str) -> bool:
    """Whether the newest word on a clip's original is that it is not what was admitted."""
    return condemned_by(tx, clip_id) is not None


def condemned_by(tx: Connection, clip_id: str) -> int | None:
    """The place in its history where a clip's original is said not to be what was admitted.

    So says a verification that found more than a wrong rendition. One that held since, or bytes
    that came again and were read back (`CLIP_RESTORED`), take it back: then, and before, None. An
    entry that was altered takes nothing back: what it said, nobody knows.
    """
    kinds = (EventKind.VERIFICATION_RUN, EventKind.CLIP_RESTORED)
    for event in reversed(events_of(tx, clip_item(clip_id), kinds)):
        if not event.intact:
            return event.item_seq
        if held(event) or event.kind == EventKind.CLIP_RESTORED:
            return None
        if failed(event) and event.facts.get("original_held") is not True:
            return event.item_seq
    return None


def newest_events(
    tx: Connection,
    wanted: EventFilter = EVERY_EVENT,
    *,
    before: int | None = None,
    limit: int = 50,
) -> list[HistoryEvent]:
    """Numbered events of the whole log, the newest first, from below index ``before`` on."""
    places = sa.select(log_entries.c.idx).where(*event_conditions(wanted))
    if before is not None:
        places = places.where(log_entries.c.idx < before)
    # The places alone first: an index has all that is asked of them, and the rows are wide.
    page = places.order_by(log_entries.c.idx.desc()).limit(limit).subquery()
    query = _select(tx).where(log_entries.c.idx.in_(sa.select(page.c.idx)))
    rows = tx.execute(query.order_by(log_entries.c.idx.desc())).mappings()
    return to_events(tx, rows)


def pending_events(tx: Connection, wanted: EventFilter, limit: int) -> list[HistoryEvent]:
    """The newest entries that have no index yet; what came last was appended last."""
    c = log_entries.c
    newest = sa.select(c.item, c.item_seq).where(*event_conditions(wanted, pending=True))
    rows = tx.execute(newest.order_by(c.id.desc()).limit(limit)).all()
    places = [(str(row.item), int(row.item_seq)) for row in rows]
    found = events_at(tx, places)
    return [found[place] for place in places if place in found]


def find_event(tx: Connection, idx: int) -> HistoryEvent | None:
    """The event at one index of the log."""
    rows = tx.execute(_select(tx).where(log_entries.c.idx == idx).limit(2)).mappings().all()
    if not rows:
        return None
    event = to_events(tx, rows[:1])[0]
    # Two at one index, where somebody took the key away: which was published, a page can't tell.
    return event if len(rows) == 1 else replace(event, intact=False)


def find_item_event(tx: Connection, item: str, item_seq: int) -> HistoryEvent | None:
    """The event of an item at one place of its own history."""
    return events_at(tx, [(item, item_seq)]).get((item, item_seq))


def _add_standing_failures(
    tx: Connection, found: Mapping[str, list[HistoryEvent]], limit: int
) -> None:
    """Put before the newest events of an item the first failed run of those since the last held."""
    cut = {
        item: events[0].item_seq
        for item, events in found.items()
        if len(events) >= limit and events and not any(held(event) for event in events)
    }
    if not cut:
        return
    # Said in the statement, not bound: only then an engine takes the index of these few.
    runs: sa.BindParameter[str] = sa.bindparam(
        "runs", EventKind.VERIFICATION_RUN.value, literal_execute=True
    )
    rows = tx.execute(
        _select(tx)
        .where(log_entries.c.kind == runs, log_entries.c.item.in_(list(cut)))
        .order_by(log_entries.c.item, log_entries.c.item_seq.desc())
    )
    first: dict[str, HistoryEvent] = {}
    for row in rows.mappings():
        before = cut.get(row["item"])
        if before is None:
            continue  # settled by a run after this one
        [event] = to_events(tx, [row])
        if event.item_seq >= before:
            continue
        if held(event):
            del cut[event.item]
        elif failed(event):
            first[event.item] = event
    for item, event in first.items():
        found[item].insert(0, event)


def _select(tx: Connection) -> sa.Select[Any]:
    return sa.select(*raw_columns(tx, log_entries), _PUBLISHED)
