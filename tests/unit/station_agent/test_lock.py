"""One agent for one home folder."""

from pathlib import Path

import pytest

from station_agent.errors import AlreadyRunningError
from station_agent.lock import HomeLock, is_running


def test_the_second_one_is_refused(tmp_path: Path) -> None:
    assert not is_running(tmp_path)
    with HomeLock(tmp_path):
        assert is_running(tmp_path)
        with pytest.raises(AlreadyRunningError), HomeLock(tmp_path):
            raise AssertionError("two agents")
    assert not is_running(tmp_path)
    with HomeLock(tmp_path):
        assert is_running(tmp_path)
