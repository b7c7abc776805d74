"""Objects as files in one folder, written once; the default store.

The folder holds each object as a read-only file under its key, and beside them three folders of
the store's own. Their names start with ``@``, which no key can hold:

- ``@tmp``: files that are being written; what a crash leaves is swept a day later.
- ``@retention``: for each object under retention a file with the moment it ends (ISO 8601).
- ``@locks``: empty files to lock by, so that a retention and its object change as one.

The commit point of a write is `os.link`: it fails if the name is taken. Before it a crash leaves a
temporary file or a retention without an object, which the next write of the key replaces.
"""

import errno
import fcntl
import hashlib
import io
import os
import secrets
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from storage import durable
from storage.errors import (
    ObjectExistsError,
    ObjectLockedError,
    ObjectNotFoundError,
    StoreUnavailableError,
)
from storage.local_files import FileWindow, open_regular, reporting_trouble, walk
from storage.objects import (
    ObjectStat,
    check_key,
    check_prefix,
    check_range,
    check_retention,
    utc_now,
)
from storage.regular_files import read_small_file

SWEEP_AFTER = timedelta(days=1)
#: The file system can't or won't link this file (another device, no links, not ours): copy it.
_NOT_LINKABLE = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.EOPNOTSUPP}
_MAX_KNOWN_FOLDERS = 65_536
Clock = Callable[[], datetime]


class LocalStore:
    """An `ObjectStore` in a folder, made if it is not there; ``read_only``: nothing is made."""

    def __init__(self, root: Path, *, now: Clock = utc_now, read_only: bool = False) -> None:
        self.root = root.absolute()
        self._now = now
        own = ("@tmp", "@retention", "@locks")
        self._temporary, self._retention, self._locks = (self.root / name for name in own)
        self._known_folders: set[Path] = set()  # their names are durable
        self._known_guard = threading.Lock()
        with reporting_trouble():
            for name in () if read_only else own:
                durable.make_folder(self.root / name)
            if not read_only:
                self._sweep()

    def put_file(self, key: str, source: Path, *, retain_until: datetime | None = None) -> None:
        check_key(key)
        until = check_retention(retain_until, self._now())
        found = source.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise ValueError(f"not a regular file: {source}")
        with reporting_trouble():
            self._refuse_taken(key)
            if found.st_dev == self._temporary.stat().st_dev and self._adopt(key, source, until):
                return
            with self._scratch() as path:
                with source.open("rb", buffering=0) as reader, _new_object(path) as descriptor:
                    durable.copy_bytes(reader, descriptor, found.st_size)
                self._place(key, path, until)

    def put_bytes(self, key: str, data: bytes, *, retain_until: datetime | None = None) -> None:
        check_key(key)
        until = check_retention(retain_until, self._now())
        with reporting_trouble():
            self._refuse_taken(key)
            with self._scratch() as path:
                with _new_object(path) as descriptor:
                    durable.write_all(descriptor, data)
                self._place(key, path, until)

    def replace_bytes(self, key: str, data: bytes) -> None:
        check_key(key)
        with reporting_trouble(), self._scratch() as path:
            with _new_object(path) as descriptor:
                durable.write_all(descriptor, data)
            target = self._target(key)
            with self._locked(key):
                self._refuse_retained(key)
                try:
                    path.replace(target)
                except IsADirectoryError as error:
                    raise ObjectExistsError(f"{key} is a folder of other objects") from error
                durable.sync_folder(target.parent)

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> BinaryIO:
        check_key(key)
        check_range(start, length)
        with reporting_trouble():
            return io.BufferedReader(FileWindow(self._descriptor(key), start, length))

    def read_bytes(self, key: str) -> bytes:
        with self.open(key) as reader:
            return reader.read()

    def stat(self, key: str) -> ObjectStat:
        check_key(key)
        with reporting_trouble():
            descriptor = self._descriptor(key)
            try:
                found = os.fstat(descriptor)
            finally:
                os.close(descriptor)
            return _object_stat(key, found, self._retained_until(key))

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        check_prefix(prefix)
        return self._list(prefix)

    def delete(self, key: str) -> None:
        check_key(key)
        with reporting_trouble(), self._locked(key):
            os.close(self._descriptor(key))
            self._refuse_retained(key)
            target = self.root / key
            target.unlink()
            durable.sync_folder(target.parent)
            self._forget_retention(key)

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        check_key(key)
        with reporting_trouble():
            os.close(self._descriptor(key))
        yield self.root / key

    def check(self) -> None:
        with reporting_trouble(), self._scratch() as path, self._scratch() as other:
            if not self._temporary.is_dir():
                raise StoreUnavailableError(f"{self.root} is not there; is its disk mounted?")
            with _new_object(path) as descriptor:
                durable.write_all(descriptor, b"check")
            try:
                os.link(path, other)
            except OSError as error:
                raise StoreUnavailableError(
                    f"{self.root}: the file system has no hard links ({error.strerror}); "
                    "put the objects on one that has (ext4, xfs, btrfs, zfs, NFS)"
                ) from error

    def _adopt(self, key: str, source: Path, until: datetime | None) -> bool:
        """Make the caller's own file the object; False where it must be copied instead."""
        try:
            source.chmod(0o444)
            durable.sync_file(source)
            self._place(key, source, until)
        except OSError as error:
            if error.errno in _NOT_LINKABLE:
                return False
            raise
        return True

    def _place(self, key: str, file: Path, until: datetime | None) -> None:
        """Give a finished, durable file its name in the store: the commit point."""
        target = self._target(key)
        with self._locked(key):
            self._refuse_taken(key)
            self._record_retention(key, until)
            try:
                os.link(file, target, follow_symlinks=False)
            except FileExistsError as error:
                raise ObjectExistsError(key) from error
            durable.sync_folder(target.parent)

    def _target(self, key: str) -> Path:
        target = self.root / key
        self._make_folder(target.parent)
        return target

    def _make_folder(self, folder: Path) -> None:
        """Make a folder of objects, durable; something else in its place refuses the key."""
        if folder == self.root or (folder in self._known_folders and folder.is_dir()):
            return
        self._make_folder(folder.parent)
        with suppress(FileExistsError):
            folder.mkdir()
        if not stat.S_ISDIR(folder.lstat().st_mode):
            raise ObjectExistsError(f"{folder.relative_to(self.root)} is no folder")
        durable.sync_folder(folder.parent)
        with self._known_guard:
            if len(self._known_folders) >= _MAX_KNOWN_FOLDERS:
                self._known_folders.clear()
            self._known_folders.add(folder)

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        """Hold what decides about ``key`` among all threads and processes (never two at once)."""
        name = hashlib.sha256(key.encode()).hexdigest()[:2]
        descriptor = os.open(self._locks / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        """A name for a file that is gone at the end."""
        path = self._temporary / secrets.token_hex(16)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _record_retention(self, key: str, until: datetime | None) -> None:
        record = self._retention / key
        if until is None:
            self._forget_retention(key)  # left by a crash before its object appeared
            return
        self._make_folder(record.parent)
        with self._scratch() as path:
            with durable.new_file(path) as descriptor:
                durable.write_all(descriptor, until.isoformat().encode())
            path.replace(record)
        durable.sync_folder(record.parent)

    def _forget_retention(self, key: str) -> None:
        record = self._retention / key
        with suppress(FileNotFoundError, NotADirectoryError):
            record.unlink()
            durable.sync_folder(record.parent)

    def _retained_until(self, key: str) -> datetime | None:
        try:
            text = read_small_file(self._retention / key).decode("ascii")
            return datetime.fromisoformat(text).astimezone(UTC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValueError as error:  # fail closed: nobody knows how long, so nobody deletes
            raise StoreUnavailableError(f"the retention of {key} can't be read: {error}") from error

    def _refuse_retained(self, key: str) -> None:
        until = self._retained_until(key)
        if until is not None and until > self._now():
            raise ObjectLockedError(f"{key} until {until.isoformat()}")

    def _refuse_taken(self, key: str) -> None:
        with suppress(FileNotFoundError):
            try:
                (self.root / key).lstat()
            except NotADirectoryError as error:
                raise ObjectExistsError(f"an object stands where {key} needs a folder") from error
            raise ObjectExistsError(key)

    def _descriptor(self, key: str) -> int:
        try:
            return open_regular(self.root, key)
        except FileNotFoundError as error:
            self._refuse_unmounted()
            raise ObjectNotFoundError(key) from error

    def _list(self, prefix: str) -> Iterator[ObjectStat]:
        with reporting_trouble():
            self._refuse_unmounted()
            for key, found in walk(self.root, prefix):
                if not key.startswith("@"):
                    yield _object_stat(key, found, None)

    def _refuse_unmounted(self) -> None:
        """An empty mount point must not pass for an archive that has lost everything."""
        if not self._temporary.is_dir():
            raise StoreUnavailableError(f"{self.root} is not there; is its disk mounted?")

    def _sweep(self) -> None:
        """Remove what writers that were killed left behind."""
        oldest = (self._now() - SWEEP_AFTER).timestamp()
        for path in self._temporary.iterdir():
            with suppress(FileNotFoundError):
                if path.lstat().st_mtime < oldest:
                    path.unlink()


def _new_object(path: Path) -> AbstractContextManager[int]:
    return durable.new_file(path, mode=0o444)


def _object_stat(key: str, found: os.stat_result, until: datetime | None) -> ObjectStat:
    return ObjectStat(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC), until)
