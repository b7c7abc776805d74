"""The only writer of the log: appends entries inside the transaction of the change they speak of.

An appended entry is pending: it has its place in the history of its item, but no index in the log
yet (`custody.publishing.sequencer` gives it one after the commit). If appending fails, so does
the change.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.clock import Clock
from custody.events import EventKind, is_item
from custody.log.entry import ActorSnapshot, Entry, Json, canonical_json, commit_canonical
from custody.log.merkle import hash_leaf
from custody.log_rows import Head, NewRow, log_rows

#: Bytes of the random key that hides the details behind their commitment.
SALT_BYTES = 32
#: Stands for the address of somebody who has none (a pipe, a socket of the file system).
UNKNOWN_ORIGIN = "unknown"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to an item.

    ``facts`` stand in the entry for ever and hold nothing personal; of ``details`` the entry holds
    a salted commitment only. ``outcome`` is ``ok``, ``denied`` or ``failed``.
    """

    kind: EventKind
    item: str
    facts: Mapping[str, Json] = field(default_factory=dict)
    details: Mapping[str, Json] = field(default_factory=dict)
    outcome: str = "ok"


@dataclass(frozen=True, slots=True)
class Appended:
    """Where an entry stands in its item's history; ``item_seq`` counts from 0."""

    item: str
    item_seq: int
    leaf_hash: bytes


class Ledger:
    """Appends to the log. Stateless but for its clock, so one serves all threads."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def append(self, tx: Connection, actor: Actor, event: Event) -> Appended:
        """Append one entry; it stands when ``tx`` commits and not otherwise.

        The item is held until then (PostgreSQL: an advisory lock; SQLite: the one writer), so its
        entries follow each other without a gap. Raises `EntryError` if facts or details can't be
        written canonically, `ValueError` for an item that is none, and `EntryLostError` if the
        database takes the row and keeps none of it.
        """
        return self.append_many(tx, actor, (event,))[0]

    def append_many(self, tx: Connection, actor: Actor, events: Iterable[Event]) -> list[Appended]:
        """Append several entries, in their order, with a handful of statements.

        Their items are locked in one fixed order, so that two such calls can't wait for each other.
        Meant for up to a thousand items at once: PostgreSQL keeps a lock for each. Raises as
        `append` does.
        """
        wanted = list(events)
        if not wanted:
            return []
        items = sorted({event.item for event in wanted})
        for item in items:
            if not is_item(item):
                raise ValueError(f"not an item of the log: {item!r}")
        rows = log_rows(tx)
        if len(wanted) == 1:
            head = rows.hold_one(items[0])
            new = self._follow_up({} if head is None else {items[0]: head}, actor, wanted)
            if rows.insert_unless_taken(new[0]):
                return [Appended(items[0], new[0].item_seq, new[0].leaf_hash)]
            # Another writer committed after we had looked and before we held the item. Or something
            # swallowed the row, and will the next one too, which `insert` does not take for done.
        new = self._follow_up(rows.hold(items), actor, wanted)
        rows.insert(new)
        return [Appended(row.item, row.item_seq, row.leaf_hash) for row in new]

    def _follow_up(
        self, heads: dict[str, Head], actor: Actor, events: Sequence[Event]
    ) -> list[NewRow]:
        """A row for each event, behind the last entry of its item; ``heads`` moves on."""
        now = self._now()
        rows = []
        for event in events:
            row = build_row(actor, event, now, heads.get(event.item))
            heads[event.item] = (row.item_seq, row.leaf_hash)
            rows.append(row)
        return rows

    def _now(self) -> datetime:
        """The time in the precision of an entry, so that row and entry say the same."""
        now = self.clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


def build_row(actor: Actor, event: Event, at: datetime, head: Head | None) -> NewRow:
    """The row of ``event``, which follows the entry ``head`` of its item. Raises `EntryError`."""
    details = dict(event.details)
    if actor.name:
        details["actor_name"] = actor.name
    written = canonical_json(details)
    salt = secrets.token_bytes(SALT_BYTES) if details else None
    item_seq = 0 if head is None else head[0] + 1
    entry = Entry(
        kind=event.kind.value,
        item=event.item,
        item_seq=item_seq,
        item_prev=None if head is None else head[1].hex(),
        at=at,
        actor=ActorSnapshot(
            actor.id, actor.role.value, actor.via.value, actor.origin or UNKNOWN_ORIGIN
        ),
        outcome=event.outcome,
        facts=event.facts,
        commitment=None if salt is None else commit_canonical(written, salt),
    ).encode()
    return NewRow(
        leaf_hash=hash_leaf(entry),
        entry=entry,
        kind=event.kind.value,
        item=event.item,
        item_seq=item_seq,
        actor_id=actor.id,
        at=at,
        salt=salt,
        details=written.decode() if details else None,
    )
