"""Moments as typed: of the calendar, and of the years that recorders' names are believed."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web.moments import MomentError, read_moment
from ingest.filenames import FIRST_YEAR, LAST_YEAR

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_a_moment_is_the_bureaus_unless_it_says_otherwise() -> None:
    wanted = datetime(2026, 11, 22, 9, 21, 38, tzinfo=UTC)
    for typed in ("2026-11-22T17:21:38", " 2026-11-22 17:21:38 ", "2026-11-22T09:21:38+00:00"):
        assert read_moment(typed, SHANGHAI) == wanted
    assert read_moment(" ", SHANGHAI) is None


@pytest.mark.parametrize(
    "typed",
    [
        "9999-12-31T23:59:59",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00",
        "0226-11-22T17:21",
        f"{LAST_YEAR + 1}-01-01T00:00",
        f"{FIRST_YEAR - 1}-12-31T23:59",
        "2026-02-30T10:00",
        "2026-11-22T25:00",
        "yesterday",
    ],
)
def test_what_no_recording_can_have_is_refused(typed: str) -> None:
    with pytest.raises(MomentError):
        read_moment(typed, SHANGHAI)


@given(st.datetimes(timezones=st.none() | st.timezones()).map(datetime.isoformat) | st.text())
def test_anything_typed_is_a_time_that_can_be_shown_or_refused(typed: str) -> None:
    try:
        moment = read_moment(typed, SHANGHAI)
    except MomentError:
        return
    assert moment is None or moment.astimezone(SHANGHAI).tzinfo is SHANGHAI
