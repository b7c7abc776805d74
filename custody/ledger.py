"""The only writer of the log: appends entries inside the transaction of the change they speak of.

An appended entry is pending: it has its place in the history of its item, but no index in the log
yet (`custody.sequencer` gives it one after the commit). If appending fails, so does the change.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.clock import Clock
from custody.events import EventKind, is_item
from custody.log.entry import ActorSnapshot, Entry, Json, canonical_json, commit_details
from custody.log.merkle import hash_leaf
from custody.tables import log_entries

#: Bytes of the random key that hides the details behind their commitment.
SALT_BYTES = 32


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


# Statements are built once: their compiled form is found again without walking them anew.
_INSERT = sa.insert(log_entries)
_HEAD = (
    sa.select(log_entries.c.item_seq, log_entries.c.leaf_hash)
    .where(log_entries.c.item == sa.bindparam("wanted"))
    .order_by(log_entries.c.item_seq.desc())
    .limit(1)
)
_HEADS = """
    SELECT e.item, e.item_seq, e.leaf_hash
    FROM (SELECT wanted, (SELECT max(item_seq) FROM log_entries WHERE item = wanted) AS top
          FROM {source}) AS heads
    JOIN log_entries e ON e.item = heads.wanted AND e.item_seq = heads.top
"""
_HEADS_SQLITE = sa.text(
    _HEADS.format(source="(SELECT value AS wanted FROM json_each(:items)) AS items")
)
_HEADS_POSTGRESQL = sa.text(_HEADS.format(source="unnest(CAST(:items AS text[])) AS wanted"))
_LOCK = sa.text("SELECT pg_advisory_xact_lock(:key)")
_LOCKS = sa.text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")


class Ledger:
    """Appends to the log. Stateless but for its clock, so one serves all threads."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def append(self, tx: Connection, actor: Actor, event: Event) -> Appended:
        """Append one entry; it stands when ``tx`` commits and not otherwise.

        The item is held until then (PostgreSQL: an advisory lock; SQLite: the one writer), so its
        entries follow each other without a gap. Raises `EntryError` if facts or details can't be
        written canonically, `ValueError` for an item that is none.
        """
        _check_item(event.item)
        if tx.dialect.name == "postgresql":
            # A statement of its own: the head must be read in a snapshot taken after the lock.
            tx.execute(_LOCK, {"key": _lock_key(event.item)})
        head = tx.execute(_HEAD, {"wanted": event.item}).first()
        row = _build_row(
            actor,
            event,
            self._now(),
            0 if head is None else head[0] + 1,
            None if head is None else bytes(head[1]),
        )
        tx.execute(_INSERT, row)
        return Appended(event.item, row["item_seq"], row["leaf_hash"])

    def append_many(self, tx: Connection, actor: Actor, events: Iterable[Event]) -> list[Appended]:
        """Append several entries, in their order, with three statements however many they are.

        Their items are locked in one fixed order, so that two such calls can't wait for each other.
        Meant for up to a thousand items at once: PostgreSQL keeps a lock for each. Raises as
        `append` does.
        """
        wanted = list(events)
        if not wanted:
            return []
        items = sorted({event.item for event in wanted})
        for item in items:
            _check_item(item)
        if tx.dialect.name == "postgresql":
            tx.execute(_LOCKS, {"keys": sorted({_lock_key(item) for item in items})})
            found = tx.execute(_HEADS_POSTGRESQL, {"items": items})
        else:
            found = tx.execute(_HEADS_SQLITE, {"items": json.dumps(items)})
        heads: dict[str, tuple[int, bytes]] = {row[0]: (row[1], bytes(row[2])) for row in found}
        now = self._now()
        rows = []
        for event in wanted:
            head = heads.get(event.item)
            row = _build_row(
                actor,
                event,
                now,
                0 if head is None else head[0] + 1,
                None if head is None else head[1],
            )
            heads[event.item] = (row["item_seq"], row["leaf_hash"])
            rows.append(row)
        tx.execute(_INSERT, rows)
        return [Appended(row["item"], row["item_seq"], row["leaf_hash"]) for row in rows]

    def _now(self) -> datetime:
        """The time in the precision of an entry, so that row and entry say the same."""
        now = self.clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _build_row(
    actor: Actor, event: Event, at: datetime, item_seq: int, previous: bytes | None
) -> dict[str, Any]:
    details = dict(event.details)
    if actor.name:
        details["actor_name"] = actor.name
    salt = secrets.token_bytes(SALT_BYTES) if details else None
    entry = Entry(
        kind=event.kind.value,
        item=event.item,
        item_seq=item_seq,
        item_prev=None if previous is None else previous.hex(),
        at=at,
        actor=ActorSnapshot(actor.id, actor.role.value, actor.via.value, actor.origin),
        outcome=event.outcome,
        facts=event.facts,
        commitment=None if salt is None else commit_details(details, salt),
    ).encode()
    return {
        "leaf_hash": hash_leaf(entry),
        "entry": entry,
        "kind": event.kind.value,
        "item": event.item,
        "item_seq": item_seq,
        "actor_id": actor.id,
        "at": at,
        "salt": salt,
        "details": canonical_json(details).decode() if details else None,
    }


def _check_item(item: str) -> None:
    if not is_item(item):
        raise ValueError(f"not an item of the log: {item!r}")


def _lock_key(item: str) -> int:
    """PostgreSQL's advisory locks take a 64-bit number; two items sharing one only wait longer."""
    digest = hashlib.blake2b(item.encode(), digest_size=8, person=b"liuhen item").digest()
    return int.from_bytes(digest, "big", signed=True)
