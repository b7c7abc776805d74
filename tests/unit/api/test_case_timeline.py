"""Where a case's recordings stand on their officers' bars, and what lies between them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api.web.case_timeline import LONGEST, MAX_STEPS, Bar, Day, build_timeline
from custody.cases import Case, CaseOfficer, LinkedClip, Stage
from custody.clips import Clip

ZONE = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 11, 22, 9, 0, tzinfo=ZONE)
DAY = date(2026, 11, 22)
MINUTE = 60.0


def linked(
    officer: str | None,
    after_s: float | None,
    seconds: float | None,
    *,
    begin: datetime = MORNING,
    name: str = "a.mp4",
    kind: str = "video",
    by_hand: bool = False,
) -> LinkedClip:
    recorded_at = None if after_s is None else (begin + timedelta(seconds=after_s)).astimezone(UTC)
    clip = Clip(
        id=name,
        sha256="00" * 32,
        sm3="00" * 32,
        size_bytes=1,
        object_key="",
        name=name,
        name_raw=b"",
        media_kind=kind,
        recorded_at=recorded_at,
        file_modified_at=None,
        officer=officer,
        recorder=None,
        important=False,
        station_id=None,
        station_name=None,
        dock_session_id=None,
        admitted_at=MORNING,
        state="ready",
        reason=None,
        duration_ms=None if seconds is None else round(seconds * 1000),
        media=None,
        recorder_clock_at=None if by_hand else recorded_at,
    )
    return LinkedClip(clip, name, Stage.INVESTIGATION, MORNING, "bob")


def a_case(*officers: str, occurred_on: date | None = DAY) -> Case:
    named = tuple(CaseOfficer(officer) for officer in officers)
    return Case("c", "n", "general", "t", None, occurred_on, MORNING, "bob", named, 0)


def only_day(case: Case, clips: Sequence[LinkedClip]) -> Day:
    [day] = build_timeline(case, clips, ZONE).days
    return day


def only_bar(*clips: LinkedClip) -> Bar:
    [bar] = only_day(a_case("alice"), clips).bars
    return bar


def test_recordings_and_the_gap_between_them_are_to_scale() -> None:
    first = linked("alice", 0, 10 * MINUTE)
    second = linked("alice", 30 * MINUTE, 10 * MINUTE)
    day = only_day(a_case("alice"), [first, second])
    assert day.date == date(2026, 11, 22)
    assert [tick.label for tick in day.ticks] == ["09:00", "09:10", "09:20", "09:30", "09:40"]
    assert [tick.x for tick in day.ticks] == [0, 25, 50, 75, 100]
    [bar] = day.bars
    assert [(piece.x, piece.width, piece.lane) for piece in bar.pieces] == [(0, 25, 0), (75, 25, 0)]
    [gap] = bar.gaps
    assert (gap.x, gap.width, gap.duration_ms) == (25, 50, 20 * 60_000)
    assert (bar.recorded_ms, bar.gap_ms, bar.lanes) == (20 * 60_000, 20 * 60_000, 1)


def test_the_axis_is_round_and_has_few_times_whatever_the_length() -> None:
    for seconds in (1, 59, 61, 3599, 3601, 5 * 3600, 14.9 * 3600):
        ticks = only_day(a_case(), [linked("alice", 17, seconds)]).ticks
        assert 2 <= len(ticks) <= MAX_STEPS + 1
        assert (ticks[0].x, ticks[-1].x) == (0, 100)
        assert ticks[0].label.startswith("0")


def test_files_that_follow_one_another_leave_no_gap() -> None:
    bar = only_bar(*(linked("alice", number * 300, 299) for number in range(3)))
    assert bar.gaps == ()
    assert bar.lanes == 1


def test_what_was_recorded_at_once_lies_in_lanes_and_counts_once() -> None:
    bar = only_bar(
        linked("alice", 0, 600), linked("alice", 300, 60), linked("alice", 601, 60),
        linked("alice", 630, 60),
    )  # fmt: skip
    assert [piece.lane for piece in bar.pieces] == [0, 1, 0, 1]
    assert bar.lanes == 2
    assert bar.gaps == ()
    assert bar.recorded_ms == 689_000


def test_officers_of_the_case_stand_first_in_its_order_then_the_others_then_nobody() -> None:
    clips = [linked(None, 0, 9), linked("zoe", 0, 9), linked("dave", 0, 9), linked("bob", 0, 9)]
    bars = only_day(a_case("charlie", "bob"), clips).bars
    assert [(bar.officer, bar.named, len(bar.pieces)) for bar in bars] == [
        ("charlie", True, 0),
        ("bob", True, 1),
        ("dave", False, 1),
        ("zoe", False, 1),
        (None, False, 1),
    ]


def test_each_day_has_its_own_axis_and_the_cases_own_day_is_never_left_out() -> None:
    case = a_case("alice", "bob", occurred_on=date(2026, 11, 20))
    later = linked("alice", 86_400, 600)
    days = build_timeline(case, [linked("bob", 0, 60), later], ZONE).days
    assert [day.date for day in days] == [date(2026, 11, day) for day in (20, 22, 23)]
    assert (days[0].ticks, [bar.officer for bar in days[0].bars]) == ((), ["alice", "bob"])
    assert [len(bar.pieces) for bar in days[1].bars] == [0, 1]
    assert [len(bar.pieces) for bar in days[2].bars] == [1, 0]


def test_a_recording_over_midnight_is_parted() -> None:
    begin = datetime(2026, 11, 22, 23, 50, tzinfo=ZONE)
    clip = linked("alice", 0, 1200, begin=begin)
    first, second = build_timeline(a_case("alice"), [clip], ZONE).days
    assert (first.ticks[-1].label, second.ticks[0].label) == ("24:00", "00:00")
    for day in (first, second):
        [piece] = day.bars[0].pieces
        assert (piece.x, piece.width) == (0, 100)
        assert piece.linked is clip
        assert (piece.starts_at, piece.ends_at) == (begin, begin + timedelta(seconds=1200))
    exactly = linked("alice", 0, 600, begin=begin)
    assert len(build_timeline(a_case("alice"), [exactly], ZONE).days) == 1


def test_a_day_on_which_clocks_change_is_as_long_as_it_was() -> None:
    zone = ZoneInfo("Europe/Berlin")
    begin = datetime(2026, 10, 25, 1, 0, tzinfo=zone)  # at 3:00 it is 2:00 again
    clip = linked("alice", 0, 4 * 3600, begin=begin)
    [day] = build_timeline(a_case("alice", occurred_on=None), [clip], zone).days
    assert [tick.label for tick in day.ticks] == ["01:00", "02:00", "02:00", "03:00", "04:00"]


@pytest.mark.parametrize("seconds", [None, 0, -1, LONGEST.total_seconds() + 1, 10**14])
def test_what_has_no_believable_length_is_a_mark(seconds: float | None) -> None:
    bar = only_bar(linked("alice", 0, 600), linked("alice", 150, seconds, kind="picture"))
    [mark] = bar.marks
    assert mark.x == 25
    assert len(bar.pieces) == 1


def test_marks_too_near_become_one_and_lose_nothing() -> None:
    bar = only_bar(*(linked("alice", number, None) for number in (0, 1, 30, 60)))
    assert [(mark.x, len(mark.linked)) for mark in bar.marks] == [(0, 2), (50, 1), (100, 1)]
    assert (bar.mark_count, bar.recorded_ms, bar.gaps) == (4, 0, ())


def test_clips_without_a_time_are_listed_and_placed_nowhere() -> None:
    untimed = linked("alice", None, 60)
    timeline = build_timeline(a_case("alice"), [untimed], ZONE)
    assert timeline.untimed == (untimed,)
    assert [bar.pieces for day in timeline.days for bar in day.bars] == [()]


def test_a_case_without_a_day_still_names_its_officers() -> None:
    [day] = build_timeline(a_case("alice", occurred_on=None), [], ZONE).days
    assert (day.date, [bar.officer for bar in day.bars]) == (None, ["alice"])
    assert build_timeline(a_case(), [], ZONE).days == ()


@pytest.mark.parametrize("seconds", [600, None])
def test_a_time_set_by_hand_is_known_as_that(seconds: float | None) -> None:
    clocked, typed = linked("alice", 0, 600), linked("alice", 700, seconds, by_hand=True)
    assert not build_timeline(a_case("alice"), [clocked], ZONE).by_hand
    assert build_timeline(a_case("alice"), [clocked, typed], ZONE).by_hand
    untimed = linked("alice", None, 60, by_hand=True)
    assert not build_timeline(a_case("alice"), [untimed], ZONE).by_hand
