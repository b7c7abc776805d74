"""Receipts: issued when the entry is published, the same bytes ever after, everything verifies."""

import threading

import pytest

from custody.clock import FixedClock
from custody.errors import (
    ClipAlteredError,
    ClipNotFoundError,
    DetailsDestroyedError,
    ReceiptNotReadyError,
)
from custody.ledger import Ledger
from custody.log.receipt import check_receipt_for, open_receipt
from custody.publishing.keys import LogKeys
from custody.publishing.publisher import Publisher
from custody.receipts import find_stored, gather, store_receipt
from custody.tables import log_entries
from ingest.receipts import find_or_issue
from storage.database import Database
from storage.memory import MemoryStore
from tests.services.custody import admit_clip, append_events


def test_a_receipt_proves_the_clip(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore,
    keys: LogKeys, clock: FixedClock,
) -> None:  # fmt: skip
    with database.write() as tx:
        append_events(tx, ledger, ["log"] * 300)
        clip = admit_clip(tx, ledger, "a", officer="JX0227")
        append_events(tx, ledger, ["log"] * 30)
    publisher.run_once()
    with database.write() as tx:
        note = find_or_issue(tx, store, keys, clock, clip.id)
    receipt = open_receipt(note, keys.receipts.verifier, keys.log.verifier)
    check_receipt_for(receipt, clip.sha256, clip.sm3, clip.size_bytes)
    assert (receipt.clip_id, receipt.index, receipt.issued_at) == (clip.id, 300, clock.now())
    assert receipt.details["officer"] == "JX0227"


def test_the_same_clip_gets_the_same_receipt(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore,
    keys: LogKeys, clock: FixedClock,
) -> None:  # fmt: skip
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
    publisher.run_once()
    with database.write() as tx:
        assert find_stored(tx, clip.id) is None
        first = find_or_issue(tx, store, keys, clock, clip.id)
    with database.write() as tx:
        append_events(tx, ledger, ["log"] * 3)
    publisher.run_once()
    clock.moment = clock.moment.replace(year=2027)
    with database.write() as tx:
        assert find_or_issue(tx, store, keys, clock, clip.id) == first == find_stored(tx, clip.id)


def test_of_racing_issuers_the_first_stands(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore,
    keys: LogKeys, clock: FixedClock,
) -> None:  # fmt: skip
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
    publisher.run_once()
    notes, start = [], threading.Barrier(4)

    def issue() -> None:
        start.wait()
        with database.write() as tx:
            notes.append(find_or_issue(tx, store, keys, clock, clip.id))

    threads = [threading.Thread(target=issue) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.write() as tx:
        assert len(notes) == 4
        assert set(notes) == {find_stored(tx, clip.id)}
        assert store_receipt(tx, clip.id, "a later one", clock.now()) == notes[0]


def test_no_receipt_before_the_entry_is_published(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore
) -> None:
    with database.write() as tx:
        first = admit_clip(tx, ledger, "a")
        with pytest.raises(ReceiptNotReadyError):
            gather(tx, store, first.id)
    publisher.run_once()
    with database.write() as tx:
        second = admit_clip(tx, ledger, "b")
        assert gather(tx, store, first.id).index == 0
        with pytest.raises(ReceiptNotReadyError):
            gather(tx, store, second.id)
        with pytest.raises(ClipNotFoundError):
            gather(tx, store, "nobody")


def test_no_receipt_without_the_details(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore
) -> None:
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
        tx.execute(log_entries.update().values(details=None, salt=None))
    publisher.run_once()
    with database.read() as tx, pytest.raises(DetailsDestroyedError):
        gather(tx, store, clip.id)


def test_over_altered_tiles_no_receipt_is_signed(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore,
    keys: LogKeys, clock: FixedClock,
) -> None:  # fmt: skip
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
        append_events(tx, ledger, ["log"])
    publisher.run_once()
    store.replace_bytes("log/tile/0/000.p/2", bytes(64))
    with database.write() as tx, pytest.raises(ClipAlteredError):
        find_or_issue(tx, store, keys, clock, clip.id)
    with database.read() as tx:
        assert find_stored(tx, clip.id) is None
