"""What the rows of the log say of its keys: the entries that announce and retire them.

Nothing here is proven: that the rows are in the published tree a verification finds. An entry that
no trusted key has signed counts for nothing wherever it comes from (`custody.log.key_history`).
"""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import as_bytes
from custody.events import EventKind
from custody.log.entry import Entry
from custody.log.errors import KeyEntryError, LogError
from custody.log.key_entries import KeySet, read_key_entry
from custody.log.key_history import KeyHistory, follow_keys
from custody.log.note import NoteVerifier
from custody.tables import log_entries

KEY_KINDS = (EventKind.KEY_ANNOUNCED,)
_NAMES = tuple(kind.value for kind in KEY_KINDS)


def read_key_history(
    tx: Connection, first: NoteVerifier, *, below: int | None = None
) -> KeyHistory:
    """The log's keys by its numbered entries (with ``below``: those in a tree of that size)."""
    return follow_keys(first, _entries(tx, below))


def is_announced(tx: Connection, keys: KeySet) -> bool:
    """Whether an entry, numbered or pending, announces the log's first ``keys``, signed by them."""
    for entry in _announcements(tx):
        try:
            stated = read_key_entry(entry, keys.log.name)
            stated.verify(keys.log, keys.ml_dsa)
        except KeyEntryError:
            continue
        if stated.keys == keys:
            return True
    return False


def has_second_key(tx: Connection) -> bool:
    """Whether an entry, numbered or pending, names an ML-DSA-44 key, whoever signed it."""
    return any("log_key_ml_dsa" in entry.facts for entry in _announcements(tx))


def _announcements(tx: Connection) -> list[Entry]:
    statement = sa.select(log_entries.c.entry).where(
        log_entries.c.kind == EventKind.KEY_ANNOUNCED.value
    )
    return [entry for entry in map(_decode, tx.scalars(statement).all()) if entry is not None]


def _decode(data: object) -> Entry | None:
    try:
        return Entry.decode(as_bytes(data))
    except LogError:
        return None  # a verification names it


def _entries(tx: Connection, below: int | None) -> Iterator[tuple[int, Entry]]:
    statement = sa.select(log_entries.c.idx, log_entries.c.entry).where(
        log_entries.c.kind.in_(_NAMES), log_entries.c.idx.is_not(None)
    )
    if below is not None:
        statement = statement.where(log_entries.c.idx < below)
    # All of them at once: there are a few in ten years.
    for index, data in tx.execute(statement.order_by(log_entries.c.idx)).all():
        if (entry := _decode(data)) is not None:
            yield index, entry
