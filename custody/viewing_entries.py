"""The entry that goes with a grant: looked for before the grant opens anything."""

import json
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.cells import as_bytes
from custody.events import EventKind, actor_item, clip_item
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


def has_entry(
    tx: Connection,
    actor: Actor,
    kind: EventKind,
    grant_id: str,
    clip_id: str,
    opened_at: datetime,
    expires_at: datetime,
) -> bool:
    """Whether the entry of a grant is there, whole, and speaks of this actor, clip and end.

    ``kind`` is ``clip.opened`` or ``clip.downloaded``, which stand on the clip, or
    ``clips.listed``, which stands on the actor and names its clips in the details.
    """
    item = actor_item(actor) if kind is EventKind.CLIPS_LISTED else clip_item(clip_id)
    table = log_entries
    newest = _newest(item)
    rows = tx.execute(
        sa.select(table.c.entry, table.c.leaf_hash, table.c.salt, table.c.details).where(
            table.c.item == item,
            table.c.item_seq > newest - ENTRIES_SEARCHED,
            table.c.kind == kind.value,
            table.c.actor_id == actor.id,
            table.c.at.between(opened_at - SLACK, opened_at + SLACK),
        )
    )
    for stored, leaf_hash, salt, details in rows:
        entry = _read(as_bytes(stored), as_bytes(leaf_hash))
        if (
            entry is not None
            and (entry.kind, entry.item, entry.actor.id) == (kind.value, item, actor.id)
            and entry.facts.get("grant") == grant_id
            and entry.facts.get("expires_at") == format_time(expires_at)
            and (kind is not EventKind.CLIPS_LISTED or _lists(entry, clip_id, salt, details))
        ):
            return True
    return False


def has_listed(tx: Connection, actor: Actor, query: str, since: datetime) -> bool:
    """Whether an entry says that ``actor`` read what ``query`` names, at ``since`` or later."""
    item = actor_item(actor)
    table = log_entries
    newest = _newest(item)
    rows = tx.execute(
        sa.select(table.c.entry, table.c.leaf_hash, table.c.salt, table.c.details).where(
            table.c.item == item,
            table.c.item_seq > newest - ENTRIES_SEARCHED,
            table.c.kind == EventKind.CLIPS_LISTED.value,
            table.c.actor_id == actor.id,
            table.c.at >= since,
        )
    )
    for stored, leaf_hash, salt, text in rows:
        entry = _read(as_bytes(stored), as_bytes(leaf_hash))
        if (
            entry is not None
            and (entry.kind, entry.item, entry.actor.id)
            == (EventKind.CLIPS_LISTED.value, item, actor.id)
            and entry.at >= since
            and _details(entry, salt, text).get("query") == query
        ):
            return True
    return False


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
