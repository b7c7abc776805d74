"""Details that are due go, in whole batches, and nothing else does."""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.clock import FixedClock
from custody.details.destroying import DetailsDestroyer, Tally
from custody.details.due import Due, nothing_held
from custody.details.rules import DetailsRule
from custody.errors import DetailsStandError
from custody.events import LOG_ITEM, EventKind
from custody.history import events_of
from custody.ledger import Event, Ledger
from custody.publishing.publisher import Publisher
from custody.tables import log_entries
from storage.database import Database
from tests.services.custody import ALICE

RULE = DetailsRule("lists", (EventKind.LOG_READ.value,), 184)
PLACE = f"user:{ALICE.id}"
COUNT = 7


class StoppedError(Exception):
    """Somebody stopped the command."""


@pytest.fixture
def destroyer(
    database: Database, ledger: Ledger, clock: FixedClock, publisher: Publisher
) -> DetailsDestroyer:
    """Over a log of seven old readings, a viewing of the same age, and a young reading."""
    with database.write() as tx:
        for number in range(COUNT):
            read = Event(EventKind.LOG_READ, PLACE, {}, {"who": f"looked for {number}"})
            ledger.append(tx, ALICE, read)
        event = Event(EventKind.CLIP_OPENED, "clip:1", {}, {"purpose": "案件审核"})
        ledger.append(tx, ALICE, event)
    publisher.run_once()
    clock.moment += timedelta(days=185)
    with database.write() as tx:
        ledger.append(tx, ALICE, Event(EventKind.LOG_READ, PLACE, {}, {"who": "young"}))
    publisher.run_once()
    return DetailsDestroyer(database, ledger, clock, batch=3)


def standing(database: Database) -> list[str]:
    """The details there are of readings, in their order."""
    with database.read() as tx:
        events = events_of(tx, PLACE, [EventKind.LOG_READ])
    assert all(event.intact for event in events)
    return [str(event.details["who"]) for event in events if event.gone is None]


def destructions(database: Database) -> list[list[int]]:
    """What each entry says that it destroyed."""
    with database.read() as tx:
        events = events_of(tx, LOG_ITEM, [EventKind.DETAILS_DESTROYED])
    return [list(event.facts["indexes"]) for event in events]  # type: ignore[arg-type]


def test_it_goes_in_batches_and_once(database: Database, destroyer: DetailsDestroyer) -> None:
    tally = destroyer.destroy(ALICE, RULE)
    assert (tally.count, tally.entries, tally.altered, tally.was) == (COUNT, 3, 0, None)
    assert destructions(database) == [[0, 1, 2], [3, 4, 5], [6]]
    assert standing(database) == ["young"]
    with database.read() as tx:
        [opened] = events_of(tx, "clip:1", [EventKind.CLIP_OPENED])
        assert opened.details["purpose"] == "案件审核"
        gone = sa.select(log_entries.c.salt, log_entries.c.details).where(log_entries.c.idx < COUNT)
        assert {tuple(row) for row in tx.execute(gone)} == {(None, None)}
    again = destroyer.destroy(ALICE, RULE)
    assert (again.count, again.entries, again.changes_rule) == (0, 0, False)
    assert len(destructions(database)) == 3


def test_a_dry_run_says_what_would_go_and_writes_nothing(
    database: Database, destroyer: DetailsDestroyer, clock: FixedClock
) -> None:
    tally = destroyer.plan(RULE)
    assert (tally.count, tally.newly, tally.by_kind) == (COUNT, COUNT, {"log.read": COUNT})
    assert standing(database)[0] == "looked for 0"
    with database.read() as tx:
        assert events_of(tx, LOG_ITEM, list(EventKind)) == []
    slow = DetailsRule("lists", RULE.kinds, 1000)
    destroyer.destroy(ALICE, slow)  # sets the rule, and nothing is due
    clock.moment += timedelta(days=1000)
    tally = destroyer.plan(RULE)  # shorter than what is in force
    assert (tally.was, tally.count) == (slow, COUNT + 1)
    assert tally.newly == 1  # the young one: nothing but the change destroys it


def test_what_changed_waits_for_a_hand(database: Database, destroyer: DetailsDestroyer) -> None:
    assert destroyer.destroy(ALICE, RULE, may_set=False).changes_rule
    assert len(standing(database)) == COUNT + 1
    destroyer.destroy(ALICE, DetailsRule("lists", RULE.kinds, 400))
    assert destroyer.destroy(ALICE, RULE, may_set=False).count == 0
    destroyer.destroy(ALICE, RULE)
    assert destroyer.destroy(ALICE, RULE, may_set=False).changes_rule is False
    assert standing(database) == ["young"]


def test_stopped_between_batches_it_goes_on(
    database: Database, destroyer: DetailsDestroyer
) -> None:
    def stop(_: Tally) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        destroyer.destroy(ALICE, RULE, stop)
    assert len(standing(database)) == COUNT + 1 - 3
    assert destroyer.destroy(ALICE, RULE).count == COUNT - 3
    assert destructions(database) == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_batch_is_whole_or_is_not(
    database: Database,
    ledger: Ledger,
    clock: FixedClock,
    destroyer: DetailsDestroyer,
) -> None:
    """A kill inside the transaction, and a database that keeps what it was told to let go."""

    class Dying(Ledger):
        def append(self, tx, actor, event):  # type: ignore[no-untyped-def]
            appended = super().append(tx, actor, event)
            if event.kind is EventKind.DETAILS_DESTROYED:
                raise StoppedError
            return appended

    with pytest.raises(StoppedError):
        DetailsDestroyer(database, Dying(clock), clock).destroy(ALICE, RULE)
    assert (len(standing(database)), destructions(database)) == (COUNT + 1, [])

    class Backward(Ledger):
        def _now(self):  # type: ignore[no-untyped-def]
            return super()._now() - timedelta(hours=1)

    with pytest.raises(DetailsStandError, match="younger"):
        DetailsDestroyer(database, Backward(clock), clock).destroy(ALICE, RULE)
    assert (len(standing(database)), destructions(database)) == (COUNT + 1, [])


def test_what_is_held_or_altered_stays(
    database: Database, ledger: Ledger, clock: FixedClock, destroyer: DetailsDestroyer
) -> None:
    def holds(tx: Connection, due: Sequence[Due]) -> Collection[int]:
        assert not nothing_held(tx, due)
        return [one.index for one in due if one.index in (1, 5)]

    with database.write() as tx:
        details = log_entries.update().values(details='{"who":"somebody else"}')
        tx.execute(details.where(log_entries.c.idx == 3))
        tx.execute(log_entries.update().values(salt=None).where(log_entries.c.idx == 4))
    tally = DetailsDestroyer(database, ledger, clock, holds=holds, batch=3).destroy(ALICE, RULE)
    assert (tally.count, tally.held, tally.altered) == (3, 2, 2)
    assert destructions(database) == [[0, 2], [6]]
    assert destroyer.plan(RULE).altered == 2


def test_what_is_not_published_stays(
    database: Database, ledger: Ledger, clock: FixedClock, publisher: Publisher
) -> None:
    with database.write() as tx:
        ledger.append(tx, ALICE, Event(EventKind.LOG_READ, PLACE, {}, {"who": "pending"}))
    clock.moment += timedelta(days=400)
    destroyer = DetailsDestroyer(database, ledger, clock)
    assert destroyer.destroy(ALICE, RULE).count == 0
    publisher.run_once()
    assert destroyer.destroy(ALICE, RULE).count == 1


def test_nothing_of_it_is_left_in_the_file(
    database: Database, destroyer: DetailsDestroyer, ledger: Ledger, clock: FixedClock
) -> None:
    """Of SQLite: neither in a page nor in the journal; other details stand where they stood."""
    if not database.is_sqlite:
        assert destroyer.destroy(ALICE, RULE).journal_cut is False  # its server's business
        return
    path = Path(str(database.url.database))
    assert destroyer.destroy(ALICE, RULE).journal_cut
    left = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    assert b"looked for" not in left
    assert "案件审核".encode() in left
    assert b"young" in left
    # Whoever reads meanwhile needs the pages of then.
    with database.write() as tx:
        ledger.append(tx, ALICE, Event(EventKind.LOG_READ, PLACE, {}, {"who": "later"}))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM log_entries").fetchone()
    clock.moment += timedelta(days=200)
    try:
        assert destroyer.destroy(ALICE, RULE).journal_cut is False
    finally:
        reader.close()
    assert destroyer.destroy(ALICE, RULE).journal_cut
