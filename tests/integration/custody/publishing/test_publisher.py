"""Publishing: each turn ends in a checkpoint that verifies, whatever the turn before it left."""

from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from custody.clock import FixedClock
from custody.errors import EntryAlteredError, IntegrationConflictError, SigningRefusedError
from custody.ledger import Ledger
from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.merkle import prove_consistency, root_of, verify_consistency
from custody.log.note import generate, sign_note
from custody.object_keys import CHECKPOINT_KEY, checkpoint_archive_key
from custody.publishing.keys import LogKeys
from custody.publishing.published import newest_checkpoint, tile_reader
from custody.publishing.publisher import LOG_LOCK, Published, Publisher
from custody.publishing.sequencer import pending_count, sequence, sequenced_size
from custody.publishing.signer import Signer
from custody.tables import checkpoints, log_entries, log_state
from storage.database import Database
from storage.errors import StoreUnavailableError
from storage.memory import MemoryStore, no_faults
from tests.services.custody import append_events

ORIGIN = "test.example/custody"


def append(database: Database, ledger: Ledger, count: int) -> None:
    with database.write() as tx:
        append_events(tx, ledger, ["log"] * count)


def assert_published(database: Database, store: MemoryStore, keys: LogKeys, size: int) -> None:
    """Pointer, archive, row and tree all say the same, signed by the log's key."""
    note = store.read_bytes(CHECKPOINT_KEY)
    checkpoint = open_checkpoint(note, keys.log.verifier)
    with database.read() as tx:
        row = newest_checkpoint(tx)
        leaf_hashes = tx.scalars(
            sa.select(log_entries.c.leaf_hash).order_by(log_entries.c.idx).limit(size)
        ).all()
    assert row is not None
    assert checkpoint.size == row.size == len(leaf_hashes) == size
    assert checkpoint.root == row.root == root_of(map(bytes, leaf_hashes))
    assert row.note.encode() == note == store.read_bytes(checkpoint_archive_key(size))


def test_nothing_happened_nothing_published(publisher: Publisher, store: MemoryStore) -> None:
    assert publisher.run_once() == Published(0, 0, 0, published=False)
    assert not list(store.list())


def test_entries_are_published(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore, keys: LogKeys
) -> None:
    append(database, ledger, 3)
    assert publisher.run_once() == Published(3, 3, 3, published=True)
    assert_published(database, store, keys, 3)
    assert publisher.run_once() == Published(3, 0, 0, published=False)
    append(database, ledger, 300)
    assert publisher.run_once() == Published(303, 300, 300, published=True)
    assert_published(database, store, keys, 303)


def test_a_checkpoint_is_archived_under_retention(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore, clock: FixedClock
) -> None:
    append(database, ledger, 1)
    publisher.run_once()
    retain_until = store.stat(checkpoint_archive_key(1)).retain_until
    assert retain_until is not None
    assert retain_until.year >= clock.now().year + 98


def test_checkpoints_continue_each_other(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore
) -> None:
    for count in (1, 2, 253, 1, 300):
        append(database, ledger, count)
        publisher.run_once()
    with database.read() as tx:
        rows = tx.execute(sa.select(checkpoints).order_by(checkpoints.c.size)).all()
    assert [row.size for row in rows] == [1, 3, 256, 257, 557]
    for old, new in pairwise(rows):
        proof = prove_consistency(old.size, new.size, tile_reader(store, new.size).read)
        verify_consistency(old.size, new.size, bytes(old.root), bytes(new.root), proof)


def test_somebody_else_is_publishing(
    database: Database, ledger: Ledger, publisher: Publisher
) -> None:
    append(database, ledger, 2)
    publisher.run_once()
    append(database, ledger, 1)
    other = Database(database.url.render_as_string(hide_password=False))
    try:
        with other.exclusive(LOG_LOCK) as owned:
            assert owned
            assert publisher.run_once() == Published(2, 0, 0, published=False)
    finally:
        other.close()
    assert publisher.run_once().size == 3


@pytest.mark.parametrize(
    ("operation", "prefix"),
    [
        ("put_bytes", "log/tile/0/"),
        ("put_bytes", "log/tile/entries/"),
        ("put_bytes", "log/checkpoints/"),
        ("replace_bytes", CHECKPOINT_KEY),
    ],
)
@pytest.mark.parametrize("phase", ["before", "after"])
def test_the_next_turn_finishes_what_a_failure_left(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore, keys: LogKeys,
    operation: str, prefix: str, phase: str,
) -> None:  # fmt: skip
    append(database, ledger, 5)
    publisher.run_once()
    append(database, ledger, 4)

    def fault(called: str, key: str, at: str) -> None:
        if (called, at) == (operation, phase) and key.startswith(prefix):
            raise StoreUnavailableError(key)

    store.faults = fault
    with pytest.raises(StoreUnavailableError):
        publisher.run_once()
    store.faults = no_faults
    append(database, ledger, 2)
    publisher.run_once()
    assert_published(database, store, keys, 11)


def test_a_note_that_was_signed_and_not_published_goes_out_as_it_is(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore,
    keys: LogKeys, signer: Signer,
) -> None:  # fmt: skip
    append(database, ledger, 5)

    def fault(_called: str, key: str, _at: str) -> None:
        if key.startswith("log/checkpoints/"):
            raise StoreUnavailableError(key)

    store.faults = fault
    with pytest.raises(StoreUnavailableError):
        publisher.run_once()
    store.faults = no_faults
    signed = signer.last()
    assert signed is not None
    append(database, ledger, 1)
    publisher.run_once()
    assert store.read_bytes(checkpoint_archive_key(5)).decode() == signed.note
    with database.read() as tx:
        assert (
            tx.scalar(sa.select(checkpoints.c.note).where(checkpoints.c.size == 5)) == signed.note
        )
    assert_published(database, store, keys, 6)


def test_a_lost_row_is_written_again(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore, keys: LogKeys
) -> None:
    append(database, ledger, 5)
    publisher.run_once()
    with database.write() as tx:
        tx.execute(checkpoints.delete())
    assert publisher.run_once() == Published(5, 0, 0, published=True)
    assert_published(database, store, keys, 5)


def test_a_signer_on_another_host_adopts_what_was_published(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore,
    keys: LogKeys, clock: FixedClock, tmp_path: Path,
) -> None:  # fmt: skip
    append(database, ledger, 5)
    publisher.run_once()
    elsewhere = Signer(lambda: keys, tmp_path / "elsewhere.json", ORIGIN)
    other = Publisher(database, store, elsewhere, clock)
    append(database, ledger, 4)
    assert other.run_once().size == 9
    append(database, ledger, 1)
    assert publisher.run_once().size == 10
    assert_published(database, store, keys, 10)
    other.run_once()
    known = elsewhere.last()
    assert known is not None
    assert known.size == 10


def test_a_database_behind_the_signer_never_signs(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore
) -> None:
    append(database, ledger, 5)
    publisher.run_once()
    restore_to(database, 3)
    with pytest.raises(SigningRefusedError, match="5 entries were signed, the database has 3"):
        publisher.run_once()
    append(database, ledger, 1)
    with pytest.raises(SigningRefusedError):
        publisher.run_once()
    # Nor does the new entry take the place of a lost one.
    with database.read() as tx:
        assert (sequenced_size(tx), pending_count(tx)) == (3, 1)


def test_a_database_behind_the_pointer_never_signs(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore,
    keys: LogKeys, clock: FixedClock, tmp_path: Path,
) -> None:  # fmt: skip
    append(database, ledger, 5)
    publisher.run_once()
    restore_to(database, 3)
    forgetful = Publisher(
        database, store, Signer(lambda: keys, tmp_path / "new.json", ORIGIN), clock
    )
    with pytest.raises(SigningRefusedError, match="5 entries were published"):
        forgetful.run_once()


def test_a_rewritten_past_is_never_signed(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore
) -> None:
    """Somebody rewrites entries, tiles and counters together: the signer remembers the old tree."""
    append(database, ledger, 5)
    publisher.run_once()
    restore_to(database, 2)
    for stat in list(store.list("log/tile/")):
        store.delete(stat.key)
    append(database, ledger, 8)
    with database.write() as tx:  # whoever does this numbers them too
        sequence(tx, 100)
    with pytest.raises(SigningRefusedError, match="not the signed one"):
        publisher.run_once()


def test_another_checkpoint_in_the_archive_stops_the_log(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore
) -> None:
    store.put_bytes(checkpoint_archive_key(2), b"another one")
    append(database, ledger, 2)
    with pytest.raises(IntegrationConflictError, match="000000000002"):
        publisher.run_once()


def test_a_pointer_of_another_key_stops_the_log(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore
) -> None:
    append(database, ledger, 2)
    publisher.run_once()
    text = Checkpoint(ORIGIN, 1, bytes(32)).encode()
    store.replace_bytes(CHECKPOINT_KEY, sign_note(text, [generate(ORIGIN)]).encode())
    append(database, ledger, 2)
    with pytest.raises(SigningRefusedError, match=CHECKPOINT_KEY):
        publisher.run_once()


def test_a_row_of_another_key_is_not_adopted(
    database: Database, ledger: Ledger, publisher: Publisher
) -> None:
    append(database, ledger, 2)
    publisher.run_once()
    append(database, ledger, 2)
    text = Checkpoint(ORIGIN, 3, bytes(32)).encode()
    with database.write() as tx:
        tx.execute(
            checkpoints.insert().values(
                size=3,
                root=bytes(32),
                note=sign_note(text, [generate(ORIGIN)]),
                published_at=ledger.clock.now(),
            )
        )
    with pytest.raises(SigningRefusedError, match="not ours"):
        publisher.run_once()


@pytest.mark.parametrize("integrated", [-1, 0, 2])
def test_a_counter_that_was_wound_back_stops_nothing(
    database: Database, ledger: Ledger, publisher: Publisher, store: MemoryStore, keys: LogKeys,
    integrated: int,
) -> None:  # fmt: skip
    append(database, ledger, 300)
    publisher.run_once()
    with database.write() as tx:
        tx.execute(log_state.update().values(integrated=integrated))
    append(database, ledger, 2)
    assert publisher.run_once() == Published(302, 2, 2, published=True)
    assert_published(database, store, keys, 302)


def test_an_entry_that_is_no_bytes_is_named_and_not_published(
    database: Database, ledger: Ledger, publisher: Publisher
) -> None:
    append(database, ledger, 2)
    with database.write() as tx:
        tx.execute(
            sa.text(
                "UPDATE log_entries SET entry = CAST('abc' AS BYTEA)"
                if not database.is_sqlite
                else "UPDATE log_entries SET entry = 'abc'"
            )
        )
    with pytest.raises(EntryAlteredError, match="index 0: appended as"):
        publisher.run_once()


def restore_to(database: Database, size: int) -> None:
    """What a database looks like after an old copy was put back."""
    with database.write() as tx:
        tx.execute(log_entries.delete().where(log_entries.c.idx >= size))
        tx.execute(log_state.update().values(sequenced=size, integrated=size))
        tx.execute(checkpoints.delete().where(checkpoints.c.size > size))
