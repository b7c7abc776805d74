"""Numbering: contiguous, in order of commit as far as an item goes, nothing lost."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from custody.errors import HistoryAlteredError
from custody.ledger import Ledger
from custody.log.canonical import MAX_INTEGER
from custody.log.entry import ActorSnapshot, Entry
from custody.log.merkle import hash_leaf
from custody.publishing.sequencer import newest_pending, pending_count, sequence
from custody.tables import log_entries, log_state
from storage.database import Database
from tests.services.custody import append_events


def numbered(database: Database) -> list[tuple[int | None, str, int]]:
    with database.read() as tx:
        rows = tx.execute(
            sa.select(log_entries.c.idx, log_entries.c.item, log_entries.c.item_seq).order_by(
                log_entries.c.id
            )
        )
        return [(row.idx, row.item, row.item_seq) for row in rows]


def test_an_empty_log_has_nothing_to_number(database: Database) -> None:
    with database.write() as tx:
        assert sequence(tx, 10) == 0
        assert pending_count(tx) == 0
    with database.read() as tx:
        assert tx.execute(sa.select(log_state)).one() == (1, 0, 0)


def test_entries_are_numbered_in_their_order(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        append_events(tx, ledger, ["clip:1", "clip:2", "clip:1"])
    with database.write() as tx:
        assert sequence(tx, 10) == 3
    assert numbered(database) == [(0, "clip:1", 0), (1, "clip:2", 0), (2, "clip:1", 1)]


def test_a_limit_leaves_the_rest_for_later(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        append_events(tx, ledger, ["log"] * 5)
    for expected, left in ((2, 3), (2, 1), (1, 0), (0, 0)):
        with database.write() as tx:
            assert sequence(tx, 2) == expected
            assert pending_count(tx) == left
    assert [row[0] for row in numbered(database)] == [0, 1, 2, 3, 4]
    with database.read() as tx:
        assert tx.scalar(sa.select(log_state.c.sequenced)) == 5


def test_a_number_never_changes(database: Database, ledger: Ledger) -> None:
    for _ in range(3):
        with database.write() as tx:
            append_events(tx, ledger, ["log", "service"])
        with database.write() as tx:
            sequence(tx, 100)
    before = numbered(database)
    with database.write() as tx:
        assert sequence(tx, 100) == 0
    assert numbered(database) == before
    assert [row[0] for row in before] == list(range(6))


def test_a_numbering_that_is_rolled_back_leaves_nothing(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        append_events(tx, ledger, ["log"])
    with database.engine.connect() as connection:
        sequence(connection, 10)
        connection.rollback()
    with database.read() as tx:
        assert pending_count(tx) == 1


def put(database: Database, item: str, item_seq: int) -> None:
    """A well-formed entry that follows none: whoever writes the database can append it."""
    actor = ActorSnapshot("x", "admin", "password", "x")
    at = datetime(2026, 11, 22, tzinfo=UTC)
    prev = "0" * 64 if item_seq else None
    entry = Entry("log.read", item, item_seq, prev, at, actor, "ok", {}, None).encode()
    with database.write() as tx:
        tx.execute(
            log_entries.insert().values(
                leaf_hash=hash_leaf(entry),
                entry=entry,
                kind="log.read",
                item=item,
                item_seq=item_seq,
                actor_id="x",
                at=at,
            )
        )


def test_what_follows_nothing_gets_no_number_and_holds_nothing_up(
    database: Database, ledger: Ledger
) -> None:
    with database.write() as tx:
        append_events(tx, ledger, ["log", "clip:1"])
    for item in ("log", "clip:1", "user:1"):
        put(database, item, MAX_INTEGER)
    put(database, "log", 7)
    put(database, "log", 8)  # follows one that follows none
    astray = [("log", MAX_INTEGER), ("clip:1", MAX_INTEGER), ("user:1", MAX_INTEGER)]
    with database.write() as tx:
        assert sequence(tx, 100) == 2
        assert newest_pending(tx) is not None  # the 8: that the 7 follows none is not looked at
        append_events(tx, ledger, ["clip:2", "user:2", "clip:2"])
    # Of its own item nothing goes on while it lies there: what took its place could not be told.
    with pytest.raises(HistoryAlteredError), database.write() as tx:
        append_events(tx, ledger, ["clip:1"])
    with database.write() as tx:
        assert sequence(tx, 100) == 3
        assert sequence(tx, 100) == 0
    rows = numbered(database)
    assert [row for row in rows if row[0] is not None] == [
        *[(0, "log", 0), (1, "clip:1", 0), (2, "clip:2", 0)],
        *[(3, "user:2", 0), (4, "clip:2", 1)],
    ]
    left = [row[1:] for row in rows if row[0] is None]
    assert left == [*astray, ("log", 7), ("log", 8)]
    # It has no number and is in no tree: whoever takes it out has mended the history.
    with database.write() as tx:
        astray_row = (log_entries.c.item == "clip:1") & log_entries.c.idx.is_(None)
        tx.execute(log_entries.delete().where(astray_row))
        append_events(tx, ledger, ["clip:1"])
        assert sequence(tx, 100) == 1


def test_more_that_follow_nothing_than_a_batch_hold_nothing_up(
    database: Database, ledger: Ledger
) -> None:
    for item in ("clip:1", "clip:2", "clip:3"):
        put(database, item, 9)
    with database.write() as tx:
        append_events(tx, ledger, ["log", "log"])
    with database.write() as tx:
        assert sequence(tx, 2) == 2
        assert newest_pending(tx) is None


def test_a_late_commit_is_not_passed_over(database: Database, ledger: Ledger) -> None:
    if database.is_sqlite:
        # One writer at a time: rows can't commit out of the order of their ids.
        with database.write() as tx:
            append_events(tx, ledger, ["clip:1", "clip:2"])
            assert sequence(tx, 10) == 2
        return
    with database.write() as late:
        append_events(late, ledger, ["clip:1"])
        with database.write() as early:
            append_events(early, ledger, ["clip:2"])
        with database.write() as tx:
            assert sequence(tx, 10) == 1
    with database.write() as tx:
        assert sequence(tx, 10) == 1
    assert numbered(database) == [(1, "clip:1", 0), (0, "clip:2", 0)]
