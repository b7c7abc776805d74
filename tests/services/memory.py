"""Where tests keep what is thrown away: in memory, if the system has a folder there with room.

A disk makes every test wait for its fsyncs and for the names of thousands of small files.
"""

import os
import shutil
from pathlib import Path

FOLDER = Path("/dev/shm")
#: A run takes a fraction of it.
ROOM_BYTES = 4 << 30


def memory_folder() -> Path | None:
    """The folder, or None where there is none that would do."""
    try:
        free = shutil.disk_usage(FOLDER).free
    except OSError:
        return None
    return FOLDER if free >= ROOM_BYTES and os.access(FOLDER, os.W_OK) else None
