"""Time limits: from the duration, with a floor, and no container can claim its way out."""

import pytest

from ingest.limits import CEILING_S, FLOOR_S, time_limit_s

GB = 10**9


@pytest.mark.parametrize(
    ("duration_ms", "size_bytes", "seconds"),
    [
        (10_000, 10_000_000, FLOOR_S),
        (3_600_000, 2_600_000_000, 3600 * 4 + 30),
        (None, 0, FLOOR_S),
        (None, 50_000 * 3600, 3600 * 4 + 30),
        (7 * 24 * 3600 * 1000, 100_000, FLOOR_S),
        (7 * 24 * 3600 * 1000, 100 * GB, CEILING_S),
    ],
)
def test_the_limit_follows_the_duration(
    duration_ms: int | None, size_bytes: int, seconds: float
) -> None:
    assert time_limit_s(duration_ms, size_bytes) == seconds
