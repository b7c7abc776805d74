"""Rows that say a look was logged already, or that an ended one goes on: nobody looks unlogged."""

from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from custody.clock import FixedClock
from custody.viewing_ends import close_expired
from tests.tamper.test_served import open_clip
from tests.tamper.worlds import World


def execute(world: World, statement: str, **values: object) -> None:
    with world.services.database.write() as tx:
        assert tx.execute(sa.text(statement), values).rowcount >= 1


def readings(world: World) -> int:
    """How often the log was read, as it says itself."""
    with world.services.database.read() as tx:
        return tx.scalar(sa.text("SELECT count(*) FROM log_entries WHERE kind = 'log.read'")) or 0


def clock_of(world: World) -> FixedClock:
    clock = world.services.clock
    assert isinstance(clock, FixedClock)
    return clock


def test_turning_pages_is_one_entry_a_minute(world: World, clerk: httpx.Client) -> None:
    before = readings(world)
    for _ in range(3):
        assert clerk.get("/log").status_code == 200
    assert readings(world) == before + 1
    clock_of(world).moment += timedelta(minutes=1)
    assert clerk.get("/log").status_code == 200
    assert readings(world) == before + 2


def test_a_row_alone_does_not_say_that_a_reading_has_its_entry(
    world: World, clerk: httpx.Client
) -> None:
    zone = "" if world.services.database.engine.dialect.name == "sqlite" else "+00:00"
    for ahead in (timedelta(days=36_500), timedelta(0), timedelta(seconds=-30)):
        clock_of(world).moment += timedelta(minutes=2)
        before = readings(world)
        moment = clock_of(world).moment + ahead
        at = moment.replace(tzinfo=None).isoformat(" ", "microseconds")
        execute(world, "UPDATE sign_in_sessions SET log_read_at = :at", at=at + zone)
        assert clerk.get("/log").status_code == 200
        assert readings(world) == before + 1, ahead


def test_an_entry_with_a_query_is_no_entry_of_turning_pages(
    world: World, clerk: httpx.Client
) -> None:
    before = readings(world)
    assert clerk.get("/log?kind=clip.opened").status_code == 200
    at = "(SELECT max(at) FROM log_entries WHERE kind = 'log.read')"
    execute(world, f"UPDATE sign_in_sessions SET log_read_at = {at}")
    assert clerk.get("/log").status_code == 200
    assert readings(world) == before + 2


@pytest.mark.parametrize("hidden", [False, True])
def test_a_viewing_that_ended_is_not_opened_again_by_its_row(
    world: World, clerk: httpx.Client, hidden: bool
) -> None:
    services, clip_id = world.services, world.clip_ids[0]
    viewing = open_clip(clerk, clip_id)
    stream = f"/clips/{clip_id}/stream?viewing={viewing}"
    assert clerk.get(stream).status_code == 200
    with services.database.write() as tx:
        grant = sa.text("SELECT expires_at, closed_at FROM access_grants WHERE id = :id")
        ends = tx.execute(grant, {"id": viewing}).one().expires_at
    # The sweep is made to end it before its time, and its row is put back as it was.
    change = "UPDATE access_grants SET expires_at = :at WHERE id = :id"
    execute(world, change.replace(":at", "opened_at"), id=viewing)
    clock_of(world).moment += timedelta(minutes=6)
    with services.database.write() as tx:
        assert close_expired(tx, services.ledger, services.clock) >= 1
    execute(world, change, at=ends, id=viewing)
    execute(world, "UPDATE access_grants SET closed_at = NULL WHERE id = :id", id=viewing)
    if hidden:  # and what would tell is made unreadable
        execute(
            world,
            "UPDATE log_entries SET leaf_hash = salt "
            "WHERE kind = 'clip.viewed' AND item = :item AND idx IS NULL",
            item=f"clip:{clip_id}",
        )
    assert clerk.get(stream).status_code == 403
    another = open_clip(clerk, clip_id)
    assert clerk.get(f"/clips/{clip_id}/stream?viewing={another}").status_code == 200
