"""Bytes of uploads on their way: one file an upload, one writer at a time, durable up to an offset.

The offset that counts stands in the caller's database and is written there after `StagedFile.sync`
has returned. After a crash the file may hold more than that offset, never less; what lies beyond
is cut off by the next `Staging.open`.

When all bytes are there, a local store adopts the very file (a hard link, read-only). From then
on it is the archive's, and `Staging.open` never writes to it again: it goes on with a copy.
"""

import fcntl
import os
import shutil
import stat
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from storage import durable
from storage.errors import (
    StagingBusyError,
    StagingMissingError,
    StagingUnusableError,
    StoreFullError,
)

_SUFFIX = ".part"


@dataclass(frozen=True, slots=True)
class StagedEntry:
    """What is staged for one upload; ``modified_at`` is UTC."""

    upload_id: str
    size_bytes: int
    modified_at: datetime


class StagedFile:
    """The staged bytes of one upload, open for writing at their end."""

    def __init__(self, path: Path, descriptor: int, size: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._size = size
        self._durable = size

    @property
    def size(self) -> int:
        """Bytes written so far; durable are those before the last `sync`."""
        return self._size

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append ``data``.

        Raises `StoreFullError`; the file then ends at its last durable offset, and the room that
        was taken since is given back.
        """
        try:
            durable.write_all(self._descriptor, data)
        except BaseException:
            self._fall_back()
            raise
        self._size += memoryview(data).nbytes

    def sync(self) -> None:
        """Make all that was written durable. Raises `StoreFullError`, as `write` does."""
        try:
            with durable.reporting_full_disk():
                os.fdatasync(self._descriptor)
        except BaseException:
            # After a failed fsync nobody knows which pages are on the disk: count none of them.
            self._fall_back()
            raise
        self._durable = self._size

    def _fall_back(self) -> None:
        os.ftruncate(self._descriptor, self._durable)
        os.lseek(self._descriptor, self._durable, os.SEEK_SET)
        self._size = self._durable


class Staging:
    """A folder of staged files, made if it is not there; upload ids are UUIDs in lower case."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.folder = folder.absolute()
        if not read_only:
            durable.make_folder(self.folder, mode=0o700)

    def path(self, upload_id: str) -> Path:
        """Where the bytes of an upload lie. Raises `ValueError` for anything but a UUID."""
        if str(uuid.UUID(upload_id)) != upload_id:
            raise ValueError(f"not an upload id: {upload_id!r}")
        return self.folder / f"{upload_id}{_SUFFIX}"

    @contextmanager
    def open(self, upload_id: str, offset: int) -> Iterator[StagedFile]:
        """Write on from ``offset``; what lies beyond is cut off. At offset 0 the file is made.

        Raises `StagingBusyError` while another thread or process holds it, `StagingMissingError`
        when fewer than ``offset`` bytes are there, `StagingUnusableError`, `StoreFullError`.
        """
        if offset < 0:
            raise ValueError(f"not an offset: {offset}")
        path = self.path(upload_id)
        descriptor = self._own(path, offset)
        try:
            os.ftruncate(descriptor, offset)
            os.lseek(descriptor, offset, os.SEEK_SET)
            if offset == 0:
                durable.sync_folder(self.folder)
            yield StagedFile(path, descriptor, offset)
        finally:
            os.close(descriptor)

    def discard(self, upload_id: str) -> None:
        """Remove what is staged for an upload, if anything; a writer at it writes into nothing."""
        path = self.path(upload_id)
        _copy_of(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        durable.sync_folder(self.folder)

    def discard_idle(self, upload_id: str) -> bool:
        """As `discard`, but only where nobody is writing; whether anything was removed."""
        try:
            descriptor = _open(self.path(upload_id), create=False)
        except StagingMissingError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.discard(upload_id)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    def entries(self) -> list[StagedEntry]:
        """All that is staged, in order of upload id."""
        found = []
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            with suppress(FileNotFoundError):  # discarded since
                details = path.stat()
                modified_at = datetime.fromtimestamp(details.st_mtime, UTC)
                found.append(StagedEntry(path.stem, details.st_size, modified_at))
        return found

    def check(self) -> None:
        """Raise `OSError` or `StoreFullError` if nothing can be staged; cheap, leaves nothing."""
        with durable.reporting_full_disk(), tempfile.TemporaryFile(dir=self.folder) as file:
            file.write(b"check")

    def free_bytes(self) -> int:
        """Room on the disk of the folder."""
        return shutil.disk_usage(self.folder).free

    def require_room(self, size_bytes: int, *, keep_bytes: int) -> None:
        """Raise `StoreFullError` unless ``size_bytes`` fit and ``keep_bytes`` stay free beside, or
        a twentieth of a disk that is small.

        Nothing is set aside for them: of two that fit one by one the second may still find it full.
        """
        disk = shutil.disk_usage(self.folder)
        kept = min(keep_bytes, disk.total // 20)  # the one rule, for uploads and for `/healthz`
        if size_bytes > disk.free - kept:
            raise StoreFullError(f"{size_bytes} bytes, {disk.free} free, {kept} must stay free")

    def _own(self, path: Path, offset: int) -> int:
        """Open and lock a file that is ours to write and holds ``offset`` bytes."""
        while True:
            descriptor = _open(path, create=offset == 0)
            ours = False
            try:
                ours = self._take(path, descriptor, offset)
            finally:
                if not ours:
                    os.close(descriptor)
            if ours:
                return descriptor

    def _take(self, path: Path, descriptor: int, offset: int) -> bool:
        """Lock an open file; False where its name stands for another one by now."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StagingBusyError(path.stem) from error
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise StagingUnusableError(str(path))
        if not _is_at(path, found):
            return False
        if found.st_size < offset:
            raise StagingMissingError(f"{path.stem}: {found.st_size} of {offset} bytes are there")
        if found.st_nlink > 1 or not found.st_mode & 0o200:
            self._copy(path, offset)
            return False
        return True

    def _copy(self, path: Path, offset: int) -> None:
        """Leave the file to the store that adopted it and go on with a copy of its first bytes."""
        copy = _copy_of(path)
        copy.unlink(missing_ok=True)  # of a copy that was cut short; we hold the lock
        with path.open("rb", buffering=0) as reader, durable.new_file(copy, mode=0o600) as writer:
            durable.copy_bytes(reader, writer, offset)
        copy.replace(path)
        durable.sync_folder(self.folder)


def _copy_of(path: Path) -> Path:
    return path.with_suffix(".copy")


def _open(path: Path, *, create: bool) -> int:
    flags = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a named pipe must not hold us
    try:
        with durable.reporting_full_disk():
            return os.open(path, flags | os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
    except FileNotFoundError as error:
        raise StagingMissingError(path.stem) from error
    except PermissionError:  # adopted, therefore read-only: enough to lock and to copy it
        return os.open(path, flags | os.O_RDONLY)


def _is_at(path: Path, found: os.stat_result) -> bool:
    try:
        there = path.lstat()
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (found.st_dev, found.st_ino)
