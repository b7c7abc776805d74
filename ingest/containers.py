"""What kind of file this is, by its own bytes; names lie.

The answer names the one ffmpeg demuxer that may open the file. ffmpeg left to guess would also
follow playlists (`m3u8`, `ffconcat`, `sdp`) that name other files or hosts; with the demuxer
fixed here and nothing but these, it can't.

Only a bounded number of bytes is read and nothing is executed, so this runs in our own process.
"""

import codecs
import struct
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

HEAD_BYTES = 64 * 1024
TAIL_BYTES = 64 * 1024
#: A box structure with more top-level boxes than this (a fragmented file of days) is not walked on.
MAX_BOXES = 20_000

#: What no text encoding of a recorder contains; tab, line ends, SUB and ESC are left out.
CONTROL_BYTES = {*range(32), 127} - {*b"\t\n\f\r\x1a\x1b"}
#: Private use, unassigned and surrogate characters: where they stand, the encoding is another one.
_UNWRITTEN = frozenset({"Co", "Cn", "Cs"})
ISO_BOXES = frozenset(
    {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof", b"sidx"}
)
#: Boxes that keep room and hold nothing.
_PADDING = frozenset({b"free", b"skip", b"wide"})
#: Endings under which a text file is no log but something else in disguise.
MEDIA_SUFFIXES = frozenset(
    {
        *(".mp4", ".m4v", ".mov", ".avi", ".ts", ".mts", ".m2ts", ".mkv", ".webm", ".3gp", ".mpg"),
        *(".mpeg", ".vob", ".dav", ".flv", ".asf", ".wmv", ".h264", ".h265", ".264", ".265"),
        *(".wav", ".mp3", ".aac", ".m4a", ".amr", ".ogg", ".flac", ".wma"),
        *(".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp"),
    }
)


@dataclass(frozen=True, slots=True)
class Signature:
    """What the bytes say of themselves.

    ``demuxer`` is ffmpeg's name or None where no known container begins. ``kind`` is one of
    ``video audio picture text document unknown`` (as the container suggests; the probe knows
    better).
    ``damage`` is ``no_index`` (ISO media whose ``moov`` was never written), ``cut_off`` (the
    container announces more bytes than there are), ``padding`` (boxes that hold nothing, and no
    others) or None. ``indexed``: an index lists every frame
    there is; without it, or with fragments that each bring their own, nobody has counted them.
    """

    demuxer: str | None
    kind: str
    damage: str | None = None
    indexed: bool = False


UNKNOWN = Signature(None, "unknown")


def identify(path: Path, *, name: str | None = None) -> Signature:
    """Recognise the file at ``path``. ``name`` is what its recorder called it, for text logs only.

    Raises `OSError` if the file can't be read.
    """
    with path.open("rb") as handle:
        size = handle.seek(0, 2)
        handle.seek(0)
        head = handle.read(HEAD_BYTES)
        handle.seek(max(0, size - TAIL_BYTES))
        tail = handle.read(TAIL_BYTES)
        if head[4:8] in ISO_BOXES:
            return _iso(handle, size, head)
    return (
        _riff(head, size)
        or _picture(head, tail)
        or _stream(head, size)
        or _audio(head)
        or _document(head, tail)
        or _text(head, tail, size, Path(name or "").suffix.lower())
        or UNKNOWN
    )


def _iso(handle: BinaryIO, size: int, head: bytes) -> Signature:
    """MP4 and MOV: walk the top-level boxes (ISO/IEC 14496-12, 4.2)."""
    kind = "audio" if head[8:12] in {b"M4A ", b"M4B "} else "video"
    if head[8:12] in {b"heic", b"avif", b"mif1"}:
        return UNKNOWN  # a picture that needs a codec we don't carry
    position = 0
    index = media = overrun = fragments = False
    padding = True
    for _ in range(MAX_BOXES):
        handle.seek(position)
        header = handle.read(16)
        if len(header) < 8:
            break
        length, box = struct.unpack(">I4s", header[:8])
        if length == 1 and len(header) == 16:
            length = struct.unpack(">Q", header[8:])[0]
        elif length == 0:  # to the end of the file
            length = size - position
        index = index or (box == b"moov" and position + length <= size)
        media = media or box in {b"mdat", b"moof"}
        padding = padding and box in _PADDING
        fragments = fragments or box == b"moof"
        if length < 8 or position + length > size:
            overrun = True
            break
        position += length
    walked = position >= size or (overrun and length >= 8)
    # Trailing bytes that are no box harm nothing as long as index and media are whole.
    if index:
        cut = overrun and box in {b"mdat", b"moof"}
        indexed = walked and not fragments
        return Signature("mov", kind, "cut_off" if cut else None, indexed)
    if media:
        return Signature("mov", kind, "no_index")
    return Signature("mov", kind, "padding" if padding and not overrun else "cut_off")


def _riff(head: bytes, size: int) -> Signature | None:
    if head[:4] not in {b"RIFF", b"RF64"} or len(head) < 12:
        return None
    announced = struct.unpack("<I", head[4:8])[0]
    # 0 and 0xffffffff: a writer that could not go back, or RF64's "see elsewhere".
    cut = "cut_off" if announced not in {0, 0xFFFFFFFF} and announced + 8 > size else None
    if head[8:12] == b"AVI ":
        return Signature("avi", "video", cut or ("cut_off" if announced == 0 else None))
    if head[8:12] == b"WAVE":
        return Signature("wav", "audio", cut)
    if head[8:12] == b"WEBP":
        return Signature("webp_pipe", "picture", cut)
    return None


def _picture(head: bytes, tail: bytes) -> Signature | None:
    if head[:3] == b"\xff\xd8\xff":
        # Some recorders write their own block after the end mark, so it need not be last.
        return Signature("jpeg_pipe", "picture", None if b"\xff\xd9" in tail else "cut_off")
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return Signature("png_pipe", "picture", None if b"IEND" in tail else "cut_off")
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return Signature("bmp_pipe", "picture")
    return None


def _stream(head: bytes, size: int) -> Signature | None:
    """Containers that are a run of packets."""
    # Transport stream: plain, with a 4-byte time before each packet (M2TS), with 16 of parity.
    for packet, offset in ((188, 0), (192, 4), (204, 0)):
        marks = head[offset : offset + packet * 5 : packet]
        if len(marks) == 5 and set(marks) == {0x47}:
            return Signature("mpegts", "video", "cut_off" if size % packet else None)
    if head[:4] == b"\x1aE\xdf\xa3":
        return Signature("matroska", "video", _matroska_damage(head, size))
    if head[:4] == b"\0\0\x01\xba":
        return Signature("mpeg", "video")
    if head[:4] == b"DHAV":
        return Signature("dhav", "video")
    if head[:3] == b"FLV":
        return Signature("flv", "video")
    if head[:16] == bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"):
        return Signature("asf", "video")
    for mark in (b"\0\0\0\x01", b"\0\0\x01"):
        if head.startswith(mark):
            unit = head[len(mark)]
            if unit & 0x9F == 0x07 or unit == 0x09:  # a parameter set or a delimiter
                return Signature("h264", "video")
            if unit in {0x40, 0x46}:  # a video parameter set or a delimiter
                return Signature("hevc", "video")
    return None


def _matroska_damage(head: bytes, size: int) -> str | None:
    """Whether the segment (EBML id 18538067) announces more bytes than there are."""
    position = head.find(b"\x18\x53\x80\x67")
    field = head[position + 4 : position + 12]
    if position < 0 or len(field) < 8 or not field[0]:
        return None
    width = 9 - field[0].bit_length()
    length = int.from_bytes(field[:width], "big") & ((1 << 7 * width) - 1)
    if length == (1 << 7 * width) - 1:  # "unknown": written live
        return None
    return "cut_off" if position + 4 + width + length > size else None


def _audio(head: bytes) -> Signature | None:
    for mark, demuxer in ((b"#!AMR", "amr"), (b"fLaC", "flac"), (b"OggS", "ogg"), (b"ID3", "mp3")):
        if head.startswith(mark):
            return Signature(demuxer, "audio")
    # Bare frames: the second must begin where the first says it ends, or it is chance.
    if len(head) > 7 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        if head[length : length + 2] == head[:2]:
            return Signature("aac", "audio")
    length = _mp3_frame_bytes(head[:4])
    if length and _mp3_frame_bytes(head[length : length + 4]):
        return Signature("mp3", "audio")
    return None


def _mp3_frame_bytes(header: bytes) -> int:
    """The length of an MPEG audio layer III frame (ISO/IEC 11172-3), 0 if none begins."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, rate, speed = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or rate in {0, 15} or speed == 3:
        return 0
    first = version == 3
    rates = (
        (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
        if first
        else (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    )
    hertz = (44100, 48000, 32000)[speed] // {3: 1, 2: 2, 0: 4}[version]
    return (144 if first else 72) * rates[rate - 1] * 1000 // hertz + (header[2] >> 1 & 1)


def _document(head: bytes, tail: bytes) -> Signature | None:
    """A document that others made and nobody decodes here; it is kept and handed out as it is."""
    if not head.startswith(b"%PDF-"):
        return None
    return Signature(None, "document", None if b"%%EOF" in tail else "cut_off")


def _text(head: bytes, tail: bytes, size: int, suffix: str) -> Signature | None:
    """A log in a text encoding recorders use, unless it calls itself a recording."""
    if not head or suffix in MEDIA_SUFFIXES:
        return None
    # A tail of 16-bit characters begins with a whole one, where it begins at an even place.
    encoding = _encoding(((head, 0), (tail, (size - len(tail)) % 2)))
    return None if encoding is None else Signature(None, "text")


def text_encoding(beginning: bytes) -> str | None:
    """The encoding, by Python's name, by which `identify` takes a text for one; None for none."""
    return _encoding(((beginning[:HEAD_BYTES], 0),))


def _encoding(ends: Sequence[tuple[bytes, int]]) -> str | None:
    """The encoding of a text of which ``ends`` are known, the beginning first.

    Each comes with the number of its bytes that are no part of a whole 16-bit character.
    """
    head = ends[0][0]
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encoding = "utf-16-le" if head[0] == 0xFF else "utf-16-be"
        return encoding if all(_is_text(data[skip:], encoding) for data, skip in ends) else None
    if 0 in head:
        # Without the mark, only what is mostly ASCII is taken for it: chance makes rare characters.
        wide = (
            encoding
            for encoding in ("utf-16-le", "utf-16-be")
            if all(_is_text(data[skip:], encoding, mostly_ascii=True) for data, skip in ends)
        )
        return next(wide, None)
    if any(not CONTROL_BYTES.isdisjoint(data) for data, _ in ends):
        return None
    return next((one for one in ("utf-8-sig", "gb18030") if _is_text(head, one)), None)


def _is_text(data: bytes, encoding: str, *, mostly_ascii: bool = False) -> bool:
    """Whether ``data`` is text in ``encoding``, of characters that somebody writes.

    The last one may be cut, by our own window or by a flat battery.
    """
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return False
    if any(ord(one) in CONTROL_BYTES or unicodedata.category(one) in _UNWRITTEN for one in text):
        return False
    return not mostly_ascii or sum(one.isascii() for one in text) * 2 > len(text)
