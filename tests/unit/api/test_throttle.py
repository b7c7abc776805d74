"""How long somebody waits after wrong passwords."""

from datetime import UTC, datetime, timedelta

from api.auth.throttle import LONGEST_WAIT_S, WINDOW, wait_after

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def tries(count: int, *, ago_s: float = 0) -> list[datetime]:
    return [NOW - timedelta(seconds=ago_s)] * count


def test_the_free_tries_cost_nothing() -> None:
    assert wait_after(tries(4), 5, NOW) == 0
    assert wait_after([], 5, NOW) == 0


def test_each_further_one_doubles_the_wait() -> None:
    assert [wait_after(tries(count), 5, NOW) for count in (5, 6, 7, 8)] == [2, 4, 8, 16]


def test_nobody_is_locked_out_for_good() -> None:
    assert wait_after(tries(10_000), 5, NOW) == LONGEST_WAIT_S


def test_the_wait_runs_from_the_last_failure() -> None:
    assert wait_after(tries(7, ago_s=5.5), 5, NOW) == 3
    assert wait_after(tries(7, ago_s=8), 5, NOW) == 0


def test_old_failures_are_forgotten() -> None:
    assert wait_after(tries(100, ago_s=WINDOW.total_seconds()), 5, NOW) == 0
