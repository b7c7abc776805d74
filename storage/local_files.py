"""Reading in a folder that strangers may have written to: nothing but regular files, no links."""

import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from storage.durable import reporting_full_disk
from storage.errors import StoreUnavailableError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: No such name, a file or a symbolic link where a folder should be: nothing of ours.
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: O_NONBLOCK: a FIFO must not hang whoever opens it.
_FILE_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


def open_regular(root: Path, key: str) -> int:
    """Open the file ``key`` below ``root`` for reading, following no symbolic link below it.

    Raises `FileNotFoundError` for whatever is not a regular file there.
    """
    *folders, name = key.split("/")
    with _opened_folder(root, folders) as folder:
        try:
            descriptor = os.open(name, _FILE_FLAGS, dir_fd=folder)
        except OSError as error:
            raise _absent(error, key) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "not a regular file", key)
    return descriptor


#: At the root of a disk the file system's own folder, which nobody else may read.
LOST_AND_FOUND = "lost+found"


def walk(root: Path, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    """The regular files below ``root`` whose path starts with ``prefix``, in order of path.

    The path is relative, with slashes. Raises `OSError` for a folder that can't be read.
    """
    *folders, start = prefix.split("/")
    with suppress(FileNotFoundError), _opened_folder(root, folders) as folder:
        yield from _walk(folder, "".join(f"{name}/" for name in folders), start)


def _walk(folder: int, path: str, start: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        # A folder sorts as the paths in it do: "a-b" < "a/b" < "a0".
        names = sorted(
            f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name
            for entry in entries
            if entry.name.startswith(start) and not entry.is_symlink()
            if path or entry.name != LOST_AND_FOUND
        )
    for name in names:
        with suppress(FileNotFoundError):  # deleted since
            if name.endswith("/"):
                below = os.open(name[:-1], _FOLDER_FLAGS, dir_fd=folder)
                try:
                    yield from _walk(below, path + name, "")
                finally:
                    os.close(below)
            else:
                found = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISREG(found.st_mode):
                    yield path + name, found


@contextmanager
def _opened_folder(root: Path, folders: list[str]) -> Iterator[int]:
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in folders:
            try:
                below = os.open(name, _FOLDER_FLAGS, dir_fd=descriptor)
            except OSError as error:
                raise _absent(error, name) from error
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def _absent(error: OSError, name: str) -> OSError:
    if error.errno in _ABSENT:
        return FileNotFoundError(errno.ENOENT, error.strerror, name)
    return error


class FileWindow(io.RawIOBase):
    """At most ``length`` bytes of an open file from ``start`` on; owns the descriptor.

    Reading raises `StoreUnavailableError` when the disk fails.
    """

    def __init__(self, descriptor: int, start: int, length: int | None) -> None:
        self._descriptor = descriptor
        self._position = start
        self._end = None if length is None else start + length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        if self._end is not None:
            view = view[: self._end - self._position]
        try:
            count = os.preadv(self._descriptor, [view], self._position) if view else 0
        except OSError as error:
            raise StoreUnavailableError(str(error)) from error
        self._position += count
        return count

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


@contextmanager
def reporting_trouble() -> Iterator[None]:
    """A full disk is `StoreFullError`, any other trouble with it `StoreUnavailableError`."""
    try:
        with reporting_full_disk():
            yield
    except OSError as error:
        raise StoreUnavailableError(str(error)) from error
