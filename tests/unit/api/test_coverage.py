"""What the page of verifications says was read again, and what it makes of other facts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.web.coverage import newest_coverage, percent
from custody.history import HistoryEvent
from custody.log.canonical import Json
from tests.unit.api.test_provenance import EVENT

CLIP = "0193533c-0000-7000-8000-000000000001"
TOLD: dict[str, Json] = {
    "clips": 4,
    "bytes": 40,
    "ever_clips": 3,
    "ever_bytes": 30,
    "year_clips": 2,
    "year_bytes": 20,
    "oldest": CLIP,
    "oldest_at": "2026-11-22T09:21:38.123Z",
}


def run(**told: Any) -> HistoryEvent:
    return replace(EVENT, kind="verification.run", facts={"coverage": TOLD | told})


def test_the_newest_that_tells_is_shown() -> None:
    without = replace(EVENT, facts={"scope": "log"})
    found = newest_coverage([without, run(), run(clips=9)])
    assert found is not None
    assert (found.clips, found.ever_clips, found.year_bytes, found.oldest) == (4, 3, 20, CLIP)
    assert found.oldest_at == datetime(2026, 11, 22, 9, 21, 38, 123000, tzinfo=UTC)
    assert found.days(found.oldest_at + timedelta(days=40, hours=23)) == 40
    assert found.days(found.oldest_at - timedelta(days=1)) == 0
    assert newest_coverage([without]) is None


@pytest.mark.parametrize("name", ["clips", "year_bytes"])
@pytest.mark.parametrize("value", [None, -1, True, "4", [4]])
def test_counts_that_are_none_tell_nothing(name: str, value: Json) -> None:
    assert newest_coverage([run(**{name: value})]) is None
    assert newest_coverage([replace(EVENT, facts={"coverage": [value]})]) is None


def test_an_altered_entry_tells_nothing() -> None:
    assert newest_coverage([replace(run(), intact=False)]) is None


@pytest.mark.parametrize(
    ("oldest", "at"), [(None, None), ("../x", "2026-11-22T09:21:38.123Z"), (CLIP, "yesterday")]
)
def test_an_oldest_that_is_none_is_left_out(oldest: str | None, at: str | None) -> None:
    found = newest_coverage([run(oldest=oldest, oldest_at=at)])
    assert found is not None
    assert (found.oldest, found.oldest_at) == (None, None)


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 0, "100%"), (0, 3, "0%"), (1, 3, "33.3%"), (9999, 10_000, "99.9%"), (7, 7, "100%")],
)
def test_nothing_is_rounded_up_to_all(part: int, whole: int, said: str) -> None:
    assert percent(part, whole) == said
