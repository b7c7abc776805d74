"""Viewings: in the log before the first byte, counted while they last, closed when they end."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from custody import viewings
from custody.actors import Role
from custody.clock import FixedClock
from custody.errors import (
    ClipNotFoundError,
    DeniedError,
    GrantExpiredError,
    PurposeMissingError,
    PurposeTooLongError,
)
from custody.history import HistoryEvent, history_of
from custody.ledger import Ledger
from custody.log.canonical import format_time
from custody.tables import access_grants, log_entries
from custody.viewings import Grant, GrantKind
from storage.database import Database
from tests.services.custody import ALICE, BOB

CHARLIE = replace(ALICE, id="018f-charlie", name="charlie")


def last_event(database: Database, item: str) -> HistoryEvent:
    with database.read() as tx:
        return history_of(tx, item)[-1]


def granted(grant: Grant) -> dict[str, object]:
    return {"grant": grant.id, "expires_at": format_time(grant.expires_at)}


def test_opening_is_in_the_log_with_its_purpose(
    database: Database, clock: FixedClock, grant: Grant, clip_ids: list[str]
) -> None:
    event = last_event(database, f"clip:{clip_ids[0]}")
    assert (event.kind, event.actor_name) == ("clip.opened", "alice")
    assert event.facts == granted(grant)
    assert event.details["purpose"] == "案件办理"
    assert grant.expires_at == clock.now() + viewings.VIEWING_LIFETIME


def test_a_grant_is_good_for_its_actor_and_its_clip_only(
    database: Database, clock: FixedClock, grant: Grant, clip_ids: list[str]
) -> None:
    with database.read() as tx:
        assert viewings.get_grant(tx, clock, ALICE, grant.id, clip_ids[0]) == grant
        for actor, grant_id, clip_id in (
            (CHARLIE, grant.id, clip_ids[0]),
            (ALICE, grant.id, clip_ids[1]),
            (ALICE, "unknown", clip_ids[0]),
        ):
            with pytest.raises(GrantExpiredError):
                viewings.get_grant(tx, clock, actor, grant_id, clip_id)


def test_a_grant_ends(
    database: Database, clock: FixedClock, grant: Grant, clip_ids: list[str]
) -> None:
    clock.moment = grant.expires_at
    with database.read() as tx, pytest.raises(GrantExpiredError):
        viewings.get_grant(tx, clock, ALICE, grant.id, clip_ids[0])


def test_a_viewing_is_no_download_and_the_other_way_round(
    database: Database, ledger: Ledger, clock: FixedClock, grant: Grant, clip_ids: list[str]
) -> None:
    with database.write() as tx:
        download = viewings.open_download(tx, ledger, clock, ALICE, clip_ids[0], "复制")
        only = {GrantKind.DOWNLOAD}
        assert viewings.get_grant(tx, clock, ALICE, download.id, clip_ids[0], kinds=only)
        with pytest.raises(GrantExpiredError):
            viewings.get_grant(tx, clock, ALICE, grant.id, clip_ids[0], kinds=only)
        with pytest.raises(GrantExpiredError):
            viewings.get_grant(tx, clock, ALICE, download.id, clip_ids[0])
    event = last_event(database, f"clip:{clip_ids[0]}")
    assert (event.kind, event.facts) == ("clip.downloaded", granted(download))


def test_a_listing_shows_thumbnails_of_its_clips(
    database: Database, ledger: Ledger, clock: FixedClock, clip_ids: list[str]
) -> None:
    with database.write() as tx:
        listing = viewings.open_listing(tx, ledger, clock, ALICE, clip_ids, "officer=JX0227")
        for clip_id in clip_ids:
            assert viewings.get_grant(
                tx, clock, ALICE, listing.id, clip_id, kinds={GrantKind.LISTING}
            ) == replace(listing, clip_ids=tuple(clip_ids))
            with pytest.raises(GrantExpiredError):
                viewings.get_grant(tx, clock, ALICE, listing.id, clip_id)
    event = last_event(database, f"user:{ALICE.id}")
    assert (event.kind, event.facts) == ("clips.listed", granted(listing) | {"count": 2})
    assert event.details["query"] == "officer=JX0227"
    assert event.details["clips"] == clip_ids


def test_a_nul_in_a_purpose_is_kept_as_what_can_be_seen(
    database: Database, ledger: Ledger, clock: FixedClock, clip_ids: list[str]
) -> None:
    for open_clip in (viewings.open_viewing, viewings.open_download):
        with database.write() as tx:
            grant = open_clip(tx, ledger, clock, ALICE, clip_ids[0], "复\x00核")
        assert grant.purpose == "复�核"
        assert last_event(database, f"clip:{clip_ids[0]}").details["purpose"] == "复�核"


def test_nothing_opens_without_purpose_right_or_clip(
    database: Database, ledger: Ledger, clock: FixedClock, clip_ids: list[str]
) -> None:
    operator = replace(ALICE, role=Role.OPERATOR)
    with database.write() as tx:
        for open_clip in (viewings.open_viewing, viewings.open_download):
            with pytest.raises(PurposeMissingError):
                open_clip(tx, ledger, clock, ALICE, clip_ids[0], " \n")
            with pytest.raises(PurposeMissingError):
                open_clip(tx, ledger, clock, ALICE, clip_ids[0], "\x00\u200b")
            with pytest.raises(PurposeTooLongError):
                open_clip(tx, ledger, clock, ALICE, clip_ids[0], "复" * 501)
            with pytest.raises(ClipNotFoundError):
                open_clip(tx, ledger, clock, ALICE, "nobody", "复核")
            for actor in (BOB, operator):
                with pytest.raises(DeniedError):
                    open_clip(tx, ledger, clock, actor, clip_ids[0], "复核")
        with pytest.raises(DeniedError):
            viewings.open_listing(tx, ledger, clock, BOB, clip_ids, "")
        assert tx.execute(sa.select(access_grants)).first() is None
        assert len(tx.execute(sa.select(log_entries)).all()) == 2


@pytest.mark.parametrize("kind", [GrantKind.VIEWING, GrantKind.DOWNLOAD, GrantKind.LISTING])
def test_a_row_without_its_entry_opens_nothing(
    database: Database, ledger: Ledger, clock: FixedClock, clip_ids: list[str], kind: GrantKind
) -> None:
    with database.write() as tx:
        listing = viewings.open_listing(tx, ledger, clock, ALICE, clip_ids[:1], "")
        row = {
            "kind": kind.value,
            "actor_id": ALICE.id,
            "clip_id": None if kind is GrantKind.LISTING else clip_ids[1],
            "clip_ids": clip_ids if kind is GrantKind.LISTING else None,
            "purpose": "",
            "opened_at": clock.now(),
            "expires_at": clock.now() + timedelta(hours=1),
        }
        tx.execute(sa.insert(access_grants).values(id="inserted", **row))
        with pytest.raises(GrantExpiredError):
            viewings.get_grant(tx, clock, ALICE, "inserted", clip_ids[1], kinds={kind})
        # Nor does the entry of a grant open a clip that was written into its row afterwards.
        tx.execute(sa.update(access_grants).where(access_grants.c.id == listing.id).values(row))
        with pytest.raises(GrantExpiredError):
            viewings.get_grant(tx, clock, ALICE, listing.id, clip_ids[1], kinds={kind})
