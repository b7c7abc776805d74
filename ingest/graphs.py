"""The ffmpeg graphs: which renditions come from which streams, as arguments of one command.

Built with `ffmpeg-python` (unmaintained since 2019, so it stays in this module). What is made of
what:

=======  ===========================================================================
video    proxy (480p H.264 + AAC in MP4), poster, contact sheet, waveform where there is sound
audio    proxy (AAC in M4A), waveform
picture  proxy (JPEG, at most 1600 pixels), poster
=======  ===========================================================================
"""

import os
from pathlib import Path
from typing import Any

import ffmpeg

from ingest.errors import TranscodeError
from ingest.ffmpeg import input_address
from ingest.limits import MAX_PICTURE_PIXELS, MAX_VIDEO_PIXELS
from ingest.probe import ProbeResult

#: The proxy's shorter side in pixels; smaller originals keep their size.
PROXY_SIDE = 480
KEYFRAME_S = 2
SHEET_COLUMNS, SHEET_ROWS = 5, 4
TILE_SIDE = 240  # the longer side of one tile
PICTURE_SIDE = 1600
POSTER_SIDE = 480
AUDIO_RATES = frozenset({16000, 22050, 24000, 32000, 44100, 48000})
#: The waveform is drawn from this many samples a second: ffmpeg keeps them all until the end, and
#: a shift of twelve hours must fit into memory.
WAVEFORM_RATE = 8000
MAX_THREADS = 8

PROXY_FILES = {"video": "proxy.mp4", "audio": "proxy.m4a", "picture": "proxy.jpg"}
IMAGE_FILES = {"poster": "poster.jpg", "sheet": "sheet.jpg", "waveform": "waveform.png"}


def proxy_path(folder: Path, kind: str) -> Path:
    """Where the proxy of a ``video``, ``audio`` or ``picture`` is made."""
    return folder / PROXY_FILES[kind]


def transcode_arguments(source: Path, found: ProbeResult, folder: Path) -> list[str]:
    """The arguments after `ingest.ffmpeg.PREAMBLE` that make the renditions of ``source``.

    Public so that a benchmark can run bare ffmpeg with the very same ones. Raises `TranscodeError`
    if there is nothing in ``found`` to make anything from.
    """
    pixels = MAX_PICTURE_PIXELS if found.kind == "picture" else MAX_VIDEO_PIXELS
    threads = min(os.cpu_count() or 1, MAX_THREADS)
    options = {"protocol_whitelist": "file", "max_pixels": pixels, "threads": threads}
    if found.container is None or found.kind not in PROXY_FILES or not found.streams:
        raise TranscodeError("there is neither picture nor sound in it")
    stream = ffmpeg.input(input_address(source), f=found.container, **options)
    if found.kind == "picture":
        outputs = _picture_outputs(stream, folder)
    else:
        outputs = _recording_outputs(stream, found, folder, threads)
    arguments: list[str] = ffmpeg.merge_outputs(*outputs).get_args(overwrite_output=True)
    return arguments


def _recording_outputs(stream: Any, found: ProbeResult, folder: Path, threads: int) -> list[Any]:
    """Video and audio by name: data streams (GPS, time codes) that MP4 refuses stay out."""
    tracks, outputs = [], []
    options: dict[str, Any] = {"movflags": "+faststart", "map_metadata": -1, "map_chapters": -1}
    if found.kind == "video":
        width, height = proxy_size(found)
        # V: no covers. The picture is scaled once and the small images come from the small one.
        shown = stream["V:0"].filter("scale", width, height).filter("format", "yuv420p")
        if found.picture_ms:
            split = shown.filter_multi_output("split", 3)
            shown = split[0]
            outputs += _image_outputs(split[1], split[2], found.picture_ms / 1000, folder)
        tracks.append(shown)
        options |= {
            "c:v": "libx264",
            "preset": "veryfast",
            "crf": 26,
            "maxrate": "2M",
            "bufsize": "4M",
            "threads": threads,
            "fps_mode": "vfr",
            "force_key_frames": f"expr:gte(t,n_forced*{KEYFRAME_S})",
        }
    if found.audio is not None:
        # Gaps become silence, so that sound stays with its picture.
        heard = stream["a:0"].filter("aresample", **{"async": 1, "first_pts": 0})
        split = heard.filter_multi_output("asplit", 2)
        tracks.append(split[0])
        rate = found.audio.sample_rate
        options |= {
            "c:a": "aac",
            "b:a": "96k",
            "ac": min(found.audio.channels or 1, 2),
            "ar": rate if rate in AUDIO_RATES else 48000,
        }
        outputs.append(_waveform_output(split[1], folder))
    proxy = proxy_path(folder, found.kind)
    output = ffmpeg.output(*tracks, input_address(proxy), f="mp4", **options)
    return [output, *outputs]


def _image_outputs(poster: Any, sheet: Any, duration_s: float, folder: Path) -> list[Any]:
    """The poster a little after the beginning, and tiles spread evenly over the duration.

    Each tile is the first picture at or after the middle of its twentieth of the recording.
    """
    step = duration_s / (SHEET_COLUMNS * SHEET_ROWS)
    poster = poster.filter("select", f"gte(t,{min(1.0, duration_s / 10):.3f})")
    sheet = (
        sheet.filter("select", f"gte(t,(selected_n+0.5)*{step:.6f})")
        .filter("scale", TILE_SIDE, TILE_SIDE, force_original_aspect_ratio="decrease")
        .filter("tile", f"{SHEET_COLUMNS}x{SHEET_ROWS}", padding=2)
    )
    return [
        _still(poster, folder / IMAGE_FILES["poster"]),
        _still(sheet, folder / IMAGE_FILES["sheet"]),
    ]


def _waveform_output(heard: Any, folder: Path) -> Any:
    drawn = heard.filter(
        "aformat", sample_fmts="s16p", sample_rates=WAVEFORM_RATE, channel_layouts="mono"
    ).filter("showwavespic", s="1200x120", colors="0x2f6f8f", scale="sqrt")
    return _still(drawn, folder / IMAGE_FILES["waveform"])


def _picture_outputs(stream: Any, folder: Path) -> list[Any]:
    split = stream["v:0"].filter_multi_output("split", 2)
    return [
        _still(_fit(split[0], PICTURE_SIDE), proxy_path(folder, "picture")),
        _still(_fit(split[1], POSTER_SIDE), folder / IMAGE_FILES["poster"]),
    ]


def _fit(picture: Any, side: int) -> Any:
    """Into a square of ``side`` pixels, never enlarged."""
    return picture.filter(
        "scale", f"min({side},iw)", f"min({side},ih)", force_original_aspect_ratio="decrease"
    ).filter("format", "yuvj420p")


def _still(picture: Any, path: Path) -> Any:
    options: dict[str, Any] = {"frames:v": 1, "f": "image2", "update": 1, "map_metadata": -1}
    if path.suffix == ".jpg":
        # strict: newer encoders insist on full-range colours, which JPEG readers assume anyway.
        options |= {"c:v": "mjpeg", "q:v": 4, "strict": "unofficial"}
    return ffmpeg.output(picture, input_address(path), **options)


def proxy_size(found: ProbeResult) -> tuple[int, int]:
    """Width and height of the proxy as shown: turned upright, even, never larger than the original.

    Fixed numbers, so that an original that changes its size in the middle doesn't end the encoder.
    """
    if found.video is None:
        raise ValueError("there is no picture to scale")
    width, height = found.video.width, found.video.height
    if found.video.rotation in {90, 270}:
        width, height = height, width
    scale = min(1.0, PROXY_SIDE / min(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def image_arguments(proxy: Path, picture_ms: int) -> list[str]:
    """The arguments that make poster and contact sheet, beside it, from a finished proxy."""
    stream = ffmpeg.input(input_address(proxy), f="mov", protocol_whitelist="file")
    split = stream["V:0"].filter_multi_output("split", 2)
    outputs = _image_outputs(split[0], split[1], picture_ms / 1000, proxy.parent)
    arguments: list[str] = ffmpeg.merge_outputs(*outputs).get_args(overwrite_output=True)
    return arguments
