"""What the rows of the log say of its keys: the entries that announce and retire them.

Nothing here is proven: that the rows are in the published tree a verification finds. An entry that
no trusted key has signed counts for nothing wherever it comes from (`custody.log.key_history`).
"""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import as_bytes, raw
from custody.events import EventKind
from custody.log.entry import Entry
from custody.log.errors import KeyEntryError, LogError
from custody.log.key_entries import ANNOUNCED, KeySet, read_key_entry
from custody.log.key_history import KeyHistory, follow_keys
from custody.log.note import NoteVerifier
from custody.tables import checkpoints, log_entries

KEY_KINDS = (EventKind.KEY_ANNOUNCED, EventKind.KEY_RETIRED)
_NAMES = tuple(kind.value for kind in KEY_KINDS)


def read_key_history(
    tx: Connection, first: NoteVerifier, *, below: int | None = None
) -> KeyHistory:
    """The log's keys by its numbered entries (with ``below``: those in a tree of that size)."""
    entries = ((index, entry) for index, entry in read_key_entries(tx) if index is not None)
    if below is not None:
        entries = ((index, entry) for index, entry in entries if index < below)
    return follow_keys(first, entries)


def read_coming_history(tx: Connection, first: NoteVerifier) -> KeyHistory:
    """As `read_key_history`, with the entries that are pending; those come after all others."""
    entries = read_key_entries(tx)
    beyond = max((index for index, _ in entries if index is not None), default=-1) + 1
    return follow_keys(
        first,
        (
            (beyond + number if index is None else index, entry)
            for number, (index, entry) in enumerate(entries)
        ),
    )


def read_key_entries(tx: Connection) -> list[tuple[int | None, Entry]]:
    """Every entry about keys with its index, in order; those without one yet at the end."""
    statement = (
        sa.select(raw(tx, log_entries.c.idx), raw(tx, log_entries.c.entry))
        .where(log_entries.c.kind.in_(_NAMES))
        .order_by(log_entries.c.idx.is_(None), log_entries.c.idx, log_entries.c.id)
    )
    # All of them at once: there are a few in ten years. A row that was altered into none is left to
    # a verification.
    read = [(index, _decode(data)) for index, data in tx.execute(statement).all()]
    return [
        (index, entry)
        for index, entry in read
        if entry is not None and (index is None or isinstance(index, int))
    ]


def published_key_places(tx: Connection) -> list[tuple[int, int]]:
    """Index of every published entry about keys, and the size of the first checkpoint with it."""
    first = sa.select(sa.func.min(checkpoints.c.size)).where(checkpoints.c.size > log_entries.c.idx)
    statement = (
        sa.select(log_entries.c.idx, first.scalar_subquery())
        .where(log_entries.c.kind.in_(_NAMES), log_entries.c.idx.is_not(None))
        .order_by(log_entries.c.idx)
    )
    return [
        (index, size)
        for index, size in tx.execute(statement).all()
        if isinstance(index, int) and isinstance(size, int)
    ]


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
    return [entry for _, entry in read_key_entries(tx) if entry.kind == ANNOUNCED]


def _decode(data: object) -> Entry | None:
    try:
        return Entry.decode(as_bytes(data))
    except LogError:
        return None  # a verification names it
