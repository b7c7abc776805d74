"""Tiles and bundles: what a whole tree would give, however often and in whatever steps."""

from collections.abc import Iterator
from typing import Literal

import pytest
import sqlalchemy as sa

from custody.errors import (
    EntryAlteredError,
    EntryMissingError,
    IntegrationConflictError,
    IntegrationError,
)
from custody.ledger import Ledger
from custody.log.merkle import root_of, tree_root
from custody.publishing.integrator import (
    Batch,
    integrated_size,
    read_batch,
    record_batch,
    write_batch,
)
from custody.publishing.published import tile_reader
from custody.publishing.sequencer import sequence
from custody.tables import log_entries
from storage.database import Database
from storage.errors import StoreUnavailableError
from storage.memory import MemoryStore
from tests.services.custody import append_events


def grow(database: Database, ledger: Ledger, count: int) -> None:
    """Append and number ``count`` entries."""
    with database.write() as tx:
        append_events(tx, ledger, [f"clip:{n % 7}" for n in range(count)])
        sequence(tx, count)


def integrate(database: Database, store: MemoryStore, limit: int = 4096) -> int:
    total = 0
    for batch in batches(database, limit):
        write_batch(store, batch)
        with database.write() as tx:
            record_batch(tx, batch)
        total += batch.new_size - batch.old_size
    return total


def batches(database: Database, limit: int) -> Iterator[Batch]:
    while True:
        with database.read() as tx:
            batch = read_batch(tx, limit)
        if batch is None:
            return
        yield batch


def stored(database: Database) -> tuple[list[bytes], list[bytes]]:
    with database.read() as tx:
        rows = tx.execute(
            sa.select(log_entries.c.entry, log_entries.c.leaf_hash).order_by(log_entries.c.idx)
        ).all()
    return [bytes(row.entry) for row in rows], [bytes(row.leaf_hash) for row in rows]


@pytest.mark.parametrize("steps", [[1], [255, 1], [256], [257], [300, 300, 8], [1, 2, 600]])
def test_the_tiles_hold_the_tree(
    database: Database, ledger: Ledger, store: MemoryStore, steps: list[int]
) -> None:
    for step in steps:
        grow(database, ledger, step)
        assert integrate(database, store) == step
        entries, leaf_hashes = stored(database)
        reader = tile_reader(store, len(entries))
        assert tree_root(len(entries), reader.read) == root_of(leaf_hashes)
    assert [reader.entry(index) for index in range(len(entries))] == entries


def test_a_backlog_is_cut_between_tiles(
    database: Database, ledger: Ledger, store: MemoryStore
) -> None:
    grow(database, ledger, 100)
    integrate(database, store)
    grow(database, ledger, 1100)
    cuts = []
    for batch in batches(database, 512):
        write_batch(store, batch)
        with database.write() as tx:
            record_batch(tx, batch)
        cuts.append((batch.old_size, batch.new_size))
    assert cuts == [(100, 512), (512, 1024), (1024, 1200)]
    _, leaf_hashes = stored(database)
    assert tree_root(1200, tile_reader(store, 1200).read) == root_of(leaf_hashes)


def test_steps_and_one_go_give_the_same_objects(database: Database, ledger: Ledger) -> None:
    grow(database, ledger, 700)
    with database.read() as tx:
        whole = read_batch(tx)
    assert whole is not None
    at_once, in_steps = MemoryStore(), MemoryStore()
    write_batch(at_once, whole)
    integrate(database, in_steps, 256)
    for stat in at_once.list("log/"):
        assert in_steps.read_bytes(stat.key) == at_once.read_bytes(stat.key)


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_write_that_fails_anywhere_is_done_again(
    database: Database, ledger: Ledger, phase: Literal["before", "after"]
) -> None:
    grow(database, ledger, 520)
    with database.read() as tx:
        batch = read_batch(tx)
    assert batch is not None
    whole = MemoryStore()
    write_batch(whole, batch)
    keys = [stat.key for stat in whole.list()]
    store = MemoryStore()
    for failing in keys:

        def fault(operation: str, key: str, at: str, failing: str = failing) -> None:
            if (operation, key, at) == ("put_bytes", failing, phase):
                raise StoreUnavailableError(key)

        store.faults = fault
        if phase == "before" or failing not in {stat.key for stat in store.list()}:
            with pytest.raises(StoreUnavailableError):
                write_batch(store, batch)
    store.faults = MemoryStore().faults
    write_batch(store, batch)
    assert [(s.key, store.read_bytes(s.key)) for s in store.list()] == [
        (key, whole.read_bytes(key)) for key in keys
    ]


def test_other_bytes_under_a_tile_stop_the_log(
    database: Database, ledger: Ledger, store: MemoryStore
) -> None:
    store.put_bytes("log/tile/0/000.p/3", b"something else")
    grow(database, ledger, 3)
    with pytest.raises(IntegrationConflictError, match=r"tile/0/000\.p/3"):
        integrate(database, store)
    with database.read() as tx:
        assert integrated_size(tx) == 0


def test_an_altered_entry_stops_the_log(
    database: Database, ledger: Ledger, store: MemoryStore
) -> None:
    grow(database, ledger, 3)
    with database.write() as tx:
        entry = tx.scalar(sa.select(log_entries.c.entry).where(log_entries.c.idx == 1))
        assert entry is not None
        changed = bytes(entry).replace(b'"ok"', b'"no"')
        tx.execute(log_entries.update().where(log_entries.c.idx == 1).values(entry=changed))
    with pytest.raises(EntryAlteredError, match="index 1"):
        integrate(database, store)
    assert not list(store.list())


def test_a_removed_entry_stops_the_log(
    database: Database, ledger: Ledger, store: MemoryStore
) -> None:
    grow(database, ledger, 3)
    for gone in (2, 1, 0):  # the last, one in the middle, the first
        with database.write() as tx:
            tx.execute(log_entries.delete().where(log_entries.c.idx == gone))
        with pytest.raises(EntryMissingError, match=f"index {gone}"):
            integrate(database, store)


def test_only_one_records_a_batch(database: Database, ledger: Ledger) -> None:
    grow(database, ledger, 3)
    with database.read() as tx:
        batch = read_batch(tx)
    assert batch is not None
    with database.write() as tx:
        record_batch(tx, batch)
    with pytest.raises(IntegrationError), database.write() as tx:
        record_batch(tx, batch)
