"""One agent for one home folder: two would send everything twice and fight over the journal."""

import sys
import time
from pathlib import Path
from typing import BinaryIO

from station_agent.errors import AlreadyRunningError
from station_agent.regular_files import require_regular

LOCK_FILE = "agent.lock"


class HomeLock:
    """Held as long as the process lives, however it ends; a context manager."""

    def __init__(self, home: Path) -> None:
        self._path = home / LOCK_FILE
        self._file: BinaryIO | None = None

    def __enter__(self) -> "HomeLock":
        """Raises `AlreadyRunningError`, or `OSError` where the file can't be made."""
        require_regular(self._path)
        file = self._path.open("a+b")
        for pause_s in (0.05, 0.1, 0.2, None):  # `is_running` holds it for a moment
            try:
                _lock(file.fileno())
                break
            except OSError as error:
                if pause_s is None:
                    file.close()
                    raise AlreadyRunningError(str(self._path.parent)) from error
            time.sleep(pause_s)
        self._file = file
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


if sys.platform != "win32":
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

else:
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)


def is_running(home: Path) -> bool:
    """Whether an agent works with this home folder now."""
    if not (home / LOCK_FILE).exists():
        return False
    try:
        with HomeLock(home):
            return False
    except AlreadyRunningError:
        return True
