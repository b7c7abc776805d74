"""The contract of an object store: holds for every store, and `tests/contract` proves it."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
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
    ``..`` parts, at most 512 bytes and 240 a part (`check_key`); any other key raises
    `ValueError` before anything is touched, as does a naive time. No key may be the folder of
    another (``a`` and ``a/b``): where a store can't hold both, the second raises
    `ObjectExistsError`.

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
        With ``retain_until`` nobody can delete the object before that moment (S3 Object Lock); it
        is recorded before the object appears. A moment that has passed retains nothing.
        """
        ...

    def put_bytes(self, key: str, data: bytes, *, retain_until: datetime | None = None) -> None:
        """Store ``data``, small enough for memory."""
        ...

    def replace_bytes(self, key: str, data: bytes) -> None:
        """Put ``data`` under a key that may be taken, atomically; for pointers (`log/checkpoint`).

        Raises `ObjectLockedError` where what stands there is under retention.
        """
        ...

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> BinaryIO:
        """Open an object for reading from byte ``start``, at most ``length`` bytes.

        The caller closes it. Sequential: it can't be sought in. Raises `ObjectNotFoundError`.
        Reading past the end gives what is there; reading itself raises `StoreUnavailableError`
        when the store breaks off.
        """
        ...

    def read_bytes(self, key: str) -> bytes:
        """The whole of a small object. Raises `ObjectNotFoundError`."""
        ...

    def stat(self, key: str) -> ObjectStat:
        """Size, time and retention. Raises `ObjectNotFoundError`."""
        ...

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        """Every object whose key starts with ``prefix``, in order of key.

        Unfinished writes never show. Retention is not looked up (`stat` does): ``retain_until``
        is None here. Raises `StoreUnavailableError` rather than come out of order.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove an object. Raises `ObjectNotFoundError`, under retention `ObjectLockedError`."""
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


MAX_KEY_BYTES = 512
MAX_PART_BYTES = 240  # a file system takes 255, of which SeaweedFS needs some for itself

_KEY = re.compile(r"[A-Za-z0-9._/-]+")


def check_key(key: str) -> None:
    """Raise `ValueError` unless ``key`` is one by the contract of `ObjectStore`."""
    if len(key) > MAX_KEY_BYTES or not _KEY.fullmatch(key):
        raise ValueError(f"not an object key: {key!r}")
    _check_parts(key, key.split("/"))


def is_key(key: str) -> bool:
    """Whether ``key`` is one by the contract of `ObjectStore`."""
    try:
        check_key(key)
    except ValueError:
        return False
    return True


def check_prefix(prefix: str) -> None:
    """Raise `ValueError` unless a key could start with ``prefix``; the empty one is any key's."""
    if prefix:
        if len(prefix) > MAX_KEY_BYTES or not _KEY.fullmatch(prefix):
            raise ValueError(f"not the start of an object key: {prefix!r}")
        _check_parts(prefix, prefix.split("/")[:-1])


def _check_parts(key: str, parts: list[str]) -> None:
    if any(part in {"", ".", ".."} or len(part) > MAX_PART_BYTES for part in parts):
        raise ValueError(f"not an object key: {key!r}")


def check_range(start: int, length: int | None) -> None:
    """Raise `ValueError` for a range that runs backwards."""
    if start < 0 or (length is not None and length < 0):
        raise ValueError(f"not a range: start {start}, length {length}")


def check_retention(moment: datetime | None, now: datetime) -> datetime | None:
    """``moment`` in UTC, None if it has passed; raises `ValueError` for a naive time."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError(f"a naive time can't end a retention: {moment!r}")
    return moment.astimezone(UTC) if moment > now else None


def utc_now() -> datetime:
    """The machine's time, the default of every store's clock."""
    return datetime.now(UTC)
