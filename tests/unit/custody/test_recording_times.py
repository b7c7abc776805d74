"""What somebody types is asked for more than what a recorder's clock said."""

from datetime import UTC, datetime, timedelta

import pytest

from custody.errors import RecordingTimeAheadError, RecordingTimeEarlyError
from custody.recording_times import FIRST_RECORDERS, FURTHEST_AHEAD, require_believable

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
MOMENT = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "moment", [NOW, NOW + FURTHEST_AHEAD, NOW - timedelta(days=3650), FIRST_RECORDERS]
)
def test_what_can_have_been_recorded_is_believed(moment: datetime) -> None:
    require_believable(moment, NOW)


@pytest.mark.parametrize("moment", [NOW + FURTHEST_AHEAD + MOMENT, NOW.replace(year=2036)])
def test_nothing_was_recorded_in_the_future(moment: datetime) -> None:
    with pytest.raises(RecordingTimeAheadError, match="more than a day"):
        require_believable(moment, NOW)


@pytest.mark.parametrize("moment", [FIRST_RECORDERS - MOMENT, NOW.replace(year=1970)])
def test_nothing_was_recorded_before_there_were_recorders(moment: datetime) -> None:
    with pytest.raises(RecordingTimeEarlyError, match="before there were recorders"):
        require_believable(moment, NOW)
