"""Many writers, several processes whose publishers race: nothing lost, twice or out of order."""

import subprocess
import sys
import threading
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from custody.actors import Actor, Role, Via
from custody.clock import SystemClock
from custody.events import EventKind
from custody.ledger import Event, Ledger
from custody.log.checkpoint import open_checkpoint
from custody.log.entry import Entry
from custody.log.merkle import Frontier, root_of
from custody.object_keys import CHECKPOINT_KEY, checkpoint_archive_key
from custody.publishing.checked_signer import CheckedSigner
from custody.publishing.key_lock import KeyLock
from custody.publishing.keys import LogKeys, load_or_create_keys
from custody.publishing.publisher import Publisher
from custody.publishing.signer import Signer
from custody.tables import checkpoints, log_entries
from storage.database import Database
from storage.local import LocalStore

ORIGIN = "test.example/custody"
PROCESSES = 2
THREADS = 3
TRANSACTIONS = 25
ITEMS = 4
#: Entries a transaction: one alone, then three at once, one of them on an item of everybody's.
ENTRIES = 4


class _ChangedMindError(Exception):
    """A change that is rolled back, and its entries with it."""


def checked_signer(keys: LogKeys, store: LocalStore, home: Path) -> CheckedSigner:
    """As in the server: each turn of it locks the key."""
    signer = Signer(lambda: keys, home / "keys" / "state", ORIGIN)
    return CheckedSigner(signer, store, KeyLock(home / "keys").hold)


def write_and_publish(url: str, home: Path, process: int) -> None:
    """What one host does: several writers, some of whose changes fail, and a publisher that tries
    all the time.
    """
    database, clock = Database(url), SystemClock()
    store, keys = LocalStore(home / "objects"), load_or_create_keys(home / "keys", ORIGIN)
    publisher = Publisher(database, store, checked_signer(keys, store, home), clock)
    ledger, errors, written = Ledger(clock), list[Exception](), threading.Event()

    def publish() -> None:
        try:
            while not written.wait(0.01):
                publisher.run_once()
        except Exception as error:  # noqa: BLE001 - reported by the test
            errors.append(error)

    def write(thread: int) -> None:
        actor = Actor(f"{process}-{thread}", Role.LEGAL, Via.PASSWORD, "local")
        try:
            for n in range(TRANSACTIONS):
                events = [
                    Event(EventKind.LOG_READ, f"clip:{(n + shift) % ITEMS}", {"n": n})
                    for shift in range(2)
                ]
                with database.write() as tx:
                    ledger.append_many(tx, actor, [*events, Event(EventKind.LOG_READ, "log")])
                with database.write() as tx:
                    ledger.append(tx, actor, Event(EventKind.LOG_READ, "service", {"n": n}))
                if n % 5 == 0:
                    with suppress(_ChangedMindError), database.write() as tx:
                        ledger.append_many(tx, actor, events)
                        raise _ChangedMindError
        except Exception as error:  # noqa: BLE001 - reported by the test
            errors.append(error)

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(THREADS)]
    racing = threading.Thread(target=publish)
    for thread in (racing, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    written.set()
    racing.join()
    database.close()
    if errors:
        raise errors[0]


def test_many_writers(database: Database, database_url: str, tmp_path: Path) -> None:
    hosts = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.integration.custody.test_concurrency",
             database_url, tmp_path, str(process)]
        )
        for process in range(PROCESSES)
    ]  # fmt: skip
    assert [host.wait(60) for host in hosts] == [0] * PROCESSES
    keys = load_or_create_keys(tmp_path / "keys", ORIGIN)
    store = LocalStore(tmp_path / "objects")
    signer = checked_signer(keys, store, tmp_path)
    published = Publisher(database, store, signer, SystemClock()).run_once()

    total = PROCESSES * THREADS * TRANSACTIONS * ENTRIES
    with database.read() as tx:
        rows = tx.execute(sa.select(log_entries).order_by(log_entries.c.idx)).all()
    # Nothing lost, nothing twice, no gap.
    assert [row.idx for row in rows] == list(range(total))
    assert published.size == total
    # The published tree is the tree of the rows.
    checkpoint = open_checkpoint(store.read_bytes(CHECKPOINT_KEY), keys.log.verifier)
    assert checkpoint.root == root_of(bytes(row.leaf_hash) for row in rows)
    # So is every tree that was signed on the way, whoever of them signed it: one row and one object
    # for each, and each continues the one before.
    with database.read() as tx:
        signed = tx.execute(sa.select(checkpoints).order_by(checkpoints.c.size)).all()
    prefix = Frontier()
    roots = {}
    for row in rows:
        prefix.append(bytes(row.leaf_hash))
        roots[prefix.size] = prefix.root()
    assert len(signed) > 1
    for one in signed:
        assert roots[one.size] == bytes(one.root)
        archived = open_checkpoint(
            store.read_bytes(checkpoint_archive_key(one.size)), keys.log.verifier
        )
        assert (archived.size, archived.root) == (one.size, bytes(one.root))
    archive = [stat.key for stat in store.list("log/checkpoints/")]
    assert sorted(archive) == [checkpoint_archive_key(one.size) for one in signed]
    # Each item's entries stand in the log in their order and follow each other.
    heads: dict[str, tuple[int, str | None]] = defaultdict(lambda: (0, None))
    for row in rows:
        entry = Entry.decode(bytes(row.entry))
        assert (entry.item_seq, entry.item_prev) == heads[row.item]
        heads[row.item] = (entry.item_seq + 1, bytes(row.leaf_hash).hex())
    # Each writer's entries on one item are in the order in which it wrote them.
    written: dict[str, list[object]] = defaultdict(list)
    for row in rows:
        if row.item == "service":
            written[row.actor_id].append(Entry.decode(bytes(row.entry)).facts["n"])
    assert list(written.values()) == [list(range(TRANSACTIONS))] * (PROCESSES * THREADS)


def test_writers_of_the_same_items_do_not_wait_for_each_other_for_ever(
    database: Database,
) -> None:
    """Both lock their items in one order, whatever order they write in."""
    ledger, errors = Ledger(SystemClock()), []

    def write(items: list[str]) -> None:
        actor = Actor("alice", Role.LEGAL, Via.PASSWORD, "local")
        try:
            for _ in range(20):
                with database.write() as tx:
                    ledger.append_many(
                        tx, actor, [Event(EventKind.LOG_READ, item) for item in items]
                    )
        except Exception as error:  # noqa: BLE001 - reported below
            errors.append(error)

    items = [f"clip:{n}" for n in range(10)]
    threads = [threading.Thread(target=write, args=(order,)) for order in (items, items[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        pytest.fail(repr(errors))
    with database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(log_entries)) == 400


if __name__ == "__main__":
    write_and_publish(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
