"""Taking in a folder without a station: the same admission, file by file.

Each file is copied into staging and hashed in one read, then archived and registered like an
upload. What was taken in before is known by its digest, so an import that was cut short is simply
started again. Memory stays flat however many and large the files are.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from pathlib import Path

from custody.actors import Actor
from custody.clip_names import is_named
from custody.clips import find_clip_by_digest
from custody.clock import Clock
from custody.history import is_condemned
from custody.ids import new_id
from custody.ledger import Ledger
from custody.log.canonical import EARLIEST, LATEST
from ingest.admission import Admission, Original, note_name, stands
from ingest.digests import BUFFER_BYTES, DigestPair
from ingest.errors import (
    FileChangedError,
    FileUnreadableError,
    HomeFolderError,
    NotAFileError,
    ReadBackError,
)
from ingest.filenames import decode_name
from ingest.homes import Homes
from ingest.upload_sweep import discard_dead_imports
from storage.database import Database
from storage.objects import ObjectStore
from storage.staging import StagedFile, Staging

#: Called with a file, the bytes of it read so far, and its size.
Progress = Callable[[Path, int, int], None]

_SORTS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class Outcome(StrEnum):
    """What became of one file."""

    ARCHIVED = "archived"  # stored now, for the first time or because the store had lost it
    KNOWN = "known"  # the archive has these bytes already
    REFUSED = "refused"  # a file that can't be taken in
    SKIPPED = "skipped"  # no file at all: a link, a pipe, a device


@dataclass(frozen=True, slots=True)
class ImportResult:
    """One file and what became of it; ``reason`` says why where it is not in the archive."""

    path: Path
    outcome: Outcome
    reason: str | None = None
    clip_id: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None

    @property
    def name(self) -> str:
        """The whole path as readable text, whatever bytes are in it."""
        return decode_name(os.fsencode(self.path))


def import_paths(
    database: Database,
    store: ObjectStore,
    staging: Staging,
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    paths: Iterable[Path],
    progress: Progress,
    *,
    zone: tzinfo,
    lock_days: int,
    own: Iterable[Path] = (),
) -> Iterator[ImportResult]:
    """Take in files and whole folders; a result for each, as soon as it is done.

    Links are not followed, except to a folder that is named in ``paths`` itself. What is wrong
    with one file is its result and stops no other; what store and database raise ends the import.
    Nothing is taken from a home of this software, least of all from ours, whose folders ``own`` are
    (`ingest.homes`). What killed imports left staged is removed first.
    """
    discard_dead_imports(database, staging)
    importer = _Importer(
        Admission(database, store, ledger, clock, zone, timedelta(days=lock_days)),
        staging,
        actor,
        progress,
    )
    for found in _walk(paths, Homes(own)):
        yield found if isinstance(found, ImportResult) else importer.import_file(found)


def _walk(paths: Iterable[Path], homes: Homes) -> Iterator[Path | ImportResult]:
    """Every file in and under ``paths``, by name; in memory are the names above one of them."""
    for path in paths:
        waiting = [path]
        while waiting:
            found = waiting.pop()
            try:
                names = _names_in(found, homes, is_named=found is path)
            except HomeFolderError as error:
                yield ImportResult(found, Outcome.SKIPPED, str(error))
            except OSError as error:
                reason = str(FileUnreadableError(error.strerror))
                yield ImportResult(found, Outcome.REFUSED, reason)
            else:
                if names is None:
                    yield found
                else:
                    waiting += [found / name for name in sorted(names, reverse=True)]


def _names_in(path: Path, homes: Homes, *, is_named: bool) -> list[str] | None:
    """What stands in a folder; None for what is none. Links to folders are folders only where
    somebody named them. Raises `HomeFolderError` and `OSError`."""
    if is_named and homes.holds(path):
        raise HomeFolderError
    if not stat.S_ISDIR((os.stat if is_named else os.lstat)(path).st_mode):
        return None
    names = os.listdir(path)  # noqa: PTH208 - names, not paths
    if homes.is_home(path, names):
        raise HomeFolderError
    return names


@dataclass(frozen=True, slots=True)
class _Importer:
    admission: Admission
    staging: Staging
    actor: Actor
    progress: Progress

    def import_file(self, path: Path) -> ImportResult:
        """Take in one file, or say why not."""
        staged_id = new_id()
        try:
            with _opened(path) as descriptor, self.staging.open(staged_id, 0) as staged:
                return self._take(path, descriptor, staged)
        except NotAFileError as error:
            return ImportResult(path, Outcome.SKIPPED, str(error))
        except (FileUnreadableError, FileChangedError, ReadBackError) as error:
            return ImportResult(path, Outcome.REFUSED, str(error))
        finally:
            self.staging.discard(staged_id)

    def _take(self, path: Path, descriptor: int, staged: StagedFile) -> ImportResult:
        before = os.fstat(descriptor)
        if before.st_size == 0:
            return ImportResult(path, Outcome.REFUSED, "the file is empty", size_bytes=0)
        digests = self._copy(path, descriptor, staged, before.st_size)
        if _identity(os.fstat(descriptor)) != _identity(before):
            raise FileChangedError
        original = Original(
            sha256=digests.sha256,
            sm3=digests.sm3,
            size_bytes=digests.size_bytes,
            name_raw=os.fsencode(path.name),
            file_modified_at=_modified_at(before),
        )
        admission = self.admission
        with admission.database.read() as tx:
            known = find_clip_by_digest(tx, original.sha256)
            renamed = known is not None and not is_named(tx, known, original.name_raw)
            condemned = known is not None and is_condemned(tx, known.id)
        if known is not None and stands(admission.store, known, condemned=condemned):
            if renamed:
                with admission.database.write() as tx:
                    note_name(tx, admission.ledger, self.actor, known, original.name_raw)
            return _result(path, Outcome.KNOWN, known.id, original)
        staged.sync()
        admitted = admission.admit(staged.path, original, self.actor)
        is_stored = admitted.is_new or admitted.is_restored
        outcome = Outcome.ARCHIVED if is_stored else Outcome.KNOWN
        return _result(path, outcome, admitted.clip.id, original)

    def _copy(self, path: Path, descriptor: int, staged: StagedFile, size: int) -> DigestPair:
        """One read of the whole file: into staging and into both digests."""
        digests = DigestPair()
        try:
            while data := _read(descriptor):
                if digests.size_bytes + len(data) > size:
                    raise FileChangedError("it is growing")
                staged.write(data)
                digests.update(data)
                self.progress(path, digests.size_bytes, size)
        finally:
            digests.settle()
        return digests


def _result(path: Path, outcome: Outcome, clip_id: str, original: Original) -> ImportResult:
    return ImportResult(
        path, outcome, None, clip_id, original.sha256, size_bytes=original.size_bytes
    )


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A regular file, open for reading. Raises `NotAFileError` and `FileUnreadableError`.

    It is looked at before it is opened, so that no pipe or device notices us; ``O_NOFOLLOW`` and
    ``O_NONBLOCK`` hold where something else takes its place in between.
    """
    try:
        _check_sort(os.lstat(path))
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise FileUnreadableError(error.strerror) from error
    try:
        _check_sort(os.fstat(descriptor))
        yield descriptor
    finally:
        os.close(descriptor)


def _check_sort(details: os.stat_result) -> None:
    if stat.S_ISREG(details.st_mode):
        return
    raise NotAFileError(
        next((name for is_sort, name in _SORTS if is_sort(details.st_mode)), "something else")
    )


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, BUFFER_BYTES)
    except OSError as error:
        raise FileUnreadableError(error.strerror) from error


def _identity(details: os.stat_result) -> tuple[int, int, int]:
    return details.st_size, details.st_mtime_ns, details.st_ino


def _modified_at(details: os.stat_result) -> datetime | None:
    """The file's time; None for one outside our calendar, which some recorders write."""
    try:
        moment = datetime.fromtimestamp(details.st_mtime, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if EARLIEST <= moment <= LATEST else None
