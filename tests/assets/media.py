"""Small recordings for tests, made with ffmpeg when first asked for and kept for the session.

Nothing of it is committed. Each function returns the path of a file nobody may change.
"""

import atexit
import functools
import re
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

from ingest.ffmpeg import find_ffmpeg

FOLDER = tempfile.TemporaryDirectory(prefix="liuhen-media-")
atexit.register(FOLDER.cleanup)

PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=3")
SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=3")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p")
#: As recorders do: parameter sets before each key frame, so that a cut file can be read.
REPEATED = ("-x264-params", "repeat-headers=1")
BOTH = (*PICTURE, *SOUND, *H264, "-c:a", "aac", "-b:a", "64k")

RECIPES: dict[str, tuple[str, ...]] = {
    "plain.mp4": BOTH,
    "repeated.mp4": (*BOTH, *REPEATED),
    "silent.mp4": (*PICTURE, *H264),
    "small.mp4": ("-f", "lavfi", "-i", "testsrc2=size=318x178:rate=10:duration=1", *H264),
    "faststart.mp4": (*BOTH, "-movflags", "+faststart"),
    "fragmented.mp4": (*BOTH, "-movflags", "+frag_keyframe+empty_moov"),
    "timecode.mov": (*BOTH, "-timecode", "10:00:00:00"),
    "plain.ts": (*BOTH, "-f", "mpegts"),
    "plain.avi": BOTH,
    "plain.mkv": BOTH,
    "h265.mp4": (
        *(*PICTURE, *SOUND, "-c:v", "libx265", "-preset", "ultrafast", "-g", "25"),
        *("-x265-params", "log-level=none:repeat-headers=1", "-c:a", "aac"),
    ),
    "sound.wav": (*SOUND, "-c:a", "pcm_s16le"),
    "sound.mp3": (*SOUND, "-c:a", "libmp3lame"),
    "sound.aac": (*SOUND, "-c:a", "aac", "-f", "adts"),
    "picture.jpg": (*PICTURE, "-frames:v", "1", "-update", "1"),
    "picture.png": (*PICTURE, "-frames:v", "1", "-update", "1"),
}


@functools.cache
def media(name: str) -> Path:
    """The file of one recipe."""
    path = Path(FOLDER.name) / name
    run("-y", *RECIPES[name], str(path))
    return path


@functools.cache
def rotated() -> Path:
    """A recording of a camera worn sideways: the picture is to be turned by 90 degrees."""
    path = Path(FOLDER.name) / "rotated.mp4"
    run("-y", "-display_rotation", "90", "-i", str(media("plain.mp4")), "-c", "copy", str(path))
    return path


@functools.cache
def long() -> Path:
    """A recording that takes some seconds to transcode."""
    path = Path(FOLDER.name) / "long.mp4"
    run("-y", "-stream_loop", "15", "-i", str(media("plain.mp4")), "-c", "copy", str(path))
    return path


@functools.cache
def bomb() -> Path:
    """A picture of 140 kB that unfolds to 144 megapixels."""
    path = Path(FOLDER.name) / "bomb.png"
    size = 12_000
    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes((size + 1) * size))), (b"IEND", b""))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
    )
    return path


@functools.cache
def boastful() -> Path:
    """Three seconds of film that claim to be days, padded so that days could be in there.

    Film, tracks, edit lists, media and the time of each sample say so: ISO/IEC 14496-12, 8.2.2,
    8.3.2, 8.6.6, 8.4.2, 8.6.1.2.
    """
    data = bytearray(media("plain.mp4").read_bytes())
    longest, days = 0xFFFFFFFE, 2 * 86400
    for box in (b"mvhd", b"mdhd"):
        for at in _places(data, box):
            rate = struct.unpack_from(">I", data, at + 16)[0]
            struct.pack_into(">I", data, at + 20, min(rate * days, longest))
    whole = struct.unpack_from(">I", data, _places(data, b"mvhd")[0] + 20)[0]
    for box, duration_at in ((b"tkhd", 24), (b"elst", 12)):
        for at in _places(data, box):
            struct.pack_into(">I", data, at + duration_at, whole)
    for at, media_header in zip(_places(data, b"stts"), _places(data, b"mdhd"), strict=True):
        length = struct.unpack_from(">I", data, media_header + 20)[0]
        samples = sum(
            struct.unpack_from(">I", data, at + 12 + 8 * entry)[0]
            for entry in range(struct.unpack_from(">I", data, at + 8)[0])
        )
        for entry in range(struct.unpack_from(">I", data, at + 8)[0]):
            struct.pack_into(">I", data, at + 16 + 8 * entry, length // samples)
    path = Path(FOLDER.name) / "boastful.mp4"
    padding = 64 * 1024 * 1024
    path.write_bytes(bytes(data) + struct.pack(">I4s", padding, b"free") + bytes(padding - 8))
    return path


def _places(data: bytearray, box: bytes) -> list[int]:
    return [found.start() for found in re.finditer(re.escape(box), data)]


@functools.cache
def cut(name: str, share: float = 0.6) -> Path:
    """The first part of a file, as a flat battery leaves it."""
    data = media(name).read_bytes()
    path = Path(FOLDER.name) / f"cut-{name}"
    path.write_bytes(data[: int(len(data) * share)])
    return path


@functools.cache
def scratched(name: str) -> Path:
    """A file with damaged bytes in its middle."""
    data = bytearray(media(name).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = bytes(range(256)) * 15 + bytes(160)
    path = Path(FOLDER.name) / f"scratched-{name}"
    path.write_bytes(data)
    return path


def run(*arguments: str) -> None:
    subprocess.run(
        [find_ffmpeg("libx265", "libmp3lame").path, "-v", "error", "-nostdin", *arguments],
        check=True,
        timeout=120,
    )
