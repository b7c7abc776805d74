"""Lists too long for memory, in anonymous files that vanish with the run."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any, Self

from custody.log.merkle import HASH_BYTES

#: Up to this many bytes stay in memory.
IN_MEMORY_BYTES = 32 * 1024 * 1024
#: Hashes gathered for one call of the file.
WRITTEN_AT_ONCE = 1024


class HashSpool:
    """Leaf hashes by index, written in order; an index that was left out reads as None."""

    _ABSENT = bytes(HASH_BYTES)  # no SHA-256 anybody will ever see

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - closed by close()
        self._unwritten: list[bytes] = []  # those before `size`
        self.size = 0

    def append(self, index: int, leaf_hash: bytes) -> None:
        """Put the hash of ``index``, which is not below `size`."""
        if index > self.size:
            self._write()
            # A gap of any width costs nothing: the file is sparse until it is read.
            self._file.seek(index * HASH_BYTES)
        self._unwritten.append(leaf_hash)
        self.size = index + 1
        if len(self._unwritten) == WRITTEN_AT_ONCE:
            self._write()

    def _write(self) -> None:
        self._file.write(b"".join(self._unwritten))
        self._unwritten.clear()

    def read(self, first: int, count: int) -> list[bytes | None]:
        """``count`` hashes from ``first`` on; None for those that are not there."""
        self._write()
        self._file.seek(first * HASH_BYTES)
        data = self._file.read(count * HASH_BYTES)
        if len(data) == count * HASH_BYTES and self._ABSENT not in data:
            return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
        hashes: list[bytes | None] = []
        for at in range(0, count * HASH_BYTES, HASH_BYTES):
            value = data[at : at + HASH_BYTES]
            hashes.append(None if not value or value == self._ABSENT else value)
        return hashes

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RecordSpool:
    """Small records (of text, numbers and None), read in the order in which they were written."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - closed by close()
            max_size=IN_MEMORY_BYTES, mode="w+", encoding="utf-8", newline="\n"
        )
        self.count = 0

    def append(self, record: Sequence[Any]) -> None:
        self._file.seek(0, os.SEEK_END)  # somebody may have read meanwhile
        self._file.write(json.dumps(record) + "\n")
        self.count += 1

    def __iter__(self) -> Iterator[list[Any]]:
        self._file.seek(0)
        for line in self._file:
            yield json.loads(line)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
