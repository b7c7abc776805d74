"""Run as a script of its own under limits: finds coded pictures in an MP4 that has no index.

    python -I -S salvage_child.py /path/of/the/original /path/of/the/result

A recorder that loses power has written the media data and not the index (`moov`) that tells where
each picture lies. H.264 and H.265 pictures in MP4 are units of a 4-byte length and a payload
(ISO/IEC 14496-15); one after another they can be followed without an index, and after a stretch of
sound the next one is looked for. It works where the recorder repeats its parameter sets in the
data, as most do; where they stood in the index only, nothing honest can be done and status 3 says
so. The result is a bare stream (Annex B): pictures without their sound and their times.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

WINDOW = 1 << 20
#: Larger units than any recorder's picture are chance.
MAX_UNIT = 4 << 20
NOTHING_FOUND = 3

START = b"\0\0\0\1"
#: A parameter set, its length field first: H.264's SPS with a known profile, H.265's VPS.
OPENINGS = {
    "h264": re.compile(rb"\0\0[\0-\3].[\x27\x47\x67][\x42\x4d\x58\x64\x6e\x7a\xf4]", re.DOTALL),
    "hevc": re.compile(rb"\0\0[\0-\3].\x40\x01", re.DOTALL),
}
#: What a picture begins with, its length field first, told from sound, which is as good as random:
#: a delimiter, a parameter set, a message, or a slice. An H.264 slice begins with the picture's
#: first block and the first parameter set, of an H.265 one the first bit says the same.
PICTURES = {
    "h264": re.compile(
        rb"\0\0\0\x02\x09[\x10\x30\x50\x70\x90\xb0\xd0\xf0]"
        rb"|\0\0[\0-\3].[\x27\x47\x67][\x42\x4d\x58\x64\x6e\x7a\xf4]"
        rb"|\0\0..\x06[\0-\x06]"
        rb"|\0[\0-\x3f]..[\x25\x45\x65][\x88\xb8-\xbf]"
        rb"|\0[\0-\x3f]..[\x01\x21\x41\x61][\x88\x9a\x9b\x9e\x9f\xa8-\xaf\xb8-\xbf\xe0-\xff]",
        re.DOTALL,
    ),
    "hevc": re.compile(
        rb"\0\0\0\x03\x46\x01[\x10\x30\x50]"
        rb"|\0\0[\0-\3].\x40\x01"
        rb"|\0\0..\x4e\x01"
        rb"|\0[\0-\x3f]..[\0\x02\x10\x12\x26\x28\x2a]\x01[\x80-\xff]",
        re.DOTALL,
    ),
}
#: The longest of these patterns, in bytes.
PATTERN_BYTES = 7
#: Units that carry a picture's data; after the others another unit must follow at once.
SLICES = {"h264": range(1, 6), "hevc": range(32)}


class Unit:
    """One coded unit: where its payload lies and what kind it is."""

    def __init__(self, codec: str, position: int, length: int, head: bytes) -> None:
        self.position = position
        self.length = length
        self.kind = head[0] & 31 if codec == "h264" else head[0] >> 1 & 63
        #: A bit that is never set, and types that are used.
        types = (
            {1, 5, 6, 7, 8, 9, 12} if codec == "h264" else {0, 1, 8, 9, 19, 20, 21, *range(32, 41)}
        )
        self.plausible = not head[0] & 0x80 and self.kind in types
        if codec == "hevc":
            self.plausible = self.plausible and head[1] == 1

    @property
    def end(self) -> int:
        return self.position + self.length


def unit_at(handle: BinaryIO, codec: str, position: int, size: int) -> Unit | None:
    """The unit whose length field stands at ``position``; None if none does."""
    handle.seek(position)
    head = handle.read(6)
    if len(head) < 6:
        return None
    unit = Unit(codec, position + 4, int.from_bytes(head[:4], "big"), head[4:])
    return unit if 2 < unit.length <= MAX_UNIT and unit.end <= size and unit.plausible else None


def search(handle: BinaryIO, pattern: re.Pattern[bytes], position: int) -> Iterator[int]:
    """Every place from ``position`` on where ``pattern`` begins."""
    while True:
        handle.seek(position)
        window = handle.read(WINDOW)
        for match in pattern.finditer(window):
            yield position + match.start()
        if len(window) < WINDOW:
            return
        position += WINDOW - PATTERN_BYTES + 1


def find_opening(handle: BinaryIO, size: int) -> tuple[str, int] | None:
    """Codec and place of the first parameter sets: two in a row, or it is chance."""
    found = []
    for codec, pattern in OPENINGS.items():
        for position in search(handle, pattern, 0):
            first = unit_at(handle, codec, position, size)
            second = first and unit_at(handle, codec, first.end, size)
            if second and second.kind == (8 if codec == "h264" else 33):
                found.append((position, codec))
                break
    return (min(found)[1], min(found)[0]) if found else None


def units(handle: BinaryIO, codec: str, position: int, size: int) -> Iterator[Unit]:
    """Follow the units from ``position``, past what lies between them, to the end."""
    largest = 0
    while True:
        unit = unit_at(handle, codec, position, size)
        while unit is not None:
            yield unit
            largest = max(largest, unit.length)
            position = unit.end
            unit = unit_at(handle, codec, position, size)
        for candidate in search(handle, PICTURES[codec], position + 1):
            unit = unit_at(handle, codec, candidate, size)
            # A chance find would mostly claim a length beyond anything seen.
            if unit is None or unit.length > 2 * largest:
                continue
            if unit.kind in SLICES[codec] or unit_at(handle, codec, unit.end, size):
                position = candidate
                break
        else:
            return


def main(source: Path, result: Path) -> int:
    size = source.stat().st_size
    with source.open("rb") as handle, source.open("rb") as reader, result.open("wb") as sink:
        opening = find_opening(handle, size)
        if opening is None:
            return NOTHING_FOUND
        for unit in units(handle, *opening, size):
            reader.seek(unit.position)
            sink.write(START + reader.read(unit.length))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
