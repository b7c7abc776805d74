"""What the log's own rows say of rules and destructions, for pages and for the next destruction.

A row is believed as far as it is the entry that was appended (its leaf hash). What it is worth
against the published tree, a verification says (`custody.verification.destructions`).
"""

from collections.abc import Iterable, Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import as_bytes, raw
from custody.details.destructions import DestructionError, read_destruction, read_rule
from custody.details.explained import Explanations
from custody.details.rules import DetailsRule
from custody.events import LOG_ITEM, EventKind
from custody.log.entry import Entry
from custody.log.errors import LogError
from custody.log.merkle import hash_leaf
from custody.tables import log_entries

#: Places asked for in one statement.
_CHUNK = 500


def rule_in_force(tx: Connection, name: str) -> DetailsRule | None:
    """The rule that was set last under this name."""
    found = None
    for entry, _ in _entries(tx, log_entries.c.kind == EventKind.DETAILS_RULE_SET.value):
        try:
            rule = read_rule(entry)
        except DestructionError:
            continue
        found = rule if rule.name == name else found
    return found


def logged_explanations(tx: Connection) -> Explanations:
    """All destructions there were."""
    wanted = log_entries.c.kind == EventKind.DETAILS_DESTROYED.value
    return _explanations(_entries(tx, wanted))


def explanations_at(tx: Connection, places: Iterable[str]) -> Explanations:
    """The destructions that rows name, by their numbers in the history of the log as text."""
    numbers = sorted({int(one) for one in places if one.isascii() and one.isdecimal()})
    found: list[tuple[Entry, int | None]] = []
    for start in range(0, len(numbers), _CHUNK):
        wanted = sa.and_(
            log_entries.c.item == LOG_ITEM,
            log_entries.c.item_seq.in_(
                [one for one in numbers[start : start + _CHUNK] if one < 2**53]
            ),
        )
        found.extend(_entries(tx, wanted))
    return _explanations(found)


def _explanations(entries: Iterable[tuple[Entry, int | None]]) -> Explanations:
    found = []
    for entry, index in entries:
        try:
            found.append(read_destruction(entry, index))
        except DestructionError:
            continue  # it explains nothing, and a verification names it
    return Explanations(found)


def _entries(tx: Connection, wanted: sa.ColumnElement[bool]) -> Iterator[tuple[Entry, int | None]]:
    """The entries of the log itself that are ``wanted`` and whole, in their order."""
    c = log_entries.c
    names = (c.idx, c.entry, c.leaf_hash)
    rows = tx.execute(
        sa.select(*(raw(tx, column) for column in names)).where(wanted).order_by(c.item_seq)
    )
    for idx, stored, leaf_hash in rows:
        try:
            entry = Entry.decode(as_bytes(stored))
        except LogError:
            continue
        if hash_leaf(as_bytes(stored)) == as_bytes(leaf_hash) and entry.item == LOG_ITEM:
            yield entry, idx if isinstance(idx, int) else None
