"""One row of the log as an event that people read, and how far it can be believed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.engine import Connection, RowMapping

from custody.cells import Misfit, as_bytes, as_text, is_readable, read_row
from custody.details.explained import Explanation, Explanations
from custody.details.logged import explanations_at
from custody.log.entry import Entry, Json, commit_details
from custody.log.errors import LogError
from custody.log.merkle import hash_leaf
from custody.tables import log_entries

DESTROYED_AT, DESTROYED_UNDER = "details_destroyed_at", "details_destroyed_under"


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One event. ``idx`` is its place in the log, None while it is pending.

    ``published``: covered by a checkpoint that is out. ``intact``: the stored bytes are the entry
    that was appended and the details those it commits to; where it is False, the rest is what the
    row claims, or the epoch, zero, nothing where it holds no such thing. ``details`` and what is
    read from them are empty where the row holds others than the entry commits to. ``gone`` says why
    there are none where they were destroyed on their legal date.
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
    gone: Explanation | None = None


def to_events(tx: Connection, rows: Iterable[RowMapping]) -> list[HistoryEvent]:
    """Raw rows of the log, each with its ``published_size``, as events.

    Where rows say that their details were destroyed, the entries that they name are looked up.
    """
    read = [(row, read_row(log_entries, row)) for row in rows]
    said = {as_text(cells[DESTROYED_UNDER]) for _, cells in read if cells[DESTROYED_UNDER]}
    explanations = explanations_at(tx, said) if said else Explanations()
    return [_to_event(row, cells, explanations) for row, cells in read]


def _to_event(
    row: RowMapping, cells: Mapping[str, Any], explanations: Explanations
) -> HistoryEvent:
    stored, leaf_hash = as_bytes(cells["entry"]), as_bytes(cells["leaf_hash"])
    details, readable = _read_details(cells["details"])
    try:
        entry: Entry | None = Entry.decode(stored)
    except LogError:
        entry = None  # the row was tampered with; `intact` says so
    gone = None if entry is None else _gone(entry, cells, explanations)
    agree = readable and entry is not None and _agrees(entry, details, cells["salt"])
    if not agree:
        details = {}  # somebody else's words
    intact = (
        (agree or gone is not None)
        and entry is not None
        and not any(isinstance(cell, Misfit) for cell in cells.values())
        and hash_leaf(stored) == leaf_hash
        and (entry.kind, entry.item, entry.item_seq)
        == (cells["kind"], cells["item"], cells["item_seq"])
        # Where no entry says that they were destroyed: a row alone is not believed.
        and (gone is not None or (cells[DESTROYED_AT], cells[DESTROYED_UNDER]) == (None, None))
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
        gone=gone,
    )


def _gone(entry: Entry, cells: Mapping[str, Any], explanations: Explanations) -> Explanation | None:
    """What explains that a row has neither details nor salt, if it says the same of them."""
    idx = cells["idx"]
    if entry.commitment is None or not isinstance(idx, int):
        return None
    found = explanations.explained(idx, entry.kind, entry.at)
    if found is None or (cells["details"], cells["salt"]) != (None, None):
        return None
    said = (cells[DESTROYED_AT], cells[DESTROYED_UNDER])
    return found if said == (found.at, str(found.item_seq)) else None


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
