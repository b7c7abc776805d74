"""Puts numbered entries into the tree: hash tiles and entry bundles as objects (C2SP tlog-tiles).

Run only by the owner of ``database.exclusive("log")``, in three steps so that no transaction is
open while objects are written: `read_batch`, `write_batch`, `record_batch`. What is written
follows from committed rows alone, whose index nobody changes any more, so a run that was killed
anywhere is simply done again: an object that is there already must hold the very bytes. Partial
tiles of earlier sizes stay: an older checkpoint may still be read with them.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import as_bytes, raw
from custody.errors import (
    EntryAlteredError,
    EntryMissingError,
    IntegrationConflictError,
    IntegrationError,
)
from custody.log.merkle import hash_leaf
from custody.log.tile_writer import extend_bundles, extend_tiles
from custody.log.tiles import WIDTH
from custody.object_keys import log_key
from custody.publishing.sequencer import STATE_ID
from custody.tables import log_entries, log_state
from storage.errors import ObjectExistsError
from storage.objects import ObjectStore

#: Entries taken at once: a whole number of tiles, and at most 268 MB of the largest entries.
BATCH_ENTRIES = 16 * WIDTH
#: Objects written at the same time.
WRITERS = 4


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries ``old_size`` up to ``new_size``, after those that share the first one's tile."""

    old_size: int
    new_size: int
    entries: list[bytes]
    leaf_hashes: list[bytes]

    @property
    def first(self) -> int:
        """The index of the first entry held here, the first of its tile."""
        return self.old_size // WIDTH * WIDTH


def integrated_size(tx: Connection) -> int:
    """How many entries are in the tiles."""
    return tx.scalar(sa.select(log_state.c.integrated).where(log_state.c.id == STATE_ID)) or 0


def recount(tx: Connection, signed: int) -> None:
    """Set a counter right that is behind what was signed, as none of ours ever leaves it.

    The tree that was signed is in the tiles; should it not be, its root comes out different and
    the signer refuses. Without this one altered number would end publication for good.
    """
    tx.execute(
        log_state.update()
        .where(log_state.c.id == STATE_ID, log_state.c.integrated < signed)
        .values(integrated=signed)
    )


def read_batch(tx: Connection, limit: int = BATCH_ENTRIES) -> Batch | None:
    """The next numbered entries that are in no tile yet; None if there are none.

    Raises as `read_entries`.
    """
    state = tx.execute(
        sa.select(log_state.c.integrated, log_state.c.sequenced).where(log_state.c.id == STATE_ID)
    ).first()
    if state is None or state.integrated >= state.sequenced:
        return None
    return read_entries(tx, state.integrated, state.sequenced, limit)


def read_entries(tx: Connection, old_size: int, end: int, limit: int = BATCH_ENTRIES) -> Batch:
    """The entries from ``old_size`` on, at most up to ``end``, by their rows.

    ``limit`` counts from the beginning of the first tile and is a multiple of 256, so that a
    backlog is cut between tiles. The leaf hash is computed from the entry's bytes and must be the
    one it was appended with. Raises `EntryAlteredError`, `EntryMissingError`.
    """
    first = old_size // WIDTH * WIDTH
    new_size = min(end, first + limit)
    rows = tx.execute(
        sa.select(*(raw(tx, log_entries.c[name]) for name in ("idx", "entry", "leaf_hash")))
        .where(log_entries.c.idx >= first, log_entries.c.idx < new_size)
        .order_by(log_entries.c.idx)
    )
    entries, leaf_hashes = [], []
    for index, (idx, stored, hashed) in zip(range(first, new_size), rows, strict=False):
        if idx != index:
            raise EntryMissingError(f"index {index}")
        entry, stated = as_bytes(stored), as_bytes(hashed)
        leaf_hash = hash_leaf(entry)
        if leaf_hash != stated:
            raise EntryAlteredError(
                f"index {index}: appended as {stated.hex()}, is {leaf_hash.hex()}; "
                "verify the log, and put the row back from a backup"
            )
        entries.append(entry)
        leaf_hashes.append(leaf_hash)
    if first + len(entries) != new_size:
        raise EntryMissingError(f"index {first + len(entries)}")
    return Batch(old_size, new_size, entries, leaf_hashes)


def write_batch(store: ObjectStore, batch: Batch) -> None:
    """Write every tile and bundle that ``batch`` adds to or completes; idempotent.

    Raises `IntegrationConflictError` where the store holds other bytes, and as `ObjectStore` does.
    """

    def fetch(path: str) -> bytes:
        return store.read_bytes(log_key(path))

    # Both start at a whole tile: of what stands only the right edge above level 0 is read back. If
    # somebody changed it, the root comes out different and the signer refuses it.
    objects = chain(
        extend_bundles(fetch, batch.first, batch.entries),
        extend_tiles(fetch, batch.first, batch.leaf_hashes),
    )
    with ThreadPoolExecutor(WRITERS) as pool:
        for future in [pool.submit(_put, store, path, data) for path, data in objects]:
            future.result()


def record_batch(tx: Connection, batch: Batch) -> None:
    """Note that ``batch`` is in the tiles. Raises `IntegrationError` if somebody else was here."""
    updated = tx.execute(
        log_state.update()
        .where(log_state.c.id == STATE_ID, log_state.c.integrated == batch.old_size)
        .values(integrated=batch.new_size)
    )
    if updated.rowcount != 1:
        raise IntegrationError(f"the log no longer ends at {batch.old_size}")


def _put(store: ObjectStore, path: str, data: bytes) -> None:
    key = log_key(path)
    try:
        store.put_bytes(key, data)
    except ObjectExistsError:
        found = store.read_bytes(key)
        if found != data:
            raise IntegrationConflictError(
                f"{key}: expected sha256 {sha256(data).hexdigest()}, "
                f"found {sha256(found).hexdigest()}"
            ) from None
