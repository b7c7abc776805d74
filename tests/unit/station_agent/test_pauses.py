"""Growing pauses, by a clock that the test moves."""

import pytest

from station_agent.pauses import Pauses, backoff


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pauses(clock: Clock) -> Pauses:
    """With a jitter of one half: each pause is three quarters of its longest."""
    return Pauses(file_s=(2.0, 600.0), server_s=(1.0, 30.0), now=clock, jitter=lambda: 0.5)


def test_backoff_doubles_up_to_its_longest() -> None:
    assert [backoff(n, 2.0, 60.0, 0.0) for n in (1, 2, 3, 6, 10_000)] == [2, 4, 8, 60, 60]
    assert [backoff(2, 2.0, 60.0, jitter) for jitter in (0.25, 0.5, 0.75)] == [3.5, 3, 2.5]


def test_a_held_file_waits(pauses: Pauses, clock: Clock) -> None:
    pause = pauses.hold(7, 3)
    assert pause == 6
    assert pauses.held() == {7}
    clock.now += pause
    assert pauses.held() == set()
    assert pauses.hold(7, 1, seconds=0.5) == 0.5


def test_failures_of_one_outage_are_one(pauses: Pauses, clock: Clock) -> None:
    assert pauses.server_failed("cut") is True
    first = pauses.server_wait_s()
    assert first == 0.75
    assert pauses.server_failed("cut again") is False
    assert pauses.server_wait_s() == first
    assert pauses.trouble == "cut again"
    clock.now += first
    pauses.server_failed("still")
    assert pauses.server_wait_s() == 1.5


def test_two_stations_do_not_come_back_in_step() -> None:
    """Unless a test says otherwise, nobody knows the jitter before."""
    assert len({Pauses().hold(1, 5) for _ in range(20)}) > 1


def test_what_the_server_asks_for_is_kept(pauses: Pauses, clock: Clock) -> None:
    pauses.server_failed("busy", retry_after_s=120)
    assert pauses.server_wait_s() == 120
    pauses.server_failed("cut")  # comes in late and shortens nothing
    assert pauses.server_wait_s() == 120
    clock.now += 60
    pauses.server_failed("busy", retry_after_s=90)
    assert pauses.server_wait_s() == 90


def test_an_answer_ends_it(pauses: Pauses) -> None:
    assert pauses.server_answered() is False
    pauses.server_failed("cut")
    assert pauses.server_answered() is True
    assert pauses.server_wait_s() == 0
    assert pauses.trouble is None


def test_when_the_next_pause_ends(pauses: Pauses, clock: Clock) -> None:
    assert pauses.next_end_s() is None
    pauses.hold(1, 1, seconds=5)
    pauses.server_failed("busy", retry_after_s=3)
    assert pauses.next_end_s() == 3
    clock.now += 3
    assert pauses.next_end_s() == 2
