"""Refusals: in the log before they are answered, and there even if the request fails."""

import pytest
import sqlalchemy as sa

from custody.access import Access, Right
from custody.actors import Actor, Role, Via
from custody.clock import FixedClock
from custody.errors import DeniedError
from custody.history import history_of
from custody.ledger import Ledger
from custody.tables import log_entries
from storage.database import Database
from tests.services.custody import ALICE, BOB

STRANGER = Actor("anonymous", Role.ANONYMOUS, Via.NONE, "203.0.113.9")


@pytest.fixture
def access(database: Database, ledger: Ledger, clock: FixedClock) -> Access:
    return Access(database, ledger, clock)


def test_what_is_allowed_leaves_no_entry(database: Database, access: Access) -> None:
    access.require(ALICE, Right.SEE_FOOTAGE, "clip:1")
    with database.read() as tx:
        assert tx.execute(sa.select(log_entries)).first() is None


def test_a_refusal_is_in_the_log(database: Database, access: Access) -> None:
    with pytest.raises(DeniedError, match="see_footage"):
        access.require(BOB, Right.SEE_FOOTAGE, "clip:1")
    with database.read() as tx:
        [event] = history_of(tx, "clip:1")
    assert (event.kind, event.outcome, event.actor_name) == ("access.denied", "denied", "bob")
    assert event.facts == {"right": "see_footage"}


@pytest.mark.parametrize("subject", ["clip:../../etc", "clip:\x00\ud800", "x" * 5000, ""])
def test_a_refusal_about_nonsense_is_in_the_log_too(
    database: Database, access: Access, subject: str
) -> None:
    for actor, item in ((BOB, f"user:{BOB.id}"), (STRANGER, "anonymous")):
        with pytest.raises(DeniedError):
            access.require(actor, Right.LINK, subject)
        with database.read() as tx:
            [event] = history_of(tx, item)
        assert event.intact
        assert len(str(event.details["subject"])) < 2000


def test_without_the_log_the_refusal_is_an_error_and_not_a_yes(
    database: Database, access: Access
) -> None:
    with database.write() as tx:
        log_entries.drop(tx)
    with pytest.raises(sa.exc.DBAPIError):
        access.require(BOB, Right.SEE_FOOTAGE, "clip:1")
