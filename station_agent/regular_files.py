"""Small files of the station's home: regular files only, and nothing that waits.

A named pipe under the name of the key would hold the agent for ever, a device would never end.
"""

import errno
import os
import stat
from pathlib import Path

#: More than any key, configuration or status has.
MAX_SMALL_BYTES = 1 << 20


class NotRegularFileError(OSError):
    """Something that is no regular file stands where a file belongs."""

    def __init__(self, path: Path, found: int) -> None:
        text = f"found {_named(found)}, expected a regular file; set it aside and put the file back"
        super().__init__(errno.EINVAL, text, str(path))

    def __str__(self) -> str:
        return str(self.strerror)


def read_small_file(path: Path) -> bytes:
    """The bytes of the regular file ``path``, at most `MAX_SMALL_BYTES`, without waiting.

    Raises `NotRegularFileError`, else `OSError`.
    """
    require_regular(path)
    # Windows has neither named pipes in its folders nor the first flag, and needs the second.
    flags = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, os.O_RDONLY | flags)
    with os.fdopen(descriptor, "rb") as reader:
        found = os.fstat(descriptor).st_mode  # another one may have come since we looked
        if not stat.S_ISREG(found):
            raise NotRegularFileError(path, found)
        data = reader.read(MAX_SMALL_BYTES + 1)
    if len(data) > MAX_SMALL_BYTES:
        text = f"more than {MAX_SMALL_BYTES} bytes; put the right file back"
        raise OSError(errno.EFBIG, text, str(path))
    return data


def require_regular(path: Path) -> None:
    """Raise `NotRegularFileError` if something else stands under the name of a file."""
    try:
        found = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found):
        raise NotRegularFileError(path, found)


def require_regular_database(path: Path) -> None:
    """The same for an SQLite file and what SQLite opens beside it by itself."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        require_regular(path.with_name(path.name + suffix))


def _named(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"
