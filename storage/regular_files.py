"""Small files of a home, by whoever put them there: regular files only, and nothing that waits.

A named pipe under the name of a key would hold every command for ever, a device would never end.
"""

import errno
import os
import stat
from pathlib import Path

#: More than any key, configuration or memory of a signer has.
MAX_SMALL_BYTES = 1 << 20


class NotRegularFileError(OSError):
    """Something that is no regular file stands where a file belongs."""

    def __init__(self, path: Path, found: int) -> None:
        text = f"found {_named(found)}, expected a regular file; set it aside and put the file back"
        super().__init__(errno.EINVAL, text, str(path))

    def __str__(self) -> str:
        return str(self.strerror)


def open_regular_file(path: Path, flags: int, mode: int = 0o666) -> int:
    """A descriptor of the regular file ``path``, opened without waiting for anybody.

    Symbolic links are followed: secrets are often mounted that way. Raises `NotRegularFileError`,
    else what `os.open` raises.
    """
    require_regular(path)  # first: to open a device may already do something
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, mode)
    found = os.fstat(descriptor).st_mode  # another one may have come since we looked
    if not stat.S_ISREG(found):
        os.close(descriptor)
        raise NotRegularFileError(path, found)
    return descriptor


def read_small_file(path: Path, most: int = MAX_SMALL_BYTES) -> bytes:
    """The bytes of a regular file, at most ``most``; raises as `open_regular_file`."""
    with os.fdopen(open_regular_file(path, os.O_RDONLY), "rb") as reader:
        data = reader.read(most + 1)
    if len(data) > most:
        text = f"more than {most} bytes; put the right file back"
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


def _named(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"
