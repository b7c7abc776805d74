"""Objects in memory, with faults on demand, for tests that need a store to fail in time."""

import io
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

from storage.errors import ObjectExistsError, ObjectLockedError, ObjectNotFoundError
from storage.objects import (
    ObjectStat,
    check_key,
    check_prefix,
    check_range,
    check_retention,
    utc_now,
)

#: Called as ``(operation, key, phase)`` with the name of the method; whatever it raises, the
#: method raises. ``before``: it failed and nothing was done. ``after``: it was done all the same.
Faults = Callable[[str, str, Literal["before", "after"]], None]


@dataclass(frozen=True, slots=True)
class _Stored:
    data: bytes
    modified_at: datetime
    retain_until: datetime | None


def no_faults(operation: str, key: str, phase: Literal["before", "after"]) -> None:
    """A store that never fails."""


class MemoryStore:
    """An `ObjectStore` that keeps its promises but for the power cut."""

    def __init__(
        self, *, faults: Faults = no_faults, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.faults = faults
        self._now = now
        self._objects: dict[str, _Stored] = {}
        self._guard = threading.Lock()

    def put_file(self, key: str, source: Path, *, retain_until: datetime | None = None) -> None:
        check_key(key)
        with self._faulty("put_file", key):
            self._put(key, source.read_bytes(), retain_until)

    def put_bytes(self, key: str, data: bytes, *, retain_until: datetime | None = None) -> None:
        check_key(key)
        with self._faulty("put_bytes", key):
            self._put(key, bytes(data), retain_until)

    def replace_bytes(self, key: str, data: bytes) -> None:
        check_key(key)
        with self._faulty("replace_bytes", key), self._guard:
            self._refuse_retained(key)
            self._objects[key] = _Stored(bytes(data), self._now(), None)

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> BinaryIO:
        check_key(key)
        check_range(start, length)
        with self._faulty("open", key):
            end = None if length is None else start + length
            return io.BytesIO(self._get(key).data[start:end])

    def read_bytes(self, key: str) -> bytes:
        check_key(key)
        with self._faulty("read_bytes", key):
            return self._get(key).data

    def stat(self, key: str) -> ObjectStat:
        check_key(key)
        with self._faulty("stat", key):
            found = self._get(key)
            return ObjectStat(key, len(found.data), found.modified_at, found.retain_until)

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        check_prefix(prefix)
        with self._faulty("list", prefix), self._guard:
            found = sorted(item for item in self._objects.items() if item[0].startswith(prefix))
        return (ObjectStat(key, len(one.data), one.modified_at) for key, one in found)

    def delete(self, key: str) -> None:
        check_key(key)
        with self._faulty("delete", key), self._guard:
            if key not in self._objects:
                raise ObjectNotFoundError(key)
            self._refuse_retained(key)
            del self._objects[key]

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        check_key(key)
        with self._faulty("local_path", key):
            data = self._get(key).data
        with tempfile.NamedTemporaryFile(prefix="liuhen-") as scratch:
            scratch.write(data)
            scratch.flush()
            yield Path(scratch.name)

    def check(self) -> None:
        with self._faulty("check", ""):
            pass

    @contextmanager
    def _faulty(self, operation: str, key: str) -> Iterator[None]:
        self.faults(operation, key, "before")
        yield
        self.faults(operation, key, "after")

    def _put(self, key: str, data: bytes, retain_until: datetime | None) -> None:
        now = self._now()
        until = check_retention(retain_until, now)
        with self._guard:
            if key in self._objects:
                raise ObjectExistsError(key)
            self._objects[key] = _Stored(data, now, until)

    def _get(self, key: str) -> _Stored:
        with self._guard:
            try:
                return self._objects[key]
            except KeyError as error:
                raise ObjectNotFoundError(key) from error

    def _refuse_retained(self, key: str) -> None:
        found = self._objects.get(key)
        if found and found.retain_until and found.retain_until > self._now():
            raise ObjectLockedError(f"{key} until {found.retain_until.isoformat()}")
