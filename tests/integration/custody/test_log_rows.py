"""The ledger's own statements: what they write is what SQLAlchemy would, and races end well."""

import threading
import time
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from custody.clock import FixedClock
from custody.errors import HistoryAlteredError
from custody.events import EventKind
from custody.ledger import Event, Ledger, build_row
from custody.log_rows import NewRow, log_rows
from custody.tables import log_entries
from storage.database import Database
from tests.services.custody import ALICE

MOMENT = datetime(2026, 11, 22, 9, 36, 21, 5_000, tzinfo=UTC)


def new_row(item: str, details: dict[str, str] | None = None) -> NewRow:
    event = Event(EventKind.LOG_READ, item, {"n": 1}, details or {})
    return build_row(ALICE, event, MOMENT, None)


def test_a_row_is_the_one_that_sqlalchemy_writes(database: Database) -> None:
    ours, theirs = new_row("clip:1", {"purpose": "复核"}), new_row("clip:2", {"purpose": "复核"})
    with database.write() as tx:
        log_rows(tx).insert((ours,))
        tx.execute(sa.insert(log_entries), asdict(theirs))
    # Every cell as the engine has it, which for a time on SQLite is a matter of its spelling.
    cells = [sa.cast(column, sa.LargeBinary) for column in (log_entries.c.at, log_entries.c.idx)]
    if not database.is_sqlite:
        cells = [sa.cast(column, sa.Text) for column in (log_entries.c.at, log_entries.c.idx)]
    with database.read() as tx:
        first, second = tx.execute(sa.select(*cells).order_by(log_entries.c.id)).all()
        assert tuple(first) == tuple(second)
        for row in (ours, theirs):
            found = tx.execute(sa.select(log_entries).where(log_entries.c.item == row.item)).one()
            assert {name: getattr(found, name) for name in asdict(row)} == asdict(row)


def test_a_taken_place_is_noticed(database: Database) -> None:
    with database.write() as tx:
        log_rows(tx).insert((new_row("clip:1"),))
    if not database.is_sqlite:  # on SQLite nobody can have come between
        with database.write() as tx:
            assert not log_rows(tx).insert_unless_taken(new_row("clip:1"))
    with pytest.raises(IntegrityError), database.write() as tx:
        log_rows(tx).insert((new_row("clip:2"), new_row("clip:1")))
    with database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(log_entries)) == 1


def test_who_waited_for_an_item_follows_the_one_who_held_it(
    database: Database, clock: FixedClock
) -> None:
    """The second writer looks while the first one has not committed: its head is out of date."""
    ledger, sequences = Ledger(clock), []

    def second() -> None:
        with database.write() as tx:
            sequences.append(ledger.append(tx, ALICE, Event(EventKind.LOG_READ, "log")).item_seq)

    with database.write() as tx:
        ledger.append(tx, ALICE, Event(EventKind.LOG_READ, "log"))
        thread = threading.Thread(target=second)
        thread.start()
        _wait_until_waiting(database)
        ledger.append(tx, ALICE, Event(EventKind.LOG_READ, "log"))
    thread.join()
    assert sequences == [2]


def _wait_until_waiting(database: Database) -> None:
    if database.is_sqlite:
        return  # writers of one process queue before they look
    waiting = sa.text(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
        "WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
    )
    for _ in range(500):
        with database.read() as tx:
            if tx.scalar(waiting):
                return
        time.sleep(0.02)
    raise AssertionError("the second writer never came")


@pytest.mark.parametrize("change", ["leaf_hash = 'x'", "leaf_hash = 5", "leaf_hash = x'ff'",
                                    "item_seq = 'abc'"])  # fmt: skip
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_follows_an_altered_entry(database: Database, ledger: Ledger, change: str) -> None:
    """SQLite keeps any type in any column."""
    event = Event(EventKind.LOG_READ, "clip:1")
    with database.write() as tx:
        ledger.append(tx, ALICE, event)
        tx.execute(sa.text(f"UPDATE log_entries SET {change}"))
    for events in ([event], [event, Event(EventKind.LOG_READ, "clip:2")]):
        with database.write() as tx, pytest.raises(HistoryAlteredError, match="clip:1"):
            ledger.append_many(tx, ALICE, events)
    with database.write() as tx:
        ledger.append(tx, ALICE, Event(EventKind.LOG_READ, "clip:2"))  # others go on
