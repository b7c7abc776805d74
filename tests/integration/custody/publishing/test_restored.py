"""What was put back from an older copy is noticed and named, and nothing is signed meanwhile."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from custody.errors import LogRestoredError
from custody.ledger import Ledger
from custody.object_keys import CHECKPOINT_ARCHIVE, CHECKPOINT_KEY
from custody.publishing.publisher import Publisher
from custody.publishing.restored import STOPPING, Older, edge_paths
from custody.publishing.sequencer import pending_count
from custody.publishing.signer import Signer
from custody.tables import checkpoints, log_entries, log_state
from storage.database import Database
from storage.memory import MemoryStore
from tests.services.custody import append_events


def publish(database: Database, ledger: Ledger, publisher: Publisher, count: int) -> int:
    with database.write() as tx:
        append_events(tx, ledger, ["log"] * count)
    return publisher.run_once().size


def older_database(database: Database, size: int) -> None:
    with database.write() as tx:
        tx.execute(checkpoints.delete().where(checkpoints.c.size > size))
        tx.execute(log_entries.delete().where(log_entries.c.idx >= size))
        tx.execute(log_state.update().values(sequenced=size, integrated=size))


def copy_of(store: MemoryStore) -> dict[str, bytes]:
    return {one.key: store.read_bytes(one.key) for one in store.list()}


def put_back(store: MemoryStore, objects: dict[str, bytes]) -> None:
    for one in list(store.list()):
        if one.key not in objects:
            del store._objects[one.key]
    store.replace_bytes(CHECKPOINT_KEY, objects[CHECKPOINT_KEY])


@pytest.fixture
def objects(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore
) -> dict[str, bytes]:
    """A log of 300 entries, and its store as it was when it had 260."""
    publish(database, ledger, publisher, 260)
    copied = copy_of(store)
    publish(database, ledger, publisher, 40)
    return copied


Case = Callable[[Database, MemoryStore, dict[str, bytes], Path], None]
CASES: dict[Older, Case] = {
    Older.DATABASE: lambda database, _store, _objects, _state: older_database(database, 260),
    Older.STORE: lambda _database, store, objects, _state: put_back(store, objects),
    Older.BOTH: lambda database, store, objects, _state: (
        older_database(database, 260),
        put_back(store, objects),
    )[-1],
    Older.SIGNER: lambda _database, _store, _objects, state: state.unlink(),
    Older.POINTER: lambda _database, store, objects, _state: store.replace_bytes(
        CHECKPOINT_KEY, objects[CHECKPOINT_KEY]
    ),
}


@pytest.mark.parametrize("older", list(Older))
def test_what_is_older_is_named(
    database: Database, store: MemoryStore, publisher: Publisher, ledger: Ledger,
    objects: dict[str, bytes], tmp_path: Path, older: Older,
) -> None:  # fmt: skip
    assert publisher.watch.look().older is None
    CASES[older](database, store, objects, tmp_path / "signer-state.json")
    assert publisher.watch.look().older is older
    assert (publisher.watch.current() is older) is (older in STOPPING)
    with database.write() as tx:
        append_events(tx, ledger, ["log"])
    if older in STOPPING:
        with pytest.raises(LogRestoredError) as refused:
            publisher.run_once()
        assert refused.value.older == older
        with database.read() as tx:  # nothing took the place of what was lost
            assert pending_count(tx) == 1
    else:
        assert publisher.run_once().size == 301
        assert publisher.watch.look().older is None


def test_the_archive_alone_knows_more(
    database: Database, store: MemoryStore, signer: Signer, publisher: Publisher,
    objects: dict[str, bytes], tmp_path: Path, ledger: Ledger,
) -> None:  # fmt: skip
    """Database, signer and pointer are older; what was written once is still there."""
    older_database(database, 260)
    store.replace_bytes(CHECKPOINT_KEY, objects[CHECKPOINT_KEY])
    note = objects[f"{CHECKPOINT_ARCHIVE}{260:012}"].decode()
    (tmp_path / "signer-state.json").unlink()
    signer.adopt(note, [])
    assert publisher.watch.look().older is Older.DATABASE
    with database.write() as tx:
        append_events(tx, ledger, ["log"])
    with pytest.raises(LogRestoredError, match="300 entries were published, the database has 260"):
        publisher.run_once()


def test_a_publication_under_way_looks_like_none_that_was_undone(
    database: Database, store: MemoryStore, publisher: Publisher, ledger: Ledger
) -> None:
    """Looked at whenever an object is written, by somebody who holds no lock."""
    seen: list[Older | None] = []
    watch = Publisher(database, store, publisher._signer, publisher._clock).watch

    def look(called: str, _key: str, _at: str) -> None:
        if called in {"put_bytes", "replace_bytes"}:
            seen.append(watch.look().older)

    publish(database, ledger, publisher, 3)
    store.faults = look
    publish(database, ledger, publisher, 300)
    assert len(seen) > 5
    assert set(seen) <= {None}


@pytest.mark.parametrize("size", [1, 255, 256, 257, 65_536, 65_537])
def test_the_edge_has_a_tile_of_each_level(size: int) -> None:
    paths = [path for path, _ in edge_paths(size)]
    assert len(paths) == 2 + (size >= 256) + (size >= 65_536)
    assert sum("entries" in path for path in paths) == 1
    assert edge_paths(0) == []


def test_a_row_of_a_stranger_stops_nothing_here(
    database: Database, publisher: Publisher, ledger: Ledger
) -> None:
    """Whoever writes a checkpoint that our key did not sign makes nothing look older."""
    publish(database, ledger, publisher, 3)
    with database.write() as tx:
        tx.execute(sa.update(checkpoints).values(note="no note"))
    assert publisher.watch.look().older is None
