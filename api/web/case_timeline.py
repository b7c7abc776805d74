"""A case's recordings on a bar for each officer: when there is one, and when there is none.

Pure: from the case and its clips to percentages of the width. Every day has an axis of its own, to
scale from its first recording to its last: an inspection of an hour and a delivery weeks later are
both readable. Officers whom the case names stand on every day, so that an empty bar shows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from custody.cases import Case, LinkedClip
from custody.recording_times import TimeSource

#: A recorder needs a moment to begin its next file: less between two of them is no gap, and as
#: much of one over the other no overlap.
TOLERANCE = timedelta(seconds=2)
#: Longer than anything that is believed to be one recording.
LONGEST = timedelta(days=7)
#: Marks nearer than this, in percent of the width, become one.
MARK_GAP = 2.0
#: Between two times under the axis, in minutes; the smallest that gives few enough.
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360)
MAX_STEPS = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """A recording, or what of it is on this day: from ``x`` on, ``width`` wide, in percent.

    ``lane`` counts from 0; what an officer recorded at the same time lies in different ones. The
    times are those of the whole recording, also where it goes beyond the day.
    """

    x: float
    width: float
    lane: int
    linked: LinkedClip
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """What has a time and no length (a picture, or nobody knows how long), at ``x`` percent."""

    x: float
    linked: tuple[LinkedClip, ...]

    @property
    def by_hand(self) -> bool:
        return any(_is_by_hand(one) for one in self.linked)


@dataclass(frozen=True, slots=True)
class Gap:
    """Time between two recordings of an officer; ``starts_at`` is the end of the one before."""

    x: float
    width: float
    starts_at: datetime
    ends_at: datetime

    @property
    def duration_ms(self) -> int:
        return _milliseconds(self.ends_at - self.starts_at)


@dataclass(frozen=True, slots=True)
class Bar:
    """One officer's day. ``officer`` is None for clips of which nobody knows whose they are.

    ``named``: by the case. ``recorded_ms`` counts time that two recordings share once.
    """

    officer: str | None
    named: bool
    pieces: tuple[Piece, ...]
    marks: tuple[Mark, ...]
    gaps: tuple[Gap, ...]
    recorded_ms: int

    @property
    def lanes(self) -> int:
        return max((piece.lane + 1 for piece in self.pieces), default=0)

    @property
    def gap_ms(self) -> int:
        return sum(gap.duration_ms for gap in self.gaps)

    @property
    def linked(self) -> tuple[LinkedClip, ...]:
        """All that stands in it."""
        in_marks = (one for mark in self.marks for one in mark.linked)
        return (*(piece.linked for piece in self.pieces), *in_marks)

    @property
    def mark_count(self) -> int:
        return sum(len(mark.linked) for mark in self.marks)


@dataclass(frozen=True, slots=True)
class Tick:
    """A time under the axis, as ``09:30``."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Day:
    """The bars of one day of the bureau; ``date`` is None where neither case nor clip has one."""

    date: date | None
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The days in their order; ``untimed`` are the clips without a time of recording."""

    days: tuple[Day, ...]
    untimed: tuple[LinkedClip, ...]

    @property
    def by_hand(self) -> bool:
        """Whether a time in it is somebody's word and not a recorder's."""
        shown = (one for day in self.days for bar in day.bars for one in bar.linked)
        return any(_is_by_hand(one) for one in shown)


@dataclass(frozen=True, slots=True)
class _Span:
    """What a clip takes up of one day; ``ends_at`` is None where it has no length."""

    linked: LinkedClip
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Axis:
    begin: datetime
    end: datetime
    step: timedelta
    midnight: datetime

    def place(self, moment: datetime) -> float:
        return round(100 * ((moment - self.begin) / (self.end - self.begin)), 3)

    def ticks(self, zone: tzinfo) -> tuple[Tick, ...]:
        count = round((self.end - self.begin) / self.step)
        moments = [self.begin + number * self.step for number in range(count)] + [self.end]
        return tuple(Tick(self.place(moment), self._label(moment, zone)) for moment in moments)

    def _label(self, moment: datetime, zone: tzinfo) -> str:
        return "24:00" if moment == self.midnight else moment.astimezone(zone).strftime("%H:%M")


def build_timeline(case: Case, linked: Sequence[LinkedClip], zone: tzinfo) -> Timeline:
    """The bars of ``case``; days are those of ``zone``, the case's own always one of them."""
    by_day: dict[date, list[_Span]] = {}
    for one in linked:
        for day, span in _spans(one, zone):
            by_day.setdefault(day, []).append(span)
    named = [one.officer for one in case.officers]
    if case.occurred_on is not None and named:
        by_day.setdefault(case.occurred_on, [])
    days = [_day(day, by_day[day], named, zone) for day in sorted(by_day)]
    if not days and named:
        days = [Day(None, (), tuple(_bar(officer, True, [], None) for officer in named))]
    return Timeline(tuple(days), tuple(one for one in linked if one.clip.recorded_at is None))


def _spans(linked: LinkedClip, zone: tzinfo) -> Iterable[tuple[date, _Span]]:
    """A clip parted at midnight."""
    begin, duration_ms = linked.clip.recorded_at, linked.clip.duration_ms
    if begin is None:
        return
    day = begin.astimezone(zone).date()
    begin = begin.astimezone(UTC)
    if not duration_ms or not 0 < duration_ms <= _milliseconds(LONGEST):
        yield day, _Span(linked, begin, None)
        return
    end = begin + timedelta(milliseconds=duration_ms)
    while begin < end:
        next_day = day + timedelta(days=1)
        midnight = _midnight(next_day, zone)
        yield day, _Span(linked, begin, min(end, midnight))
        day, begin = next_day, midnight


def _is_by_hand(linked: LinkedClip) -> bool:
    """Whether its time is somebody's word and not its recorder's."""
    return linked.clip.recorded_at_source is TimeSource.HAND


def _whole(linked: LinkedClip) -> tuple[datetime, datetime]:
    """When a clip that has both a time and a length begins and ends."""
    begin = linked.clip.recorded_at
    assert begin is not None  # noqa: S101 - only such a clip has a span with an end
    return begin, begin + timedelta(milliseconds=linked.clip.duration_ms or 0)


def _day(day: date, spans: Sequence[_Span], named: Sequence[str], zone: tzinfo) -> Day:
    axis = _axis(day, spans, zone) if spans else None
    of_officer: dict[str | None, list[_Span]] = {officer: [] for officer in named}
    for span in sorted(spans, key=lambda span: (span.linked.clip.officer or "", span.starts_at)):
        of_officer.setdefault(span.linked.clip.officer or None, []).append(span)
    unowned = of_officer.pop(None, [])
    bars = [_bar(officer, officer in named, own, axis) for officer, own in of_officer.items()]
    if unowned:
        bars.append(_bar(None, False, unowned, axis))
    return Day(day, axis.ticks(zone) if axis else (), tuple(bars))


def _axis(day: date, spans: Sequence[_Span], zone: tzinfo) -> _Axis:
    """From a round time at or before the first to a round time at or after the last."""
    morning, midnight = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    first = min(span.starts_at for span in spans) - morning
    last = max(span.ends_at or span.starts_at for span in spans) - morning
    for minutes in STEPS:
        step = timedelta(minutes=minutes)
        begin, end = first // step, -(-last // step)
        if end - begin <= MAX_STEPS:
            break
    end = max(end, begin + 1)
    return _Axis(morning + begin * step, min(morning + end * step, midnight), step, midnight)


def _bar(officer: str | None, named: bool, spans: Sequence[_Span], axis: _Axis | None) -> Bar:
    if axis is None:
        return Bar(officer, named, (), (), (), 0)
    pieces: list[Piece] = []
    marks: list[Mark] = []
    gaps: list[Gap] = []
    lanes: list[datetime] = []
    covered: datetime | None = None  # as far as something was recorded
    recorded = timedelta()
    for span in spans:
        x = axis.place(span.starts_at)
        if span.ends_at is None:
            if marks and x - marks[-1].x < MARK_GAP:
                marks[-1] = Mark(marks[-1].x, (*marks[-1].linked, span.linked))
            else:
                marks.append(Mark(x, (span.linked,)))
            continue
        lane = _lane(lanes, span.starts_at, span.ends_at)
        width = round(axis.place(span.ends_at) - x, 3)
        pieces.append(Piece(x, width, lane, span.linked, *_whole(span.linked)))
        if covered is not None and span.starts_at - covered > TOLERANCE:
            place = axis.place(covered)
            gaps.append(Gap(place, round(x - place, 3), covered, span.starts_at))
        begin = span.starts_at if covered is None else max(covered, span.starts_at)
        recorded += max(timedelta(), span.ends_at - begin)
        covered = span.ends_at if covered is None else max(covered, span.ends_at)
    return Bar(officer, named, tuple(pieces), tuple(marks), tuple(gaps), _milliseconds(recorded))


def _lane(lanes: list[datetime], starts_at: datetime, ends_at: datetime) -> int:
    """The first lane that is free by then; ``lanes`` are the times until which each is taken."""
    for lane, taken in enumerate(lanes):
        if taken - starts_at <= TOLERANCE:
            lanes[lane] = ends_at
            return lane
    lanes.append(ends_at)
    return len(lanes) - 1


def _midnight(day: date, zone: tzinfo) -> datetime:
    # In UTC: between two times of one zone Python counts no change of its clocks.
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _milliseconds(length: timedelta) -> int:
    return length // timedelta(milliseconds=1)
