"""Entries whose details are due, held against what was appended, and what may keep them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.engine import Connection

from custody.cells import fits
from custody.log.entry import Entry, commit_details, parse_canonical
from custody.log.errors import LogError
from custody.log.merkle import hash_leaf
from custody.tables import log_entries


@dataclass(frozen=True, slots=True)
class Due:
    """An entry whose details are due; ``whole``: its row is what was appended."""

    row_id: int
    index: int
    kind: str
    item: str
    at: datetime
    leaf_hash: bytes
    whole: bool
    #: The grant that it opened, whose row repeats its details.
    grant: str | None = None


#: Says which of some entries are held, by index. It is asked inside the transaction that destroys
#: the others, so that a hold either comes before and keeps them, or after and finds them gone.
Holds = Callable[[Connection, Sequence[Due]], Collection[int]]


def nothing_held(tx: Connection, due: Sequence[Due]) -> Collection[int]:  # noqa: ARG001
    """There are no holds in this version: none blocks."""
    return ()


def due_of(cells: Mapping[str, object]) -> Due:
    """A row whose details stand, held against its own entry."""
    entry, index, at = _whole(cells), cells["idx"], cells["at"]
    return Due(
        row_id=_int(cells["id"]),
        index=_int(index),
        kind="" if entry is None else entry.kind,
        item="" if entry is None else entry.item,
        at=at if isinstance(at, datetime) else datetime.max.replace(tzinfo=UTC),
        leaf_hash=b"" if entry is None else hash_leaf(entry.encode()),
        whole=entry is not None,
        grant=None if entry is None else _grant(entry),
    )


def _grant(entry: Entry) -> str | None:
    grant = entry.facts.get("grant")
    return grant if isinstance(grant, str) else None


def _whole(cells: Mapping[str, object]) -> Entry | None:
    """The entry of a row that holds what was appended, details included; None of any other."""
    if not all(fits(log_entries.c[name], cell) for name, cell in cells.items()):
        return None
    stored, details, salt = cells["entry"], cells["details"], cells["salt"]
    if not (isinstance(stored, bytes) and isinstance(details, str) and isinstance(salt, bytes)):
        return None
    try:
        entry = Entry.decode(stored)
        committed = parse_canonical(details.encode())
        agrees = isinstance(committed, dict) and commit_details(committed, salt) == entry.commitment
    except (LogError, ValueError, RecursionError):
        return None
    repeated = (entry.kind, entry.item, entry.item_seq, entry.actor.id, entry.at)
    columns = tuple(cells[name] for name in ("kind", "item", "item_seq", "actor_id", "at"))
    sound = hash_leaf(stored) == cells["leaf_hash"] and repeated == columns
    return entry if agrees and sound else None


def _int(cell: object) -> int:
    return cell if isinstance(cell, int) else -1
