"""Byte ranges (RFC 9110 section 14): which part of an object a player asks for. Pure."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.ASCII | re.IGNORECASE)


class RangeUnsatisfiableError(Exception):
    """The range lies outside the object."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """From byte ``start`` on, ``length`` bytes."""

    start: int
    length: int

    def content_range(self, size: int) -> str:
        """``bytes 0-99/1234``."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{size}"


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The one range of ``header`` in an object of ``size`` bytes; None: send the whole.

    A header that can't be read, or that names several ranges, is ignored as the RFC allows.
    Raises `RangeUnsatisfiableError`, to be answered 416.
    """
    match = _RANGE.fullmatch(header) if header else None
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:  # the last bytes
        length = min(int(match[2]), size)
        if length == 0:
            raise RangeUnsatisfiableError
        return ByteRange(size - length, length)
    start = int(match[1])
    end = int(match[2]) if match[2] else size - 1
    if match[2] and end < start:
        return None
    if start >= size:
        raise RangeUnsatisfiableError
    return ByteRange(start, min(end, size - 1) - start + 1)
