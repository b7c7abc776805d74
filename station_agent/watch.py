"""What lies in a watched folder: looking again is the truth, an event is a hint to look.

No event comes from a mount inside a watched folder or from a network share, so the scanner looks
on a schedule; watchdog only wakes it early. Paths are bytes: a name may be anything but `/` and
NUL. Links are never followed; what is no regular file is reported and never opened.
"""

import fnmatch
import logging
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from station_agent import reasons
from station_agent.hashing import identity_of
from station_agent.media import Media
from station_agent.settle import Identity

logger = logging.getLogger(__name__)

#: Litter of operating systems: listed in the manifest as skipped, not taken.
IGNORED_NAMES = (
    b"System Volume Information",
    b"$RECYCLE.BIN",
    b".Trash-*",
    b".Trashes",
    b".Spotlight-V100",
    b".fseventsd",
    b".DS_Store",
    b"Thumbs.db",
    b"desktop.ini",
)

#: Names by which a folder passes for footage; its content is taken all the same.
_FOOTAGE = (b".mp4", b".mov", b".avi", b".ts", b".mkv", b".wav", b".mp3", b".aac", b".jpg")


@dataclass(frozen=True, slots=True)
class Found:
    """One regular file: its whole path, what `lstat` said, and the word for its medium."""

    path: bytes
    identity: Identity
    medium: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that is no regular file, or none of ours, and why it was left alone."""

    path: bytes
    reason: str
    size_bytes: int = 0
    mtime_ns: int = 0


@dataclass(slots=True)
class Scan:
    """Everything under one root at one look, in the order of names."""

    root: bytes
    files: list[Found] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    #: Folders that could not be listed, with the system's word. Where there is one, nobody may
    #: conclude from this scan that a file is gone.
    errors: list[tuple[bytes, str]] = field(default_factory=list)
    #: There is no such folder (any more), which is no error of a disk: nothing is under it.
    is_missing: bool = False


def scan(root: bytes, *, own: bytes | None = None) -> Scan:
    """List everything under ``root``; ``own`` is the station's home folder."""
    result = Scan(root)
    media = Media()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            result.errors.append((folder, error.strerror or type(error).__name__))
            result.is_missing |= folder == root and isinstance(error, FileNotFoundError)
            continue
        for entry in entries:
            try:
                deeper = _take(entry, own, media, result)
            except FileNotFoundError:
                continue  # gone between listing and looking: the same as never listed
            except OSError as error:
                result.errors.append((entry.path, error.strerror or type(error).__name__))
            except Exception as error:  # noqa: BLE001 - one file, whatever it is like, stops no other
                reason = reasons.compose(reasons.UNFORESEEN, reasons.described(error))
                result.errors.append((entry.path, reason))
            else:
                if deeper is not None:
                    waiting.append(deeper)
    return result


def _take(
    entry: "os.DirEntry[bytes]", own: bytes | None, media: Media, result: Scan
) -> bytes | None:
    """Sort one entry into ``result``; the path to descend into, if it is such a folder."""
    status = entry.stat(follow_symlinks=False)
    mode = status.st_mode
    reason = None
    if entry.path == own:
        reason = reasons.OWN
    elif any(fnmatch.fnmatchcase(entry.name, pattern) for pattern in IGNORED_NAMES):
        reason = reasons.IGNORED
    elif stat.S_ISDIR(mode):
        if entry.name.lower().endswith(_FOOTAGE):
            result.skipped.append(Skipped(entry.path, reasons.FOLDER))
        return entry.path
    elif not stat.S_ISREG(mode):
        reason = _KINDS.get(stat.S_IFMT(mode), reasons.DEVICE)
    if reason is not None:
        result.skipped.append(Skipped(entry.path, reason, status.st_size, status.st_mtime_ns))
        return None
    # Windows gives inode 0 in a listing's stat; only lstat knows it there.
    if status.st_ino == 0:
        status = os.lstat(entry.path)
    identity = identity_of(status)
    result.files.append(Found(entry.path, identity, media.word(identity.device, entry.path)))
    return None


_KINDS = {
    stat.S_IFLNK: reasons.SYMLINK,
    stat.S_IFIFO: reasons.FIFO,
    stat.S_IFSOCK: reasons.SOCKET,
    stat.S_IFBLK: reasons.DEVICE,
    stat.S_IFCHR: reasons.DEVICE,
}

#: Reading is no change: events of opening and of closing unwritten would wake us by our own work.
_EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    FileClosedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]


class _Waker(FileSystemEventHandler):
    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:  # noqa: ARG002
        self._wake()


class Hints:
    """Wakes the scanner when the system reports a change under a root.

    A root that can't be watched (not there yet, the system's limit reached) is only looked at on
    schedule; a root that was mounted or made anew is watched anew.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._handler = _Waker(wake)
        self._observer: BaseObserver = Observer()
        self._observer.daemon = True
        self._watches: dict[bytes, tuple[tuple[int, int], ObservedWatch]] = {}

    def start(self) -> None:
        self._observer.start()

    def follow(self, root: bytes) -> None:
        """Make sure that the folder now standing at ``root`` is the one being watched."""
        try:
            status = Path(os.fsdecode(root)).stat()
        except OSError:
            self._drop(root)
            return
        standing = (status.st_dev, status.st_ino)
        if root in self._watches and self._watches[root][0] == standing:
            return
        self._drop(root)
        try:
            watch = self._observer.schedule(
                self._handler, os.fsdecode(root), recursive=True, event_filter=_EVENTS
            )
        except OSError as error:
            logger.warning(
                "no events from %s, it is looked at on schedule: %s", reasons.visible(root), error
            )
            return
        self._watches[root] = (standing, watch)

    def _drop(self, root: bytes) -> None:
        known = self._watches.pop(root, None)
        if known is not None:
            try:
                self._observer.unschedule(known[1])
            except (KeyError, OSError) as error:  # the folder went first and took its watch along
                logger.debug("watch of %s was gone already: %s", reasons.visible(root), error)

    def stop(self) -> None:
        self._observer.stop()
        if self._observer.is_alive():
            self._observer.join(timeout=5)
