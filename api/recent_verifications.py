"""The last verifications for the page: runs over a whole, and checks of single clips apart."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from custody.event_filters import EventFilter
from custody.events import EventKind
from custody.history import HistoryEvent, failed, newest_events, pending_events

RUN = EventKind.VERIFICATION_RUN.value
#: So many runs over a whole are listed, and so many checks of single clips.
LAST_RUNS = 20
#: Checks of one day are counted up to here.
MAX_SINGLE = 200
#: A run leaves an entry on each item with findings; past so many of them nobody looks further.
MAX_LOOKED_AT = 1000
_PAGE = 250


@dataclass(frozen=True, slots=True)
class RecentRuns:
    """The newest first. ``whole``: of everything, of the log, of a case. ``single``: of one clip.

    Those whose entry has no index yet stand among them.
    ``today`` counts the checks of single clips since the day began and ``today_failed`` those of
    them that found something; ``today_more``: there were more than were counted.
    """

    whole: list[HistoryEvent]
    single: list[HistoryEvent]
    today: int
    today_failed: int
    today_more: bool


def recent_runs(tx: Connection, day_began_at: datetime) -> RecentRuns:
    """What was verified last. What a run left on the items it found broken is no run of its own."""

    def is_run(event: HistoryEvent) -> bool:
        return "run" not in event.facts

    whole = _collect(tx, EventFilter(kind=RUN, other_sort="clip"), LAST_RUNS, is_run)
    single = _collect(tx, EventFilter(kind=RUN, sort="clip"), MAX_SINGLE + 1, is_run)
    today = [event for event in single[:MAX_SINGLE] if event.at >= day_began_at]
    return RecentRuns(
        whole,
        single[:LAST_RUNS],
        len(today),
        sum(map(failed, today)),
        len(single) > MAX_SINGLE and single[MAX_SINGLE].at >= day_began_at,
    )


def _collect(
    tx: Connection, wanted: EventFilter, limit: int, is_wanted: Callable[[HistoryEvent], bool]
) -> list[HistoryEvent]:
    # A run that is said to be done is in the list, also in the second before it is numbered.
    found = [*filter(is_wanted, pending_events(tx, wanted, limit))]
    before = None
    for _ in range(MAX_LOOKED_AT // _PAGE):
        page = newest_events(tx, wanted, before=before, limit=_PAGE)
        found += filter(is_wanted, page)
        if len(page) < _PAGE or len(found) >= limit:
            break
        before = page[-1].idx
    return found[:limit]
