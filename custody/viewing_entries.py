"""The entries that go with a grant or a session: looked for before a row of theirs is believed."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.cells import as_bytes
from custody.events import LOG_ITEM, EventKind, actor_item, clip_item
from custody.log.canonical import format_time
from custody.log.entry import Entry, commit_details
from custody.log.errors import LogError
from custody.log.merkle import hash_leaf
from custody.tables import log_entries

#: How far back in an item's history the entry of a standing grant is looked for; nobody opens a
#: clip or turns a page this often before a grant ends.
ENTRIES_SEARCHED = 5000
#: Grant and entry are written in one transaction, each with a look at the clock of its own.
SLACK = timedelta(minutes=1)


def find_opening(
    tx: Connection,
    actor: Actor,
    kind: EventKind,
    grant_id: str,
    clip_id: str,
    opened_at: datetime,
    expires_at: datetime,
) -> int | None:
    """The place, in its item's history, of the entry of a grant, if it is there, whole, and speaks
    of this actor, clip and end; else None.

    ``kind`` is ``clip.opened`` or ``clip.downloaded``, which stand on the clip, or
    ``clips.listed``, which stands on the actor and names its clips in the details.
    """
    item = actor_item(actor) if kind is EventKind.CLIPS_LISTED else clip_item(clip_id)
    at = log_entries.c.at.between(opened_at - SLACK, opened_at + SLACK)
    for entry, salt, details in _entries(tx, item, kind, log_entries.c.actor_id == actor.id, at):
        if (
            entry is not None
            and entry.actor.id == actor.id
            and entry.facts.get("grant") == grant_id
            and entry.facts.get("expires_at") == format_time(expires_at)
            and (kind is not EventKind.CLIPS_LISTED or _lists(entry, clip_id, salt, details))
        ):
            return entry.item_seq
    return None


def has_ended(tx: Connection, grant_id: str, clip_id: str, opened: int) -> bool:
    """Whether an entry says that the viewing or download ended which was opened at ``opened`` in
    its clip's history. One that was altered since then may have said so, and counts as if it had.
    """
    item, kind = clip_item(clip_id), EventKind.CLIP_VIEWED
    since = log_entries.c.item_seq > opened
    return any(
        entry is None or entry.facts.get("grant") == grant_id
        for entry, _, _ in _entries(tx, item, kind, since)
    )


def has_read_log(tx: Connection, actor: Actor, since: datetime, now: datetime) -> bool:
    """Whether an entry says that ``actor`` read the log as it comes, from ``since`` until ``now``.

    What lies after ``now`` was not appended by a clock of ours.
    """
    kind, at = EventKind.LOG_READ, log_entries.c.at.between(since, now)
    by_actor = log_entries.c.actor_id == actor.id
    return any(
        entry is not None
        and entry.actor.id == actor.id
        and since <= entry.at <= now
        and _details(entry, salt, text).keys() <= {"actor_name"}
        for entry, salt, text in _entries(tx, LOG_ITEM, kind, by_actor, at)
    )


def has_listed(tx: Connection, actor: Actor, query: str, since: datetime) -> bool:
    """Whether an entry says that ``actor`` read what ``query`` names, at ``since`` or later."""
    item, kind, at = actor_item(actor), EventKind.CLIPS_LISTED, log_entries.c.at >= since
    return any(
        entry is not None
        and entry.actor.id == actor.id
        and entry.at >= since
        and _details(entry, salt, text).get("query") == query
        for entry, salt, text in _entries(tx, item, kind, log_entries.c.actor_id == actor.id, at)
    )


def _entries(
    tx: Connection, item: str, kind: EventKind, *conditions: sa.ColumnElement[bool]
) -> Iterator[tuple[Entry | None, bytes | None, str | None]]:
    """Of the newest entries of ``item`` those of this kind, each with its salt and details; None
    where the row no longer holds what was appended, or what it holds is of another item or kind.
    """
    table = log_entries
    rows = tx.execute(
        sa.select(table.c.entry, table.c.leaf_hash, table.c.salt, table.c.details).where(
            table.c.item == item,
            table.c.item_seq > _newest(item) - ENTRIES_SEARCHED,
            table.c.kind == kind.value,
            *conditions,
        )
    )
    for stored, leaf_hash, salt, details in rows:
        entry = _read(as_bytes(stored), as_bytes(leaf_hash))
        whole = entry is not None and (entry.kind, entry.item) == (kind.value, item)
        yield entry if whole else None, salt, details


def _newest(item: str) -> sa.ScalarSelect[int]:
    """The place of an item's newest entry. One below zero is none, and no engine could count back
    from the lowest there is."""
    c = log_entries.c
    return (
        sa.select(sa.func.max(c.item_seq)).where(c.item == item, c.item_seq >= 0).scalar_subquery()
    )


def _read(stored: bytes, leaf_hash: bytes) -> Entry | None:
    """The entry if the row still holds what was appended."""
    try:
        return Entry.decode(stored) if hash_leaf(stored) == leaf_hash else None
    except LogError:
        return None


def _lists(entry: Entry, clip_id: str, salt: bytes | None, text: str | None) -> bool:
    """Whether the details that ``entry`` commits to name the clip."""
    listed = _details(entry, salt, text).get("clips")
    return isinstance(listed, list) and clip_id in listed


def _details(entry: Entry, salt: bytes | None, text: str | None) -> dict[str, Any]:
    """The details that ``entry`` commits to; empty where the row holds others."""
    try:
        details: Any = json.loads(text or "null")
        agrees = (
            isinstance(details, dict)
            and commit_details(details, as_bytes(salt)) == entry.commitment
        )
    except (LogError, RecursionError, TypeError, ValueError):
        return {}
    return details if agrees else {}
