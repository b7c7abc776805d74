"""Files of the station's home: a pipe or a folder in their place is named, and nobody waits."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from station_agent.config import load_config
from station_agent.enrolment import ENROLMENT_FILE, KEY_FILE, load_enrolment, load_key
from station_agent.errors import ConfigError, JournalError, StationError, StationKeyError
from station_agent.journal import Journal
from station_agent.lock import LOCK_FILE, HomeLock
from station_agent.regular_files import MAX_SMALL_BYTES, NotRegularFileError, read_small_file
from station_agent.status import STATUS_FILE, load_status
from station_agent.trust import TRUST_FILE, read_alarm

READERS: list[tuple[str, Callable[[Path], object], type[StationError]]] = [
    ("station.toml", lambda home: load_config(home / "station.toml"), ConfigError),
    (KEY_FILE, load_key, StationKeyError),
    (ENROLMENT_FILE, load_enrolment, StationKeyError),
    (TRUST_FILE, read_alarm, StationKeyError),
    ("journal.db", lambda home: Journal(home / "journal.db"), JournalError),
    ("journal.db-wal", lambda home: Journal(home / "journal.db"), JournalError),
]
IN_THE_WAY: dict[str, Callable[[Path], None]] = {
    "a named pipe": lambda path: os.mkfifo(path, 0o600),
    "a folder": lambda path: path.mkdir(mode=0o700),
}


@pytest.mark.parametrize("kind", IN_THE_WAY)
@pytest.mark.parametrize(("name", "read", "error"), READERS, ids=[row[0] for row in READERS])
def test_what_is_no_file_is_named(
    tmp_path: Path,
    kind: str,
    name: str,
    read: Callable[[Path], object],
    error: type[StationError],
) -> None:
    IN_THE_WAY[kind](tmp_path / name)
    with pytest.raises(error, match=f"found {kind}, expected a regular file"):
        read(tmp_path)


def test_a_lock_is_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / LOCK_FILE)
    with pytest.raises(NotRegularFileError), HomeLock(tmp_path):
        raise AssertionError("held")


def test_a_status_that_is_a_pipe_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / STATUS_FILE)
    assert load_status(tmp_path) is None


def test_a_file_without_an_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.truncate(tmp_path / "file", 1 << 40)
    with pytest.raises(OSError, match=f"more than {MAX_SMALL_BYTES} bytes"):
        read_small_file(tmp_path / "file")
