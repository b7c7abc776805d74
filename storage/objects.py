"""The contract of an object store. What stands here holds for every store; `tests/contract` proves it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class ObjectStat:
    """One object as the store knows it. Times are UTC, sizes are bytes."""

    key: str
    size_bytes: int
    modified_at: datetime
    retain_until: datetime | None = None


class ObjectStore(Protocol):
    """Bytes under keys, written once.

    Keys are relative POSIX paths of the characters ``[A-Za-z0-9._/-]`` without empty, ``.`` or
    ``..`` parts, at most 512 bytes; any other key raises `ValueError` before anything is touched.

    Durability: when a ``put`` or ``replace`` returns, the bytes and their name survive a power
    cut. A crash in the middle leaves either the whole object or none under its key, never a part
    of it (what is left elsewhere is swept by the store itself).

    Idempotence: an object is never overwritten. `put_file` and `put_bytes` raise
    `ObjectExistsError` where the key is taken, whatever stands there; of several racing writers
    exactly one wins. The caller who retries after a crash treats that error as "adopt it" and
    reads back what is there.

    Every method may raise `StoreUnavailableError`; writing may raise `StoreFullError`.
    All of them may be called from several threads at once.
    """

    def put_file(self, key: str, source: Path, *, retain_until: datetime | None = None) -> None:
        """Store the bytes of ``source``, a file nobody writes any more and that is already durable.

        The store may adopt the file itself (a hard link on the same file system) and make it
        read-only; the caller keeps its own name and removes it when it no longer needs it.
        With ``retain_until`` nobody can delete the object before that moment (S3 Object Lock).
        """
        ...

    def put_bytes(self, key: str, data: bytes, *, retain_until: datetime | None = None) -> None:
        """Store ``data``, small enough for memory."""
        ...

    def replace_bytes(self, key: str, data: bytes) -> None:
        """Put ``data`` under a key that may be taken, atomically. For pointers (`log/checkpoint`) only."""
        ...

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> BinaryIO:
        """Open an object for reading from byte ``start``, at most ``length`` bytes; the caller closes it.

        Raises `ObjectNotFoundError`. Reading past the end gives what is there.
        """
        ...

    def read_bytes(self, key: str) -> bytes:
        """The whole of a small object. Raises `ObjectNotFoundError`."""
        ...

    def stat(self, key: str) -> ObjectStat:
        """Size, time and retention. Raises `ObjectNotFoundError`."""
        ...

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        """Every object whose key starts with ``prefix``, in order of key; unfinished writes never show."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object. Raises `ObjectNotFoundError`, and `ObjectLockedError` under retention."""
        ...

    def local_path(self, key: str) -> AbstractContextManager[Path]:
        """The object as a file to read, for programs that want a path (ffmpeg).

        A local store lends its own read-only file; a remote one downloads to a scratch file that
        is removed at the end. Raises `ObjectNotFoundError`.
        """
        ...

    def check(self) -> None:
        """Raise `StoreUnavailableError` with what to do if the store can't be used; cheap."""
        ...
