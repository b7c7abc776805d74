"""When a recording was made: whose word that is, and what of a person's word is believed. Pure.

A recorder's own clock is never judged: one that is ten years off is an ordinary recorder, and what
it said stays as it came. What a person types instead can be asked for more.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from custody.errors import RecordingTimeAheadError, RecordingTimeEarlyError

#: The clocks of the archive and of whoever types may differ, and zones: further ahead is a slip.
FURTHEST_AHEAD = timedelta(days=1)
#: Nobody wore a recorder before.
FIRST_RECORDERS = datetime(2000, 1, 1, tzinfo=UTC)


class TimeSource(StrEnum):
    """Who says when a recording was made."""

    RECORDER = "recorder"  # its own clock, by the name of the file it was admitted under
    HAND = "hand"  # a person who assigned it


def require_believable(moment: datetime, now: datetime) -> None:
    """Return if a person may say at ``now`` that a recording was made at ``moment``.

    Raises `RecordingTimeAheadError`, `RecordingTimeEarlyError`.
    """
    if moment > now + FURTHEST_AHEAD:
        raise RecordingTimeAheadError(moment.isoformat())
    if moment < FIRST_RECORDERS:
        raise RecordingTimeEarlyError(moment.isoformat())
