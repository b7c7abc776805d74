"""How far the archive was read again, as the newest verification left it in the log.

Told by its entry, so that the page costs nothing however large the archive: what came in or was
read since then is not in it, and the page says so. Facts are whatever was written; a run without
them, or with others, tells nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from custody.history import HistoryEvent
from custody.ids import looks_like_id
from custody.log.canonical import parse_time
from custody.log.errors import LogError

_COUNTS = ("clips", "bytes", "ever_clips", "ever_bytes", "year_clips", "year_bytes")


@dataclass(frozen=True, slots=True)
class ShownCoverage:
    """What ``event`` says: of ``clips`` so many were ever read again, so many within a year.

    ``oldest`` is the id of the clip that came first (``oldest_at``) of those that never were.
    """

    event: HistoryEvent
    clips: int
    bytes: int
    ever_clips: int
    ever_bytes: int
    year_clips: int
    year_bytes: int
    oldest: str | None = None
    oldest_at: datetime | None = None

    def days(self, now: datetime) -> int:
        """Whole days since the oldest came in."""
        return 0 if self.oldest_at is None else max(0, (now - self.oldest_at) // timedelta(days=1))


def newest_coverage(events: Iterable[HistoryEvent]) -> ShownCoverage | None:
    """That of the first of ``events``, newest first, which tells it."""
    return next((found for event in events if (found := _read(event)) is not None), None)


def percent(part: int, whole: int) -> str:
    """``part`` of ``whole`` with one decimal, rounded down: 100% is all of it, and of nothing."""
    tenths = 1000 if not whole else part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10}%" if tenths % 10 else f"{tenths // 10}%"


def _read(event: HistoryEvent) -> ShownCoverage | None:
    told = event.facts.get("coverage")
    if not event.intact or not isinstance(told, dict):
        return None
    counts = [told.get(name) for name in _COUNTS]
    numbers = tuple(one for one in counts if type(one) is int and one >= 0)
    if len(numbers) != len(_COUNTS):
        return None
    clips, size, ever_clips, ever_bytes, year_clips, year_bytes = numbers
    found = ShownCoverage(event, clips, size, ever_clips, ever_bytes, year_clips, year_bytes)
    oldest, at = told.get("oldest"), told.get("oldest_at")
    if not isinstance(oldest, str) or not looks_like_id(oldest) or not isinstance(at, str):
        return found
    try:
        return replace(found, oldest=oldest, oldest_at=parse_time(at))
    except LogError:
        return found
