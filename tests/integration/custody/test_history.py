"""What happened, read back: in order, with names, and honest about rows somebody changed."""

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from custody.clock import FixedClock
from custody.event_filters import EventFilter, count_events
from custody.events import EventKind
from custody.history import (
    MAX_EVENTS,
    HistoryEvent,
    find_event,
    histories_of,
    history_of,
    newest_events,
)
from custody.ledger import Event, Ledger
from custody.log.entry import Json
from custody.publishing.publisher import Publisher
from custody.tables import log_entries
from storage.database import Database
from tests.services.custody import ALICE, BOB, append_events


def test_an_event_is_told_as_it_was(
    database: Database, ledger: Ledger, publisher: Publisher, clock: FixedClock
) -> None:
    clock.moment += timedelta(milliseconds=7)
    opened = Event(EventKind.CLIP_OPENED, "clip:1", {"grant": "g"}, {"purpose": "复核"})
    denied = Event(EventKind.ACCESS_DENIED, "clip:1", {"right": "link"}, outcome="denied")
    with database.write() as tx:
        ledger.append(tx, ALICE, opened)
    publisher.run_once()
    with database.write() as tx:
        ledger.append(tx, BOB, denied)
    with database.read() as tx:
        first, second = history_of(tx, "clip:1")
    assert (first.idx, first.item_seq, first.published, first.intact) == (0, 0, True, True)
    assert (first.kind, first.at, first.outcome) == ("clip.opened", clock.now(), "ok")
    assert (first.actor_id, first.actor_name, first.role, first.origin) == (
        ALICE.id, "alice", "legal", "127.0.0.1",
    )  # fmt: skip
    assert first.facts == {"grant": "g"}
    assert first.details == {"purpose": "复核", "actor_name": "alice"}
    assert (second.idx, second.published, second.intact) == (None, False, True)
    assert (second.actor_name, second.outcome) == ("bob", "denied")


def test_numbered_is_not_published(
    database: Database, ledger: Ledger, publisher: Publisher
) -> None:
    with database.write() as tx:
        append_events(tx, ledger, ["log"])
    publisher.run_once()
    with database.write() as tx:
        append_events(tx, ledger, ["log"])
        tx.execute(log_entries.update().where(log_entries.c.idx.is_(None)).values(idx=1))
        assert [event.published for event in history_of(tx, "log")] == [True, False]


def test_of_a_long_history_the_newest(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        append_events(tx, ledger, ["clip:1"] * 5 + ["clip:2"])
    with database.read() as tx:
        assert [event.item_seq for event in history_of(tx, "clip:1", limit=3)] == [2, 3, 4]
        found = histories_of(tx, ["clip:1", "clip:2", "clip:3"], limit=2)
        assert history_of(tx, "clip:3") == []
    assert {item: [event.item_seq for event in events] for item, events in found.items()} == {
        "clip:1": [3, 4],
        "clip:2": [0],
        "clip:3": [],
    }


def run_of(item: str, findings: int, unchecked: int = 0) -> Event:
    facts: dict[str, Json] = {"findings": findings, "unchecked": unchecked}
    kind, outcome = EventKind.VERIFICATION_RUN, "failed" if findings else "ok"
    return Event(kind, item, facts, outcome=outcome)


def test_a_failure_that_stands_is_told_however_old(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        ledger.append(tx, ALICE, run_of("clip:1", 9))  # held since, so it is history
        ledger.append(tx, ALICE, run_of("clip:1", 0))
        for item in ("clip:1", "clip:2"):
            ledger.append(tx, ALICE, run_of(item, 1))
            ledger.append(tx, ALICE, run_of(item, 2))
            ledger.append(tx, ALICE, run_of(item, 0, unchecked=1))  # read nothing, settles nothing
            append_events(tx, ledger, [item] * MAX_EVENTS)
        ledger.append(tx, ALICE, run_of("clip:2", 0))
        append_events(tx, ledger, ["clip:3"] * 5)
    with database.read() as tx:
        first, second = history_of(tx, "clip:1")[:2]
        assert (first.facts["findings"], first.item_seq, second.item_seq) == (1, 2, 5)
        assert len(history_of(tx, "clip:2")) == MAX_EVENTS
        found = histories_of(tx, ["clip:1", "clip:2", "clip:3"], limit=3)
    assert {item: [event.item_seq for event in events] for item, events in found.items()} == {
        "clip:1": [2, 1002, 1003, 1004],
        "clip:2": [1001, 1002, 1003],
        "clip:3": [2, 3, 4],
    }


def test_a_failure_among_the_newest_is_told_once_and_from_its_first(
    database: Database, ledger: Ledger
) -> None:
    with database.write() as tx:
        for findings in (1, 2, 3):
            ledger.append(tx, ALICE, run_of("clip:1", findings))
            append_events(tx, ledger, ["clip:1"])
    with database.read() as tx:
        assert [event.item_seq for event in history_of(tx, "clip:1", limit=2)] == [0, 4, 5]
        assert [event.item_seq for event in history_of(tx, "clip:1", limit=6)] == [0, 1, 2, 3, 4, 5]


def test_a_failure_is_looked_up_by_its_own_index(database: Database, ledger: Ledger) -> None:
    statements = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    with database.write() as tx:
        append_events(tx, ledger, ["clip:1"] * 3)
    sa.event.listen(database.engine, "before_cursor_execute", note)
    with database.read() as tx:
        history_of(tx, "clip:1", limit=2)
    # An index of some rows only is of use where the statement itself says which.
    assert "kind = 'verification.run'" in statements[-1]


def test_the_newest_of_the_whole_log(
    database: Database, ledger: Ledger, publisher: Publisher
) -> None:
    with database.write() as tx:
        append_events(tx, ledger, ["clip:1", "clip:2", "clip:1"])
        ledger.append(tx, BOB, Event(EventKind.VERIFICATION_RUN, "log"))
    publisher.run_once()
    with database.write() as tx:
        append_events(tx, ledger, ["clip:1"])  # pending, so not listed
        assert [event.idx for event in newest_events(tx)] == [3, 2, 1, 0]
        assert [event.idx for event in newest_events(tx, before=3, limit=2)] == [2, 1]
        assert [event.idx for event in newest_events(tx, EventFilter(kind="verification.run"))] == [
            3
        ]
        assert [event.idx for event in newest_events(tx, EventFilter(actor_ids=[ALICE.id]))] == [
            2,
            1,
            0,
        ]
        for wanted, indexes in (
            (EventFilter(items=["clip:1", "log"]), [3, 2, 0]),
            (EventFilter(items=[]), []),
            (EventFilter(sort="clip"), [2, 1, 0]),
            (EventFilter(other_sort="clip"), [3]),
        ):
            assert [event.idx for event in newest_events(tx, wanted)] == indexes
            assert count_events(tx, wanted, 100) == len(indexes)
        assert count_events(tx, EventFilter(), 100) == 4
        assert count_events(tx, EventFilter(), 2) == 3  # more than were to be counted
        event = find_event(tx, 1)
        assert find_event(tx, 4) is None
    assert event is not None
    assert (event.item, event.item_seq) == ("clip:2", 0)


def test_what_somebody_changed_is_not_intact(database: Database, ledger: Ledger) -> None:
    changes: list[Callable[[bytes], dict[str, object]]] = [
        lambda entry: {"entry": entry.replace(b'"ok"', b'"failed"')},
        lambda entry: {"entry": b"\x00 nothing"},
        lambda _: {"leaf_hash": bytes(32)},
        lambda _: {"kind": "clip.downloaded"},
        lambda _: {"details": '{"actor_name":"bob","purpose":"复核"}'},
        lambda _: {"details": "not json"},
        lambda _: {"details": "[]"},
        lambda _: {"details": None, "salt": None},
        lambda _: {"salt": bytes(32)},
        lambda _: {"salt": b"short"},
    ]
    opened = Event(EventKind.CLIP_OPENED, "clip:1", details={"purpose": "复核"})
    with database.write() as tx:
        ledger.append(tx, ALICE, opened)
    for change in changes:
        with database.engine.connect() as tx:
            entry = tx.scalar(sa.select(log_entries.c.entry))
            tx.execute(log_entries.update().values(change(bytes(entry or b""))))
            [event] = history_of(tx, "clip:1")
            tx.rollback()
        assert not event.intact
    with database.read() as tx:
        assert [event.intact for event in history_of(tx, "clip:1")] == [True]


def test_details_added_to_an_entry_without_any(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        ledger.append(tx, ALICE, Event(EventKind.LOG_READ, "log"))
        tx.execute(log_entries.update().values(details='{"actor_name":"bob"}'))
        assert [event.intact for event in history_of(tx, "log")] == [False]


def test_details_are_not_destroyed_because_a_row_says_so(
    database: Database, ledger: Ledger, clock: FixedClock
) -> None:
    with database.write() as tx:
        append_events(tx, ledger, ["log"])
        tx.execute(
            log_entries.update().values(
                details=None,
                salt=None,
                details_destroyed_at=clock.now(),
                details_destroyed_under="个人信息保护法 47",
            )
        )
        [event] = history_of(tx, "log")
    assert (event.details, event.actor_name) == ({}, "")
    assert not event.intact
    assert isinstance(event, HistoryEvent)
