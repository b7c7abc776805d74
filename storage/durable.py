"""Files that survive a power cut: the order of fsync, rename and link that makes them so.

A file's bytes are durable after an fsync of the file; its *name* only after an fsync of the
folder that holds the name. Everything here does both before it returns. A full disk (or quota)
shows as `StoreFullError`; any other `OSError` goes through as it is.
"""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from storage.errors import StoreFullError

#: One buffer of a copy, in bytes (measured: larger ones bring nothing).
CHUNK_BYTES = 4 * 1024 * 1024


@contextmanager
def reporting_full_disk() -> Iterator[None]:
    """Turn "no space left" and "quota exceeded" into `StoreFullError`."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreFullError(str(error)) from error
        raise


def sync_file(path: Path) -> None:
    """Make the bytes of a file durable."""
    _sync(path, os.O_RDONLY)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        with reporting_full_disk():
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path, *, mode: int = 0o777) -> None:
    """Make a folder and those above it, each name durable; a folder that is there is made durable.

    ``mode`` (under the umask) is for the last folder; those above it get the usual one.
    """
    if not path.parent.is_dir():
        make_folder(path.parent)
    with reporting_full_disk():
        path.mkdir(mode=mode, exist_ok=True)
    sync_folder(path.parent)


def write_all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    """Write all of ``data``, however many calls that takes."""
    left = memoryview(data)
    with reporting_full_disk():
        while left:
            left = left[os.write(descriptor, left) :]


@contextmanager
def new_file(path: Path, *, mode: int = 0o666) -> Iterator[int]:
    """Write a file that must not exist yet, through its descriptor.

    Its bytes end durable, its name not: it is linked or renamed into its place next. ``mode`` is
    under the umask. Raises `FileExistsError`; whatever goes wrong after that leaves no file.
    """
    with reporting_full_disk():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        yield descriptor
        with reporting_full_disk():
            os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def write_file(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Put ``data`` under ``path``, replacing what stood there; it is always one of the two.

    A killed writer leaves a file ``.<random>.tmp`` beside it. ``mode`` is under the umask.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    with new_file(temporary, mode=mode) as descriptor:
        write_all(descriptor, data)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def copy_bytes(source: BinaryIO, descriptor: int, length: int) -> None:
    """Copy ``length`` bytes from where ``source`` stands; raises `EOFError` if there are fewer."""
    while length > 0:
        chunk = source.read(min(length, CHUNK_BYTES))
        if not chunk:
            raise EOFError(f"{length} bytes are missing at the end")
        write_all(descriptor, chunk)
        length -= len(chunk)
