"""Appending: in the transaction of the change, chained per item, with details committed to."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Row

from custody.actors import Actor, Role, Via
from custody.clock import FixedClock
from custody.events import EventKind
from custody.ledger import Event, Ledger
from custody.log.entry import Entry, commit_details
from custody.log.errors import EntryError
from custody.log.merkle import hash_leaf
from custody.tables import log_entries
from storage.database import Database
from tests.services.custody import ALICE, STATION, append_events


def rows_of(database: Database, item: str) -> Sequence[Row[Any]]:
    with database.read() as tx:
        return tx.execute(
            sa.select(log_entries)
            .where(log_entries.c.item == item)
            .order_by(log_entries.c.item_seq)
        ).all()


def test_an_entry_says_what_its_row_says(database: Database, ledger: Ledger) -> None:
    event = Event(EventKind.CLIP_OPENED, "clip:1", {"grant": "g"}, {"purpose": "复核"})
    with database.write() as tx:
        appended = ledger.append(tx, ALICE, event)
    [row] = rows_of(database, "clip:1")
    entry = Entry.decode(row.entry)
    assert row.idx is None
    assert appended.leaf_hash == row.leaf_hash == hash_leaf(row.entry)
    assert (entry.kind, entry.item, entry.item_seq) == (row.kind, row.item, row.item_seq)
    assert (entry.at, entry.actor.id) == (row.at, row.actor_id)
    assert (entry.item_prev, entry.facts, entry.outcome) == (None, {"grant": "g"}, "ok")


def test_details_stand_beside_the_entry_and_are_committed_to(
    database: Database, ledger: Ledger
) -> None:
    event = Event(EventKind.CLIP_OPENED, "clip:1", details={"purpose": "复核"})
    with database.write() as tx:
        ledger.append(tx, ALICE, event)
    [row] = rows_of(database, "clip:1")
    details = json.loads(row.details)
    assert details == {"purpose": "复核", "actor_name": "alice"}
    assert Entry.decode(row.entry).commitment == commit_details(details, row.salt)
    assert "alice" not in row.entry.decode().replace(ALICE.id, "")


def test_without_details_there_is_nothing_to_commit_to(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        ledger.append(tx, STATION, Event(EventKind.LOG_READ, "log"))
    [row] = rows_of(database, "log")
    assert (row.salt, row.details, Entry.decode(row.entry).commitment) == (None, None, None)


def test_the_time_is_cut_to_the_millisecond(
    database: Database, ledger: Ledger, clock: FixedClock
) -> None:
    clock.moment += timedelta(microseconds=123_987)
    with database.write() as tx:
        ledger.append(tx, ALICE, Event(EventKind.LOG_READ, "log"))
    [row] = rows_of(database, "log")
    assert row.at.microsecond == 123_000
    assert Entry.decode(row.entry).at == row.at


def test_entries_of_an_item_follow_each_other(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        append_events(tx, ledger, ["clip:1", "clip:2", "clip:1"])
    with database.write() as tx:
        ledger.append(tx, ALICE, Event(EventKind.LOG_READ, "clip:1"))
        append_events(tx, ledger, ["clip:2", "clip:1", "clip:1"])
    for item, length in (("clip:1", 5), ("clip:2", 2)):
        rows = rows_of(database, item)
        assert [row.item_seq for row in rows] == list(range(length))
        previous = [None, *(row.leaf_hash.hex() for row in rows)]
        assert [Entry.decode(row.entry).item_prev for row in rows] == previous[:-1]


def test_the_appended_tell_where_they_stand(database: Database, ledger: Ledger) -> None:
    events = [Event(EventKind.LOG_READ, item) for item in ("clip:2", "clip:1", "clip:2")]
    with database.write() as tx:
        appended = ledger.append_many(tx, ALICE, events)
    assert [(one.item, one.item_seq) for one in appended] == [
        ("clip:2", 0),
        ("clip:1", 0),
        ("clip:2", 1),
    ]


def test_nothing_to_append_is_fine(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        assert ledger.append_many(tx, ALICE, []) == []


def test_a_change_that_fails_leaves_no_entry(database: Database, ledger: Ledger) -> None:
    def change() -> None:
        with database.write() as tx:
            ledger.append(tx, ALICE, Event(EventKind.LOG_READ, "log"))
            raise RuntimeError("the change failed")

    with pytest.raises(RuntimeError, match="the change failed"):
        change()
    assert not rows_of(database, "log")


UNWRITABLE = [
    Event(EventKind.LOG_READ, "log", facts={"share": 0.5}),  # type: ignore[dict-item]
    Event(EventKind.LOG_READ, "log", details={"schlüssel": 1}),
    Event(EventKind.LOG_READ, "log", details={"text": "\ud800"}),
    Event(EventKind.LOG_READ, "log", facts={"much": "x" * 70_000}),
    Event(EventKind.LOG_READ, "log", outcome="perhaps"),
]


def test_what_cannot_be_written_canonically_fails_the_change(
    database: Database, ledger: Ledger
) -> None:
    for event in UNWRITABLE:
        with pytest.raises(EntryError), database.write() as tx:
            ledger.append(tx, ALICE, event)
    assert not rows_of(database, "log")


def test_what_is_no_item_is_refused(database: Database, ledger: Ledger) -> None:
    for item in ("", "clip:", "clip:a b", "clip:../x", "clip:录像", "clip:" + "x" * 101):
        with pytest.raises(ValueError, match="not an item"), database.write() as tx:
            ledger.append(tx, ALICE, Event(EventKind.LOG_READ, item))


def test_an_actor_without_an_address_can_act(database: Database, ledger: Ledger) -> None:
    actor = Actor("worker", Role.SYSTEM, Via.SERVICE, "")
    with database.write() as tx:
        ledger.append(tx, actor, Event(EventKind.SERVICE_STARTED, "service"))
    [row] = rows_of(database, "service")
    assert Entry.decode(row.entry).actor.origin == "unknown"
