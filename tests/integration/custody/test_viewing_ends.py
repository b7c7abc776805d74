"""How viewings end: closed a little after their time, with what was sent under them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from custody import viewings
from custody.clock import FixedClock
from custody.errors import GrantExpiredError
from custody.history import history_of
from custody.ledger import Ledger
from custody.tables import access_grants
from custody.viewing_ends import CLOSING_GRACE, close_expired, forget_listings
from custody.viewings import Grant
from storage.database import Database
from tests.services.custody import ALICE


def test_what_is_sent_lands_in_the_closing_entry(
    database: Database, ledger: Ledger, clock: FixedClock, grant: Grant, clip_ids: list[str]
) -> None:
    for _ in range(3):
        with database.write() as tx:
            viewings.count_bytes(tx, grant.id, 2, 5_000_000_000)
    clock.moment = grant.expires_at
    with database.write() as tx:
        viewings.count_bytes(tx, grant.id, 0, 1)  # was begun in time
        assert close_expired(tx, ledger, clock) == 0
    clock.moment += CLOSING_GRACE
    with database.write() as tx:
        assert close_expired(tx, ledger, clock) == 1
        assert close_expired(tx, ledger, clock) == 0
    with database.read() as tx:
        event = history_of(tx, f"clip:{clip_ids[0]}")[-1]
    assert event.kind == "clip.viewed"
    assert event.facts == {
        "grant": grant.id, "kind": "viewing", "requests": 6, "bytes_sent": 15_000_000_001,
    }  # fmt: skip
    assert event.details["viewer"] == ALICE.id
    with pytest.raises(GrantExpiredError), database.write() as tx:
        viewings.count_bytes(tx, grant.id, 1, 1)


def test_many_are_closed_with_few_statements(
    database: Database, ledger: Ledger, clock: FixedClock, clip_ids: list[str]
) -> None:
    with database.write() as tx:
        for n in range(12):
            viewings.open_viewing(tx, ledger, clock, ALICE, clip_ids[n % 2], "复核")
            viewings.open_listing(tx, ledger, clock, ALICE, clip_ids, "")
    clock.moment += timedelta(days=1)
    statements: list[str] = []
    sa.event.listen(
        database.engine, "before_cursor_execute", lambda *args: statements.append(args[2])
    )
    with database.write() as tx:
        assert close_expired(tx, ledger, clock, limit=20) == 20
    assert len(statements) <= 4
    with database.write() as tx:
        assert close_expired(tx, ledger, clock, limit=20) == 4
    with database.read() as tx:
        closings = [
            event
            for clip_id in clip_ids
            for event in history_of(tx, f"clip:{clip_id}")
            if event.kind == "clip.viewed"
        ]
        assert tx.scalar(sa.select(sa.func.count()).where(access_grants.c.closed_at.is_(None))) == 0
    assert len({event.facts["grant"] for event in closings}) == len(closings) == 12


def test_only_listings_that_ended_are_forgotten(
    database: Database, ledger: Ledger, clock: FixedClock, clip_ids: list[str]
) -> None:
    with database.write() as tx:
        listing = viewings.open_listing(tx, ledger, clock, ALICE, clip_ids, "officer=JX0227")
        viewing = viewings.open_viewing(tx, ledger, clock, ALICE, clip_ids[0], "案件办理")
        both = [listing.id, viewing.id]
        assert forget_listings(tx, both, clock.now()) == 0
        clock.moment += timedelta(days=1)
        assert forget_listings(tx, both, clock.now()) == 1
        assert forget_listings(tx, [], clock.now()) == 0
