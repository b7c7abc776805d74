"""Time limits: from a duration that the size can hold; short at first, and within bounds."""

import pytest

from ingest.limits import (
    CEILING_S,
    FIRST_TRY_S,
    FLOOR_S,
    is_absurd_duration,
    is_absurd_rate,
    time_limit_s,
)

GB = 10**9
MB = 10**6
WEEK_MS = 7 * 24 * 3600 * 1000


@pytest.mark.parametrize(
    ("kind", "duration_ms", "size_bytes", "seconds"),
    [
        ("video", 10_000, 10 * MB, FLOOR_S),
        ("video", 3_600_000, 2_600 * MB, 3600 * 2 + 30),
        ("video", None, 0, FLOOR_S),
        ("video", None, 20_000 * 3600, 3600 * 2 + 30),
        ("video", WEEK_MS, 100_000, FLOOR_S),
        ("video", WEEK_MS, 100 * GB, CEILING_S),
        ("picture", None, 10 * MB, 500 * 2 + 30),
        ("audio", 3_600_000, 30 * MB, 3600 / 4 + 30),
        ("audio", 3_000_000_000, 3 * MB, 3000 / 4 + 30),
    ],
)
def test_the_last_try_gets_what_the_duration_can_need(
    kind: str, duration_ms: int | None, size_bytes: int, seconds: float
) -> None:
    assert time_limit_s(kind, duration_ms, size_bytes, 2) == seconds


def test_the_first_try_is_short_and_the_second_longer() -> None:
    long = ("video", 12 * 3_600_000, 30 * GB)
    limits = [time_limit_s(*long, tries) for tries in range(3)]
    assert limits == [FIRST_TRY_S, FIRST_TRY_S * 8, CEILING_S]
    # A recording of ten minutes: more than three times what it takes on two cores.
    assert time_limit_s("video", 600_000, 400 * MB) == 307.5
    # Whatever a few megabytes claim, they never hold a worker for long.
    assert time_limit_s("audio", WEEK_MS, 3 * MB) <= 195
    assert time_limit_s("video", WEEK_MS, 3 * MB) == FLOOR_S


def test_the_frames_of_an_index_cap_what_a_size_lets_believe() -> None:
    padded = ("video", WEEK_MS, 100 * GB, 2)
    assert time_limit_s(*padded) == CEILING_S
    assert time_limit_s(*padded, 75) == FLOOR_S
    assert time_limit_s(*padded, 10_000) == 30 + 2000
    # An hour of film with sound has so many frames that they cap nothing.
    hour = ("video", 3_600_000, 2_600 * MB, 2)
    assert time_limit_s(*hour, 25 * 3600 + 43 * 3600) == time_limit_s(*hour, None)


def test_no_file_gets_more_than_the_configured_ceiling() -> None:
    longest = ("video", WEEK_MS, 100 * GB)
    assert [time_limit_s(*longest, tries, ceiling_s=900) for tries in range(3)] == [225, 900, 900]
    assert [time_limit_s(*longest, tries, ceiling_s=60) for tries in range(3)] == [60, 60, 60]


@pytest.mark.parametrize(
    ("rate", "absurd"),
    [(0, False), (1, True), (3999, True), (4000, False), (192_000, False), (2**31, True)],
)
def test_a_sample_rate_is_one_of_a_recorder(rate: int, absurd: bool) -> None:
    assert is_absurd_rate(rate) is absurd


def test_a_sound_is_as_long_as_its_bytes_can_be() -> None:
    assert not is_absurd_duration(None, 0)
    assert not is_absurd_duration(3_600_000, 4 * MB)
    assert not is_absurd_duration(5_000, 10)
    assert is_absurd_duration(WEEK_MS, 3 * MB)
