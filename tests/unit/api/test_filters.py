"""Fields of a list's address: read, or named with what they should have been."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from api.web.filters import Filters

ZONE = ZoneInfo("Asia/Shanghai")


def filters(**parameters: str) -> Filters:
    return Filters({"day": "", "state": "", "tick": "", "text": "", **parameters}, ZONE)


def test_what_is_empty_asks_nothing() -> None:
    one = filters(text="  ")
    assert one.day("day") is None
    assert one.end_of_day("day") is None
    assert one.choice("state", ("ready",)) is None
    assert not one.tick("tick")
    assert one.text("text") is None
    assert one.unreadable == {}
    assert one.status == 200


def test_what_can_be_read_is() -> None:
    one = filters(day=" 2026-11-22 ", state="ready", tick="1", text=" a ")
    assert one.day("day") == datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert one.end_of_day("day") == datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert one.choice("state", ("ready",)) == "ready"
    assert one.tick("tick")
    assert one.text("text") == "a"
    assert one.status == 200


@pytest.mark.parametrize("day", ["2026-99-99", "yesterday", "0001-01-01", "9999-12-31", "\x00"])
def test_a_day_that_is_none_is_named(day: str) -> None:
    for read in (Filters.day, Filters.end_of_day):
        one = filters(day=day)
        assert read(one, "day") is None
        assert one.unreadable == {"day": "day"}
        assert one.status == 422


def test_a_choice_that_is_none_is_named() -> None:
    one = filters(state="xyz", tick="0")
    assert one.choice("state", ("ready",)) is None
    assert not one.tick("tick")
    assert one.unreadable == {"state": "choice", "tick": "choice"}
    assert one.status == 422
