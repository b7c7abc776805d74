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
from sqlalchemy.exc import DBAPIError

from custody.actors import Actor
from custody.clock import Clock
from custody.events import EventKind, is_item
from custody.log.entry import ActorSnapshot, Entry, Json, canonical_json, commit_canonical
from custody.log.merkle import hash_leaf
from custody.tables import log_entries

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


# `inline`: the row's id is asked back by nobody.
_INSERT = sa.insert(log_entries).inline()
# In the driver's own words, for speed: `{}` is where a value goes.
_HEAD = """
    SELECT item, item_seq, leaf_hash FROM log_entries
    WHERE item = {} ORDER BY item_seq DESC LIMIT 1
"""
_HEAD_SQLITE = _HEAD.format("?")
_HEAD_POSTGRESQL = _HEAD.format("%s")
_HEADS_SQLITE = """
    SELECT e.item, e.item_seq, e.leaf_hash
    FROM (SELECT value AS wanted, (SELECT max(item_seq) FROM log_entries WHERE item = value) AS top
          FROM json_each(?)) AS heads
    JOIN log_entries e ON e.item = heads.wanted AND e.item_seq = heads.top
"""
# LATERAL with LIMIT leaves the planner one way, down the index, however stale its statistics are.
_HEADS_POSTGRESQL = """
    SELECT head.item, head.item_seq, head.leaf_hash
    FROM unnest(%s::text[]) AS wanted
    CROSS JOIN LATERAL (
        SELECT item, item_seq, leaf_hash FROM log_entries
        WHERE item = wanted ORDER BY item_seq DESC LIMIT 1
    ) AS head
"""
_LOCK_POSTGRESQL = "SELECT pg_advisory_xact_lock(%s)"
_LOCKS_POSTGRESQL = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"


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
        return self.append_many(tx, actor, (event,))[0]

    def append_many(self, tx: Connection, actor: Actor, events: Iterable[Event]) -> list[Appended]:
        """Append several entries, in their order, with three statements at most.

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
        heads = _hold(tx, items)
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
        tx.execute(_INSERT, rows if len(rows) > 1 else rows[0])
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
    written = canonical_json(details)
    salt = secrets.token_bytes(SALT_BYTES) if details else None
    entry = Entry(
        kind=event.kind.value,
        item=event.item,
        item_seq=item_seq,
        item_prev=None if previous is None else previous.hex(),
        at=at,
        actor=ActorSnapshot(
            actor.id, actor.role.value, actor.via.value, actor.origin or UNKNOWN_ORIGIN
        ),
        outcome=event.outcome,
        facts=event.facts,
        commitment=None if salt is None else commit_canonical(written, salt),
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
        "details": written.decode() if details else None,
    }


def _hold(tx: Connection, items: list[str]) -> dict[str, tuple[int, bytes]]:
    """Keep others from appending to ``items`` until ``tx`` ends; the last entry of each."""
    rows: Iterable[Any]
    if tx.dialect.name == "postgresql":
        rows = _hold_on_postgresql(tx, items)
    elif len(items) == 1:  # BEGIN IMMEDIATE made this the one writer already
        rows = tx.exec_driver_sql(_HEAD_SQLITE, (items[0],))
    else:
        rows = tx.exec_driver_sql(_HEADS_SQLITE, (json.dumps(items),))
    return {item: (item_seq, bytes(leaf_hash)) for item, item_seq, leaf_hash in rows}


def _hold_on_postgresql(tx: Connection, items: list[str]) -> Iterable[Any]:
    """Lock, then read, in one round trip.

    They are statements of their own: the heads must be read in a snapshot taken after the locks
    are held. The driver's pipeline sends both at once, which halves what an append waits.
    """
    import psycopg  # noqa: PLC0415 - not needed where rows are in SQLite

    keys = sorted(map(_lock_key, items))
    connection = tx.connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError(f"rows on PostgreSQL are reached through psycopg, not {connection!r}")
    try:
        with connection.pipeline():
            if len(items) == 1:
                connection.execute(_LOCK_POSTGRESQL, (keys[0],))
                heads = connection.execute(_HEAD_POSTGRESQL, (items[0],))
            else:
                connection.execute(_LOCKS_POSTGRESQL, (keys,))
                heads = connection.execute(_HEADS_POSTGRESQL, (items,))
        return heads.fetchall()
    except psycopg.Error as error:  # what SQLAlchemy would have made of it
        raise DBAPIError.instance(_LOCK_POSTGRESQL, None, error, psycopg.Error) from error


def _lock_key(item: str) -> int:
    """PostgreSQL's advisory locks take a 64-bit number; two items sharing one only wait longer."""
    digest = hashlib.blake2b(item.encode(), digest_size=8, person=b"liuhen item").digest()
    return int.from_bytes(digest, "big", signed=True)
