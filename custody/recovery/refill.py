"""The store filled again from rows: tiles, bundles, archived checkpoints; all of it idempotent."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import sqlalchemy as sa

from custody.log.checkpoint import LogTrust, open_checkpoint
from custody.log.errors import LogError
from custody.log.merkle import tree_root
from custody.object_keys import CHECKPOINT_KEY, original_key
from custody.publishing.integrator import read_entries, write_batch
from custody.publishing.published import tile_reader
from custody.publishing.restored import Older
from custody.recovery.evidence import original_state
from custody.recovery.rows import Gone
from custody.tables import clips
from storage.database import Database
from storage.errors import ObjectNotFoundError
from storage.objects import ObjectStore


def shown_size(store: ObjectStore, trusted: LogTrust, origin: str) -> int:
    """How far the store goes by its own pointer; 0 without one that is signed as it must be."""
    try:
        note = store.read_bytes(CHECKPOINT_KEY)
        return open_checkpoint(note, trusted, origin=origin).size
    except (ObjectNotFoundError, LogError):
        return 0


def whole_up_to(store: ObjectStore, shown: int, roots: Mapping[int, bytes]) -> int:
    """How large a tree the store has whole, up to what it has ``shown``; 0 where that is not so.

    ``roots`` has the root that the rows make at that size.
    """
    try:
        made = tree_root(shown, tile_reader(store, shown).read)
    except (ObjectNotFoundError, LogError):
        return 0
    return shown if made == roots.get(shown) else 0


def write_tiles(database: Database, store: ObjectStore, first: int, size: int) -> None:
    """Write tiles and bundles of the numbered rows from ``first`` up to ``size``.

    Raises `EntryAlteredError`, `EntryMissingError`, and as `write_batch`.
    """
    while first < size:
        with database.read() as tx:
            batch = read_entries(tx, first, size)
        write_batch(store, batch)
        first = batch.new_size


def missing_originals(database: Database, store: ObjectStore) -> Iterator[Gone]:
    """The clips whose original the store has not."""
    with database.read() as tx:
        rows = tx.execute(
            sa.select(clips.c.id, clips.c.sha256, clips.c.object_key).order_by(clips.c.id)
        ).all()
    for row in rows:
        try:
            store.stat(row.object_key)
        except ObjectNotFoundError:
            yield Gone("original", row.id, sha256=row.sha256, original="missing")


def look_at_originals(
    gone: list[Gone], older: Older | None, database: Database, store: ObjectStore
) -> None:
    """Say which originals are gone with the store, and whether those of lost rows are whole."""
    for number, one in enumerate(gone):
        if one.kind == "clip" and one.sha256 is not None:
            state = original_state(store, original_key(one.sha256), one.sha256)
            gone[number] = replace(one, original=state)
    if older in {Older.STORE, Older.BOTH}:
        gone += missing_originals(database, store)
