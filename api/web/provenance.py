"""What a clip's own history says of it: who set its time, and whether it fails verification now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from api.web.formats import utc_time
from custody.events import EventKind
from custody.history import HistoryEvent, failed, held


class UnconfirmedDownloadError(Exception):
    """The clip does not verify; whoever downloads it has to say that they know."""


@dataclass(frozen=True, slots=True)
class TimeSource:
    """Where a clip's recording time comes from: its recorder, or the entry that set it by hand.

    Neither where the log no longer shows it.
    """

    by_recorder: bool
    set_by: HistoryEvent | None


def time_source(events: Sequence[HistoryEvent], recorded_at: datetime | None) -> TimeSource:
    """The source of ``recorded_at`` in a clip's ``events`` (oldest first).

    Only what the clip was admitted with is the recorder's; an assignment that left it as it was
    set nothing.
    """
    now = None if recorded_at is None else utc_time(recorded_at)
    admitted = next((event for event in events if event.kind == EventKind.CLIP_ADMITTED), None)
    if now is None:
        return TimeSource(False, None)
    if admitted is not None and admitted.details.get("recorded_at") == now:
        return TimeSource(True, None)
    assigned = [event for event in events if event.kind == EventKind.CLIP_ASSIGNED]
    setting = None
    for event in reversed(assigned):
        if event.details.get("recorded_at") != now:
            break
        setting = event
    return TimeSource(False, setting)


def breach_of(events: Sequence[HistoryEvent]) -> HistoryEvent | None:
    """The entry since which a clip or case does not verify; None where it stands.

    The first verification that found something after the last one that held; else an entry whose
    stored row is not what was appended. A run that could not read everything found nothing.
    ``events`` as `custody.history` gives them: a failure that stands is among them, however old.
    """
    failing = None
    for event in events:
        if held(event):
            failing = None
        elif failed(event) and failing is None:
            failing = event
    return failing or next((event for event in events if not event.intact), None)


def original_held(events: Sequence[HistoryEvent]) -> bool:
    """Whether what fails in a clip's ``events`` is only something made of its original.

    So it is where every verification that failed since the last one that held says so, no entry is
    altered, and none is left out in between, for that one might say otherwise.
    """
    since: list[HistoryEvent] = []
    for event in events:
        if held(event):
            since = []
        elif since or failed(event):
            since.append(event)
    return (
        bool(since)
        and all(event.intact for event in events)
        and all(event.facts.get("original_held") is True for event in since if failed(event))
        and all(after.item_seq == before.item_seq + 1 for before, after in pairwise(since))
    )
