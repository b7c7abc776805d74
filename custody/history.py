"""What happened: the entries of an item, or the newest of all, made readable."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from custody.cells import Misfit, as_bytes, as_text, is_readable, raw_columns, read_row
from custody.event_filters import EVERY_EVENT, EventFilter, event_conditions
from custody.events import EventKind, clip_item
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
    row claims, or the epoch, zero, nothing where it holds no such thing. ``details`` and what is
    read from them are empty where the row holds others than the entry commits to.
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
    leaf_hash: str
    published: bool
    intact: bool


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
    found = {item: [_to_event(row) for row in reversed(rows.all())]}
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
    for row in rows.mappings():
        found[row["item"]].append(_to_event(row))
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
    events = map(_to_event, tx.execute(_select(tx).where(place.in_(wanted))).mappings())
    return {(event.item, event.item_seq): event for event in events}


def events_of(tx: Connection, item: str, kinds: Iterable[EventKind]) -> list[HistoryEvent]:
    """The events of one item that are of these kinds, in their order."""
    wanted = [kind.value for kind in kinds]
    rows = tx.execute(
        _select(tx)
        .where(log_entries.c.item == item, log_entries.c.kind.in_(wanted))
        .order_by(log_entries.c.item_seq)
    )
    return [_to_event(row) for row in rows.mappings()]


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
    return [_to_event(row) for row in rows]


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
    event = _to_event(rows[0])
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
        event = _to_event(row)
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


def _to_event(row: RowMapping) -> HistoryEvent:
    cells = read_row(log_entries, row)
    stored, leaf_hash = as_bytes(cells["entry"]), as_bytes(cells["leaf_hash"])
    details, readable = _read_details(cells["details"])
    try:
        entry: Entry | None = Entry.decode(stored)
    except LogError:
        entry = None  # the row was tampered with; `intact` says so
    agree = readable and entry is not None and _agrees(entry, details, cells["salt"])
    if not agree:
        details = {}  # somebody else's words
    intact = (
        agree
        and entry is not None
        and not any(isinstance(cell, Misfit) for cell in cells.values())
        and hash_leaf(stored) == leaf_hash
        and (entry.kind, entry.item, entry.item_seq)
        == (cells["kind"], cells["item"], cells["item_seq"])
        # Nothing destroys details yet, and no entry says so: a row alone is not believed.
        and (cells["details_destroyed_at"], cells["details_destroyed_under"]) == (None, None)
    )
    name = details.get("actor_name", "")
    idx = None if isinstance(cells["idx"], Misfit) else cells["idx"]
    return HistoryEvent(
        item=as_text(cells["item"]),
        item_seq=0 if isinstance(cells["item_seq"], Misfit) else cells["item_seq"],
        idx=idx,
        kind=as_text(cells["kind"]),
        at=_time(cells["at"]) if entry is None else entry.at,
        actor_id=as_text(cells["actor_id"]) if entry is None else entry.actor.id,
        actor_name=name if isinstance(name, str) and is_readable(name) else "",
        role="" if entry is None else entry.actor.role,
        via="" if entry is None else entry.actor.via,
        origin="" if entry is None else entry.actor.origin,
        outcome="failed" if entry is None else entry.outcome,
        facts={} if entry is None else dict(entry.facts),
        details=details,
        leaf_hash=leaf_hash.hex(),
        published=idx is not None and idx < (row["published_size"] or 0),
        intact=intact,
    )


def _time(cell: object) -> datetime:
    return cell if isinstance(cell, datetime) else datetime.fromtimestamp(0, UTC)


def _read_details(text: str | Misfit | None) -> tuple[dict[str, Json], bool]:
    if text is None:
        return {}, True
    if isinstance(text, Misfit):
        return {}, False
    try:
        details = json.loads(text) if is_readable(text) else None
        # An escape can hide half a character, which no page takes.
        if "\\u" in text and not is_readable(json.dumps(details, ensure_ascii=False)):
            return {}, False
    except (ValueError, RecursionError):
        return {}, False
    return (details, True) if isinstance(details, dict) else ({}, False)


def _agrees(entry: Entry, details: dict[str, Json], salt: bytes | Misfit | None) -> bool:
    """Whether ``details`` are those the entry commits to."""
    if entry.commitment is None:
        return not details and salt is None
    if salt is None or isinstance(salt, Misfit):
        return False
    try:
        return commit_details(details, bytes(salt)) == entry.commitment
    except LogError:
        return False
