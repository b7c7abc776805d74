"""Times that an entry can't be of, told without a time-stamping authority."""

from datetime import UTC, datetime, timedelta

import pytest

from custody.clock import FixedClock
from custody.verification.findings import Finding
from custody.verification.findings import FindingCode as C
from tests.tamper import destruction_attacks as made
from tests.tamper.worlds import World

DAY = timedelta(days=1)


def clock_of(world: World) -> FixedClock:
    clock = world.services.clock
    assert isinstance(clock, FixedClock)
    return clock


def append_at(world: World, moment: datetime) -> None:
    clock = clock_of(world)
    before, clock.moment = clock.moment, moment
    made.go_on(world)
    clock.moment = before


def times(world: World) -> list[Finding]:
    return [one for one in world.verify().findings if one.code == C.ENTRY_TIME]


def test_a_time_to_come_or_long_gone_is_named(world: World) -> None:
    now = clock_of(world).now()
    append_at(world, now + 30 * DAY)
    append_at(world, now + 30 * DAY)  # of several the first
    [to_come] = world.verify().findings
    assert to_come.code == C.ENTRY_TIME
    assert to_come.entry_index is not None
    assert "has not come yet" in to_come.message
    append_at(world, now)
    found = times(world)
    assert [one.entry_index for one in found] == [to_come.entry_index, to_come.entry_index + 2]
    assert "long before that of the entry ahead" in found[1].message
    made.pass_time(world)  # the time that was to come has passed
    assert [one.entry_index for one in times(world)] == [to_come.entry_index + 2]


def test_a_clock_that_was_corrected_by_hours_is_no_finding(world: World) -> None:
    now = clock_of(world).now()
    append_at(world, now + timedelta(hours=20))
    assert world.verify().findings == []
    append_at(world, now)
    assert world.verify().findings == []


def test_a_destruction_ahead_of_its_time_is_named_for_ever(world: World) -> None:
    made.forge_to_come(world)
    made.pass_time(world)
    made.pass_time(world)
    made.go_on(world)
    codes = {one.code for one in world.verify().findings}
    assert codes == {
        C.DESTRUCTION_FORBIDDEN,
        C.DETAILS_ALTERED,
        C.DETAILS_MISSING,
        C.ENTRY_TIME,
    }


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_small_steps_back_do_not_hide_it(world: World) -> None:
    clock = clock_of(world)
    today = clock.moment
    made.forge()(world)
    while clock.moment > today + DAY:
        clock.moment -= timedelta(hours=23)
        made.append(world)
    clock.moment = today
    made.go_on(world)
    made.pass_time(world)
    assert {one.code for one in world.verify().findings} >= {C.DESTRUCTION_FORBIDDEN}
    assert times(world) == []


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_a_clock_that_fell_back_to_its_first_day_takes_no_destruction_back(world: World) -> None:
    """As after its battery died: what it says then is named, and proves nothing of the others."""
    made.destroy(world)
    append_at(world, datetime(2020, 1, 1, tzinfo=UTC))
    [finding] = world.verify().findings
    assert finding.code == C.ENTRY_TIME
