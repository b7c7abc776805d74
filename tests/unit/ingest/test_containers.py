"""Recognition by content: every container recorders write, and what only pretends to be one."""

import random
import struct
from pathlib import Path

import pytest

from ingest.containers import HEAD_BYTES, Signature, identify


def box(kind: bytes, body: bytes = b"", *, announced: int | None = None) -> bytes:
    return struct.pack(">I", announced or len(body) + 8) + kind + body


FTYP = box(b"ftyp", b"isom\0\0\2\0")
MOOV = box(b"moov", bytes(100))
MDAT = box(b"mdat", bytes(500))


def riff(kind: bytes, announced: int, actual: int = 200) -> bytes:
    return b"RIFF" + struct.pack("<I", announced) + kind + bytes(actual - 4)


TS = (b"\x47" + bytes(187)) * 10
ADTS = b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)
MP3 = b"\xff\xfb\x90\x00" + bytes(413)


def identified(folder: Path, data: bytes, name: str | None = None) -> Signature:
    path = folder / "object"
    path.write_bytes(data)
    return identify(path, name=name)


@pytest.mark.parametrize(
    ("data", "damage"),
    [
        (FTYP + MOOV + MDAT, None),
        (FTYP + MDAT + MOOV, None),
        (FTYP + MDAT + MOOV + b"vendor's own tail", None),
        (FTYP + MDAT, "no_index"),
        (FTYP + box(b"mdat", bytes(100), announced=5000), "no_index"),
        (FTYP + box(b"mdat", bytes(100), announced=1), "no_index"),
        (FTYP + MDAT + box(b"moov", bytes(10), announced=500), "no_index"),
        (FTYP + MOOV + box(b"mdat", bytes(100), announced=5000), "cut_off"),
        (FTYP + MOOV + MDAT[:4], None),
        (FTYP + box(b"moov", bytes(10), announced=500), "cut_off"),
        (FTYP, "cut_off"),
        (box(b"free"), "padding"),
        (box(b"free") * 30_000, "padding"),  # more than are walked
        (box(b"wide") + box(b"skip", bytes(40)) + box(b"free"), "padding"),
        (box(b"free") + box(b"free", announced=500), "cut_off"),
        (box(b"free") + FTYP, "cut_off"),
        (box(b"wide") + box(b"mdat", bytes(40)), "no_index"),
        (FTYP + struct.pack(">I4sQ", 1, b"mdat", 116) + bytes(100) + MOOV, None),
        (FTYP + MOOV + struct.pack(">I4s", 0, b"mdat") + bytes(100), None),
        (FTYP + MOOV + box(b"free", b"", announced=3), None),
    ],
)
def test_iso_boxes_tell_whether_the_index_is_there(
    tmp_path: Path, data: bytes, damage: str | None
) -> None:
    found = identified(tmp_path, data)
    assert (found.demuxer, found.kind, found.damage) == ("mov", "video", damage)


@pytest.mark.parametrize(
    ("data", "indexed"),
    [
        (FTYP + MDAT + MOOV, True),
        (FTYP + MOOV + box(b"mdat", bytes(100), announced=5000), True),  # what is cut off is gone
        (FTYP + MOOV + MDAT + box(b"free", bytes(5000)), True),
        (FTYP + MOOV + MDAT + box(b"moof") + MDAT, False),  # each fragment brings its own index
        (FTYP + MOOV + MDAT + b"vendor's own tail", True),
        (FTYP + MOOV + box(b"free", announced=3) + box(b"moof") + MDAT, False),
        (FTYP + MDAT, False),
        (riff(b"AVI ", 200), False),
    ],
)
def test_only_an_index_of_the_whole_file_counts_its_frames(
    tmp_path: Path, data: bytes, indexed: bool
) -> None:
    assert identified(tmp_path, data).indexed is indexed


def test_a_walk_over_boxes_of_no_length_ends(tmp_path: Path) -> None:
    assert identified(tmp_path, FTYP + box(b"free") * 50_000).demuxer == "mov"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (riff(b"AVI ", 200), Signature("avi", "video")),
        (riff(b"AVI ", 900), Signature("avi", "video", "cut_off")),
        (riff(b"AVI ", 0), Signature("avi", "video", "cut_off")),
        (riff(b"WAVE", 200), Signature("wav", "audio")),
        (riff(b"WAVE", 900), Signature("wav", "audio", "cut_off")),
        (riff(b"WAVE", 0xFFFFFFFF), Signature("wav", "audio")),
        (riff(b"WEBP", 200), Signature("webp_pipe", "picture")),
        (TS, Signature("mpegts", "video")),
        (TS[:-7], Signature("mpegts", "video", "cut_off")),
        ((bytes(4) + TS[:188]) * 9, Signature("mpegts", "video")),
        (b"\xff\xd8\xff\xe0" + bytes(90) + b"\xff\xd9", Signature("jpeg_pipe", "picture")),
        (b"\xff\xd8\xff\xe0" + bytes(90), Signature("jpeg_pipe", "picture", "cut_off")),
        (b"\x89PNG\r\n\x1a\n" + bytes(90), Signature("png_pipe", "picture", "cut_off")),
        (b"\0\0\0\x01\x67\x64" + bytes(90), Signature("h264", "video")),
        (b"\0\0\0\x01\x40\x01" + bytes(90), Signature("hevc", "video")),
        (b"DHAV\xfd" + bytes(90), Signature("dhav", "video")),
        (ADTS * 3, Signature("aac", "audio")),
        (ADTS + bytes(50), Signature(None, "unknown")),
        (MP3 * 2, Signature("mp3", "audio")),
        (MP3 + bytes(50), Signature(None, "unknown")),
        (b"#!AMR\n" + bytes(30), Signature("amr", "audio")),
        (b"\x1aE\xdf\xa3" + bytes(90), Signature("matroska", "video")),
        (b"", Signature(None, "unknown")),
        (b"\x7fELF" + bytes(90), Signature(None, "unknown")),
    ],
)
def test_containers_are_known_by_their_bytes(
    tmp_path: Path, data: bytes, expected: Signature
) -> None:
    assert identified(tmp_path, data, "x.mp4") == expected


def matroska(length: bytes, body: int) -> bytes:
    return b"\x1aE\xdf\xa3\x80" + b"\x18\x53\x80\x67" + length + bytes(body)


@pytest.mark.parametrize(
    ("data", "damage"),
    [
        (matroska(b"\x01\0\0\0\0\0\0\x64", 100), None),
        (matroska(b"\x01\0\0\0\0\0\0\x64", 99), "cut_off"),
        (matroska(b"\x01" + b"\xff" * 7, 99), None),
        (matroska(b"\xff", 99), None),
    ],
)
def test_a_matroska_segment_tells_its_length(
    tmp_path: Path, data: bytes, damage: str | None
) -> None:
    assert identified(tmp_path, data) == Signature("matroska", "video", damage)


@pytest.mark.parametrize(
    "data",
    [
        b"2026-08-04 10:00:00 $GPRMC,020000.00,A\r\n" * 5,
        "2026-08-04 开机，电量 98%\n".encode(),
        "2026-08-04 开机，电量 98%\n".encode("gb18030"),
        "2026-08-04 开机\n".encode("utf-16"),
        ("执" * HEAD_BYTES).encode()[: HEAD_BYTES * 2],
    ],
)
def test_logs_are_text_in_the_encodings_recorders_use(tmp_path: Path, data: bytes) -> None:
    assert identified(tmp_path, data, "20260804.log") == Signature(None, "text")
    assert identified(tmp_path, data, None) == Signature(None, "text")
    assert identified(tmp_path, data, "20260804.MP4") == Signature(None, "unknown")


NMEA = "$GPRMC,013621.00,A,2231.1,N,11403.2,E\r\n"


@pytest.mark.parametrize(
    "data",
    [
        ("2026-08-04 10:00:00 开机\n" * 9).encode("utf-16-le")[:-1],  # no mark, and cut
        b"\xff\xfe" + (NMEA * 9_000).encode("utf-16-le") + b"\x0d",  # longer than our window
        (NMEA * 20).encode("utf-16-be"),
        b"\xef\xbb\xbf" + "执法记录仪".encode(),
        "时间,纬度,经度\n执法".encode("gbk")[:-1],  # a flat battery halves the last character
        "2026-08-04 开机".encode()[:-1],
    ],
)
def test_logs_that_were_cut_or_lack_their_mark_are_text(tmp_path: Path, data: bytes) -> None:
    assert identified(tmp_path, data, "GPS.txt") == Signature(None, "text")


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe" + "a\0b".encode("utf-16-le"),
        b"\xff\xfe" + "\ue000\uffff".encode("utf-16-le"),
        b"\xfe\xff\xd8\x00\x00\x41",
        ("乱码" * 20).encode("utf-16-le"),  # chance makes such characters, so the mark must say it
        NMEA.encode() + b"\0" * 40,
        b"\xff\xfe" + NMEA.encode("utf-16-le") * 2_000 + bytes(4),
        b"PK\x03\x04" + NMEA.encode(),
    ],
)
def test_what_only_calls_itself_a_log_is_none(tmp_path: Path, data: bytes) -> None:
    assert identified(tmp_path, data, "GPS.txt") == Signature(None, "unknown")


def test_few_random_bytes_are_hardly_ever_a_log(tmp_path: Path) -> None:
    source = random.Random(20261122)
    taken = sum(
        identified(tmp_path, source.randbytes(64), "x.txt") == Signature(None, "text")
        for _ in range(2000)
    )
    assert taken == 0


@pytest.mark.parametrize("name", ["notice.pdf", "notice.txt", "MOV_0001.mp4", None])
def test_a_pdf_is_a_document_whatever_it_is_called(tmp_path: Path, name: str | None) -> None:
    whole = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n" + bytes(200) + b"%%EOF\n"
    assert identified(tmp_path, whole, name) == Signature(None, "document")
    assert identified(tmp_path, whole[:-7], name) == Signature(None, "document", "cut_off")
    assert identified(tmp_path, b"x" + whole, name) == Signature(None, "unknown")


@pytest.mark.parametrize("text", ["#EXTM3U\nfile:///etc/passwd\n", "ffconcat version 1.0\n"])
def test_a_playlist_never_gets_a_demuxer(tmp_path: Path, text: str) -> None:
    for name in (None, "x.mp4", "x.m3u8", "x.txt"):
        assert identified(tmp_path, text.encode(), name).demuxer is None


def test_random_bytes_are_nothing(tmp_path: Path) -> None:
    source = random.Random(20261122)
    for _ in range(300):
        assert identified(tmp_path, source.randbytes(4000), "x.log") == Signature(None, "unknown")
