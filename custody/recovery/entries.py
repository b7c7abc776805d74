"""Puts proven entries back into the rows of the log, and lets what was appended meanwhile follow.

A row without an index in the copy is one of three:

* The published entry itself (the same leaf hash): it was waiting when the copy was made. It gets
  its index and keeps its details.
* One that took the place of a published entry in its item's history: it was appended after the
  copy was put back. No checkpoint has it and nobody was told its hash, so it is appended anew,
  behind the last recovered entry of its item: what it says, when and by whom stays word for word,
  only its place in the history is another.
* One of an item that nothing was published of since: it stands, and waits its turn.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from custody.cells import as_bytes
from custody.errors import RecoveryRefusedError
from custody.log.entry import Entry
from custody.log.errors import EntryError
from custody.log.merkle import Frontier, hash_leaf
from custody.log_rows import NewRow, log_rows
from custody.outside.key_watch import key_entries_in
from custody.tables import log_entries
from custody.verification.rows import numbered_hashes

#: Rows looked up in one statement.
LOOKUP = 500

#: Number in the item and row of what waits, by item.
_Waiting = dict[str, dict[int, RowMapping]]


@dataclass(slots=True)
class Replayed:
    """How many entries came back: ``written`` anew, ``matched`` with rows that waited, and how
    many rows ``followed`` behind them."""

    written: int = 0
    matched: int = 0
    followed: int = 0


def numbered_tree(
    tx: Connection,
    roots: dict[int, bytes] | None = None,
    keys: list[tuple[int, Entry]] | None = None,
) -> Frontier:
    """The tree of the numbered rows, leaf hashes recomputed; also those of the sizes in ``roots``.

    ``keys`` gets the entries about keys, by what they say and not by their rows. Raises
    `RecoveryRefusedError` where a row is missing.
    """
    tree = Frontier()
    for index, _, entry in numbered_hashes(tx):
        if index != tree.size:
            raise RecoveryRefusedError(f"no row stands at index {tree.size}; verify the log")
        tree.append(hash_leaf(entry))
        if keys is not None:
            keys += key_entries_in((entry,), index)
        if roots is not None and tree.size in roots:
            roots[tree.size] = tree.root()
    return tree


def replay(
    tx: Connection, first: int, entries: Sequence[bytes], done: Replayed, *, hold: bool = True
) -> None:
    """Write the proven ``entries`` from index ``first`` on; at most a thousand items' worth.

    With ``hold`` nobody appends to their items until the transaction ends.

    The counter of numbered entries is left alone: until it is moved, nothing is published. Raises
    `RecoveryRefusedError`, and as rows do.
    """
    decoded = [_decode(first + number, data) for number, data in enumerate(entries)]
    items = sorted({entry.item for entry in decoded})
    rows = log_rows(tx)
    if hold:
        rows.hold(items)
    _require_places(tx, first, decoded, items)
    waiting = _waiting(tx, items)
    matched: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    displaced: set[str] = set()
    for number, (data, entry) in enumerate(zip(entries, decoded, strict=True)):
        leaf_hash = hash_leaf(data)
        place = waiting.get(entry.item, {}).get(entry.item_seq)
        if place is not None and as_bytes(place["entry"]) == data:
            matched.append({"of_id": place["id"], "to_idx": first + number})
            del waiting[entry.item][entry.item_seq]
            continue
        if place is not None:
            displaced.add(entry.item)
        new.append(_values(first + number, data, leaf_hash, entry))
    followers = [_read_waiting(row) for item in sorted(displaced) for row in _take(waiting, item)]
    if followers:
        gone = [row["id"] for row, _ in followers]
        for start in range(0, len(gone), LOOKUP):
            some = log_entries.c.id.in_(gone[start : start + LOOKUP])
            tx.execute(log_entries.delete().where(some))
    if matched:
        by_id = log_entries.c.id == sa.bindparam("of_id")
        tx.execute(log_entries.update().where(by_id).values(idx=sa.bindparam("to_idx")), matched)
    if new:
        tx.execute(log_entries.insert(), new)
    heads = rows.hold(sorted(displaced)) if displaced else {}
    for row, entry in followers:
        follower = _follow(row, entry, heads[entry.item])
        rows.insert((follower,))
        heads[entry.item] = (follower.item_seq, follower.leaf_hash)
    done.written += len(new)
    done.matched += len(matched)
    done.followed += len(followers)


def _decode(index: int, data: bytes) -> Entry:
    try:
        return Entry.decode(data)
    except EntryError as error:
        raise RecoveryRefusedError(f"entry {index} is of another version: {error}") from error


def _require_places(
    tx: Connection, first: int, entries: Sequence[Entry], items: Sequence[str]
) -> None:
    """Raise `RecoveryRefusedError` for an entry that no ledger appended, though it was signed: its
    number in its item is another's, or larger than its index."""
    taken: dict[tuple[str, int], int] = {}
    columns = log_entries.c
    for start in range(0, len(items), LOOKUP):
        some = (columns.idx < first, columns.item.in_(items[start : start + LOOKUP]))
        for row in tx.execute(sa.select(columns.item, columns.item_seq, columns.idx).where(*some)):
            taken[row.item, row.item_seq] = row.idx
    for index, entry in enumerate(entries, first):
        place = (entry.item, entry.item_seq)
        what = f"entry {index} was signed as number {entry.item_seq} of {entry.item}"
        if place in taken:
            raise RecoveryRefusedError(
                f"{what}, which entry {taken[place]} is: no ledger has appended both, so whoever "
                "asks the signer had it sign them. Keep everything as it is and tell the auditor"
            )
        if entry.item_seq > index:
            raise RecoveryRefusedError(
                f"{what}, which has not so many: no ledger has appended it, so whoever asks the "
                "signer had it sign it. Keep everything as it is and tell the auditor"
            )
        taken[place] = index


def _waiting(tx: Connection, items: Sequence[str]) -> _Waiting:
    found: _Waiting = {}
    columns = log_entries.c
    for start in range(0, len(items), LOOKUP):
        some = columns.item.in_(items[start : start + LOOKUP])
        wanted = sa.select(log_entries).where(columns.idx.is_(None), some)
        for row in tx.execute(wanted).mappings():
            found.setdefault(row["item"], {})[row["item_seq"]] = row
    return found


def _take(waiting: _Waiting, item: str) -> Iterable[RowMapping]:
    return [row for _, row in sorted(waiting[item].items())]


def _read_waiting(row: RowMapping) -> tuple[RowMapping, Entry]:
    """What waits, if its row still is what was appended; an altered one must get no new place."""
    data = as_bytes(row["entry"])
    try:
        entry = Entry.decode(data)
    except EntryError as error:
        raise RecoveryRefusedError(
            f"a waiting entry of {row['item']} was altered; verify the log"
        ) from error
    if hash_leaf(data) != as_bytes(row["leaf_hash"]) or entry.item != row["item"]:
        raise RecoveryRefusedError(f"a waiting entry of {row['item']} was altered; verify the log")
    return row, entry


def _follow(row: RowMapping, entry: Entry, head: tuple[int, bytes]) -> NewRow:
    moved = replace(entry, item_seq=head[0] + 1, item_prev=head[1].hex())
    data = moved.encode()
    return NewRow(
        leaf_hash=hash_leaf(data),
        entry=data,
        kind=moved.kind,
        item=moved.item,
        item_seq=moved.item_seq,
        actor_id=moved.actor.id,
        at=moved.at,
        salt=None if row["salt"] is None else as_bytes(row["salt"]),
        details=row["details"],
    )


def _values(index: int, data: bytes, leaf_hash: bytes, entry: Entry) -> dict[str, Any]:
    return {
        "idx": index,
        "leaf_hash": leaf_hash,
        "entry": data,
        "kind": entry.kind,
        "item": entry.item,
        "item_seq": entry.item_seq,
        "actor_id": entry.actor.id,
        "at": entry.at,
    }
