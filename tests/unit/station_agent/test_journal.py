"""The station's memory: what it keeps, what it refuses, how it is opened."""

import sqlite3
from pathlib import Path

import pytest

from station_agent import journal as journal_module
from station_agent import journal_schema
from station_agent.errors import (
    JournalDamagedError,
    JournalError,
    JournalFullError,
    StaleFileError,
)
from station_agent.intake import take_in
from station_agent.journal import Journal, State, open_journal
from station_agent.watch import Scan
from tests.unit.station_agent.conftest import ROOT, found, listed, seen


def test_a_file_goes_its_way_and_stays_after_reopening(journal: Journal) -> None:
    (file,) = seen(journal, found(b"\xffclip\n", inode=2**64 - 1))
    file = journal.advance(file, State.SETTLED)
    file = journal.advance(file, State.HASHED, sha256="a", sm3="b")
    journal.close()
    again = Journal(journal.path)
    assert again.get(file.id) == file
    assert file.identity.inode == 2**64 - 1
    again.close()


def test_advance_refuses_what_it_did_not_expect(journal: Journal) -> None:
    (file,) = seen(journal, found(b"clip"))
    journal.advance(file, State.SETTLED)
    with pytest.raises(StaleFileError):
        journal.advance(file, State.SETTLED)  # it is not `seen` any more
    take_in(journal, Scan(ROOT, [found(b"clip", size=11)]))
    with pytest.raises(StaleFileError):
        journal.advance(file, State.SETTLED)  # another identity


def test_a_reason_lasts_until_the_next_step(journal: Journal) -> None:
    (file,) = seen(journal, found(b"clip"))
    failed = journal.advance(file, State.FAILED, reason="read_error", attempts=1)
    assert failed.reason == "read_error"
    assert journal.advance(failed, State.SEEN).reason is None


def test_receipt_is_kept_with_the_last_step(journal: Journal) -> None:
    (file,) = seen(journal, found(b"clip"))
    received = journal.receive(file, "the note", "clip-id", "2026-11-22T09:00:00+00:00")
    assert (received.state, received.clip_id) == (State.RECEIVED, "clip-id")
    assert journal.read("SELECT note FROM receipts") == [("the note",)]
    assert journal.last_received_at() == "2026-11-22T09:00:00+00:00"
    assert journal.counts() == {"received": 1}


def test_queue_gives_good_files_first_then_marked_then_oldest(journal: Journal) -> None:
    names = [b"new", b"old", b"marked_IMP", b"bad_IMP"]
    files = seen(journal, *(found(name, mtime=50 - n) for n, name in enumerate(names)))
    for file in files:
        attempts = int(b"bad" in file.path)
        listed(journal, journal.advance(file, State.SEEN, attempts=attempts), State.SETTLED)
    order: list[bytes] = []
    taken: set[int] = set()
    while (file := journal.queue(taken, sending=True)) is not None:
        taken.add(file.id)
        order.append(file.path.rsplit(b"/")[-1])
    assert order == [b"marked_IMP", b"old", b"new", b"bad_IMP"]


def test_queue_sends_only_what_a_manifest_lists(journal: Journal) -> None:
    (file,) = seen(journal, found(b"clip"))
    hashed = journal.advance(file, State.HASHED, sha256="a", sm3="b")
    assert journal.queue(set(), sending=True) is None
    listed(journal, hashed, State.HASHED)
    assert journal.queue(set(), sending=True) is not None
    assert journal.queue(set(), sending=False) is None  # nothing to hash


def test_queue_uses_its_index(journal: Journal) -> None:
    """With 10,000 files waiting none of them is sorted to find the next."""
    for query in (journal_module._QUEUE_TO_SEND, journal_module._QUEUE_TO_HASH):
        plan = str(journal.read("EXPLAIN QUERY PLAN " + query))
        assert "files_queue" in plan
        assert "TEMP B-TREE" not in plan


def test_where_a_file_takes_up_its_way(journal: Journal) -> None:
    (file,) = seen(journal, found(b"clip"))
    assert file.resume_state is State.SEEN
    file = journal.advance(file, State.HASHED, sha256="a", sm3="b")
    assert file.resume_state is State.HASHED
    file = journal.advance(file, State.SENDING, upload_path="/api/uploads/1", upload_sha256="a")
    assert file.resume_state is State.SENDING


def test_a_failed_transaction_changes_nothing(journal: Journal) -> None:
    (file,) = seen(journal, found(b"clip"))

    def fail() -> None:
        with journal.transaction() as connection:
            connection.execute("DELETE FROM files")
            connection.execute("DELETE FROM missing")

    with pytest.raises(JournalError, match="no such table"):
        fail()
    assert journal.get(file.id) == file


def test_full_disk_has_its_own_error(journal: Journal) -> None:
    (pages,) = journal.connection.execute("PRAGMA page_count").fetchone()
    journal.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(JournalFullError):
        take_in(journal, Scan(ROOT, [found(b"x" * 200 + b"%d" % n, inode=n) for n in range(999)]))
    assert journal.counts() == {}
    journal.connection.execute("PRAGMA max_page_count = 1073741823")
    assert seen(journal, found(b"clip"))


def test_a_damaged_journal_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"this is no database at all, " * 100)
    with pytest.raises(JournalDamagedError):
        Journal(path)
    journal, aside = open_journal(path)
    assert journal.counts() == {}
    assert aside is not None
    assert aside.read_bytes().startswith(b"this is no database")
    journal.close()
    assert open_journal(path)[1] is None


def test_a_torn_page_is_noticed_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path)
    take_in(journal, Scan(ROOT, [found(b"%d" % n, inode=n) for n in range(2000)]))
    journal.close()
    data = bytearray(path.read_bytes())
    data[5000:9000] = b"\xff" * 4000
    path.write_bytes(data)
    _, aside = open_journal(path)
    assert aside is not None


def test_a_reader_only_reads(journal: Journal) -> None:
    reader = Journal(journal.path, read_only=True)
    assert reader.counts() == {}
    with pytest.raises(JournalError), reader.transaction() as connection:
        connection.execute("DELETE FROM files")
    reader.close()


def test_every_version_is_reached_from_every_earlier_one(tmp_path: Path) -> None:
    for version in range(journal_schema.VERSION + 1):
        connection = sqlite3.connect(tmp_path / f"{version}.db", isolation_level=None)
        for step in journal_schema.STEPS[:version]:
            connection.executescript(step)
        connection.execute(f"PRAGMA user_version = {version}")
        journal_schema.migrate(connection)
        assert journal_schema.version_of(connection) == journal_schema.VERSION
        connection.execute("SELECT known FROM files, manifests, receipts, skipped")
        connection.close()


def test_a_failed_migration_leaves_the_version_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = (*journal_schema.STEPS, "CREATE TABLE more (id); SELECT * FROM missing;")
    monkeypatch.setattr(journal_schema, "STEPS", steps)
    monkeypatch.setattr(journal_schema, "VERSION", len(steps))
    connection = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        journal_schema.migrate(connection)
    assert journal_schema.version_of(connection) == len(steps) - 1
    assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'more'").fetchall()
    connection.close()
