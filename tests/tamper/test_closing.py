"""One viewing that can't be closed stops no other one, nor anything else the service does."""

import logging
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from api.worker import Worker
from custody import viewing_ends, viewings
from custody.clock import FixedClock
from custody.errors import GrantExpiredError
from custody.history import history_of
from custody.verification.findings import FindingCode
from custody.verification.reports import Report
from tests.tamper.test_served import open_clip
from tests.tamper.worlds import LEGAL, World

BEYOND = 2**53


def execute(world: World, statement: str, **values: object) -> None:
    with world.services.database.write() as tx:
        assert tx.execute(sa.text(statement), values).rowcount >= 1


def open_viewings(world: World) -> list[str]:
    """A viewing of each clip; the ids of the grants."""
    services = world.services
    with services.database.write() as tx:
        return [
            viewings.open_viewing(tx, services.ledger, services.clock, LEGAL, clip_id, "复核").id
            for clip_id in world.clip_ids
        ]


def close(world: World) -> int:
    services = world.services
    assert isinstance(services.clock, FixedClock)
    services.clock.moment += timedelta(hours=1)
    with services.database.write() as tx:
        return viewing_ends.close_expired(tx, services.ledger, services.clock)


def closings(world: World) -> dict[str, dict[str, object]]:
    """The facts of every closing entry, by grant."""
    found = {}
    with world.services.database.read() as tx:
        for clip_id in world.clip_ids:
            for event in history_of(tx, f"clip:{clip_id}"):
                if event.kind == "clip.viewed":
                    found[str(event.facts["grant"])] = dict(event.facts)
    return found


def altered_grants(report: Report) -> list[str]:
    codes = [one for one in report.findings if one.code == FindingCode.GRANT_ALTERED]
    return [f"{one.subject} {one.found}" for one in codes]


@pytest.mark.parametrize("number", [BEYOND, 2**63 - 1, -1])
def test_a_number_that_no_entry_holds_closes_as_unknown_and_is_found(
    world: World, number: int
) -> None:
    grants = open_viewings(world)
    assert world.verify().good
    execute(world, "UPDATE access_grants SET requests = :n WHERE id = :id", n=number, id=grants[0])
    [found] = altered_grants(world.verify())
    assert found.startswith(f"grant:{grants[0]} requests: {number}")
    assert close(world) == 3
    told = closings(world)
    assert [told[one]["requests"] for one in grants] == [None, 0, 0]
    assert told[grants[0]]["bytes_sent"] == 0
    assert [one.startswith(f"grant:{grants[0]}") for one in altered_grants(world.verify())] == [
        True
    ]


def test_a_history_that_cannot_go_on_keeps_its_own_viewings_open_and_no_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    grants = open_viewings(world)
    stuck = world.clip_ids[1]
    execute(
        world,
        "UPDATE log_entries SET item_seq = :n WHERE id = "
        "(SELECT max(id) FROM log_entries WHERE item = :item)",
        n=2**53 - 1,
        item=f"clip:{stuck}",
    )
    with caplog.at_level(logging.WARNING, "liuhen.viewings"):
        assert close(world) == 2
    [told] = caplog.messages
    assert told.startswith(f"1 ended viewings can't be closed; the first is {grants[1]}")
    assert set(grants) & set(closings(world)) == {grants[0], grants[2]}
    assert close(world) == 0
    assert world.verify().findings


def test_many_that_cannot_be_closed_do_not_stand_before_the_others(world: World) -> None:
    services = world.services
    stuck, free = world.clip_ids[:2]
    with services.database.write() as tx:
        for clip_id in [stuck] * 7 + [free]:
            viewings.open_viewing(tx, services.ledger, services.clock, LEGAL, clip_id, "复核")
    execute(
        world,
        "UPDATE log_entries SET item_seq = :n WHERE id = "
        "(SELECT max(id) FROM log_entries WHERE item = :item)",
        n=2**53 - 1,
        item=f"clip:{stuck}",
    )
    assert isinstance(services.clock, FixedClock)
    services.clock.moment += timedelta(hours=1)
    with services.database.write() as tx:
        assert viewing_ends.close_expired(tx, services.ledger, services.clock, limit=3) == 1


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_an_id_that_no_statement_takes_stops_no_other(world: World) -> None:
    grants = open_viewings(world)
    execute(world, "UPDATE access_grants SET id = CAST(x'ff' AS TEXT) WHERE id = :id", id=grants[2])
    execute(
        world,
        "UPDATE log_entries SET item_seq = :n WHERE id = "
        "(SELECT max(id) FROM log_entries WHERE item = :item)",
        n=2**53 - 1,
        item=f"clip:{world.clip_ids[1]}",
    )
    assert close(world) == 1
    assert grants[0] in closings(world)


@pytest.mark.parametrize(
    "change",
    [
        "requests = requests + 1",
        "bytes_sent = 0",
        "closed_at = NULL",
        "closed_at = '2030-01-01 00:00:00'",
    ],
)
def test_a_closed_viewing_says_what_its_last_entry_says(world: World, change: str) -> None:
    execute(world, f"UPDATE access_grants SET {change} WHERE kind = 'viewing'")
    [found] = altered_grants(world.verify())
    assert change.partition(" ")[0] in found


def test_a_viewing_that_was_closed_without_its_entry_is_found(world: World) -> None:
    grants = open_viewings(world)
    execute(world, "UPDATE access_grants SET closed_at = opened_at WHERE id = :id", id=grants[2])
    [found] = altered_grants(world.verify())
    assert found.startswith(f"grant:{grants[2]} closed_at")


@pytest.mark.parametrize("number", [BEYOND - 1, 2**63 - 1, -5])
def test_a_counter_that_counts_no_further_opens_nothing(
    world: World, clerk: httpx.Client, number: int
) -> None:
    clip_id = world.clip_ids[0]
    viewing = open_clip(clerk, clip_id)
    execute(world, "UPDATE access_grants SET requests = :n WHERE id = :id", n=number, id=viewing)
    answer = clerk.get(f"/clips/{clip_id}/stream?viewing={viewing}")
    assert answer.status_code == 403
    with pytest.raises(GrantExpiredError), world.services.database.write() as tx:
        viewings.count_bytes(tx, viewing, 1, 1)


def test_the_lowest_number_there_is_stops_no_page(world: World, clerk: httpx.Client) -> None:
    clip_id = world.clip_ids[0]
    viewing = open_clip(clerk, clip_id)
    execute(
        world,
        "UPDATE log_entries SET item_seq = :n WHERE item = :item AND item_seq = 0",
        n=-(2**63),
        item=f"clip:{clip_id}",
    )
    assert clerk.get(f"/clips/{clip_id}/stream?viewing={viewing}").status_code < 500


def test_the_parts_of_the_sweep_are_loops_of_their_own(world: World) -> None:
    worker = Worker(world.services)
    names = {thread.name for thread in worker._threads}
    assert {"liuhen-viewings", "liuhen-work", "liuhen-uploads"} <= names
