"""From an original to what a page can show: one decode makes proxy, poster, sheet and waveform.

The graph is built with `ffmpeg-python` (unmaintained since 2019, so it stays in this module).
What is made of what:

=======  ===========================================================================
video    proxy (480p H.264 + AAC in MP4), poster, contact sheet, waveform where there is sound
audio    proxy (AAC in M4A), waveform
picture  proxy (JPEG, at most 1600 pixels), poster
text     nothing; it is shown as it is
=======  ===========================================================================
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ffmpeg

from ingest.errors import TranscodeError
from ingest.ffmpeg import Progress, Run, input_address, run_ffmpeg
from ingest.limits import MAX_PICTURE_PIXELS, MAX_VIDEO_PIXELS, transcode_limits
from ingest.probe import ProbeResult, probe
from ingest.processes import never

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
MEDIA_TYPES = {".mp4": "video/mp4", ".m4a": "audio/mp4", ".jpg": "image/jpeg", ".png": "image/png"}


@dataclass(frozen=True, slots=True)
class MadeFile:
    """One rendition as a file in the scratch folder. ``kind``: proxy poster sheet waveform."""

    kind: str
    path: Path
    media_type: str


@dataclass(frozen=True, slots=True)
class Renditions:
    """What was made. ``complaints`` are what demuxer and decoders said against the original."""

    files: tuple[MadeFile, ...]
    duration_ms: int | None
    complaints: tuple[str, ...] = ()


@dataclass(slots=True)
class _Budget:
    """The wall time and the wish to stop, shared by all runs over one original."""

    size_bytes: int
    time_limit_s: float
    should_stop: Callable[[], bool]
    started: float = field(default_factory=time.monotonic)

    def run(self, arguments: list[str], progress: Progress | None = None) -> Run:
        left = self.time_limit_s - (time.monotonic() - self.started)
        return run_ffmpeg(
            arguments,
            transcode_limits(self.size_bytes, self.time_limit_s),
            time_limit_s=max(left, 0.0),
            progress=progress,
            should_stop=self.should_stop,
        )


def make_renditions(
    source: Path,
    found: ProbeResult,
    folder: Path,
    *,
    time_limit_s: float,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] = never,
) -> Renditions:
    """Make what fits ``found`` from ``source`` into the empty ``folder``.

    Everything returned has been opened and holds something. Where ffmpeg ends early, what it made
    till then counts if it can be played. Raises `TranscodeError` if nothing playable came out,
    `MediaTimeLimitError`, `MediaInterruptedError`, `FfmpegMissingError`.
    """
    budget = _Budget(found.size_bytes, time_limit_s, should_stop)
    complaints: list[str] = []
    for variant, lacking in _variants(found):
        for leftover in folder.iterdir():
            leftover.unlink()
        run = budget.run(transcode_arguments(source, variant, folder), progress)
        complaints += [*run.complaints, *lacking]
        proxy = _proxy_path(folder, variant.kind)
        made = _probe_output(proxy, variant.kind, should_stop)
        if made is None:
            continue
        if made.kind == "video":
            _complete_images(variant, made, folder, budget)
        if run.returncode:
            complaints.append(f"ffmpeg ended with status {run.returncode}")
        files = (MadeFile("proxy", proxy, MEDIA_TYPES[proxy.suffix]), *_images(folder))
        return Renditions(files, made.duration_ms, tuple(complaints))
    last = complaints[-1] if complaints else "no complaint"
    raise TranscodeError(f"exit status {run.returncode}: {last}")


def _variants(found: ProbeResult) -> Iterator[tuple[ProbeResult, list[str]]]:
    """What to try in turn: everything, else without the sound, else without the picture.

    One stream without a single readable packet (a file cut off before its first sound) makes
    ffmpeg give up all outputs.
    """
    yield found, []
    if found.kind == "video" and found.audio:
        silent = tuple(s for s in found.streams if s.kind != "audio")
        yield replace(found, streams=silent), ["the sound could not be read"]
        blind = tuple(s for s in found.streams if s.kind == "audio")
        yield replace(found, streams=blind, kind="audio"), ["the picture could not be read"]


def _images(folder: Path) -> Iterator[MadeFile]:
    for kind, name in IMAGE_FILES.items():
        path = folder / name
        if _holds_picture(path):
            yield MadeFile(kind, path, MEDIA_TYPES[path.suffix])


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
        if found.duration_ms:
            split = shown.filter_multi_output("split", 3)
            shown = split[0]
            outputs += _image_outputs(split[1], split[2], found.duration_ms / 1000, folder)
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
    proxy = _proxy_path(folder, found.kind)
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
        _still(_fit(split[0], PICTURE_SIDE), _proxy_path(folder, "picture")),
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


def _complete_images(found: ProbeResult, made: ProbeResult, folder: Path, budget: _Budget) -> None:
    """Make poster and sheet anew, from the proxy, if the duration they were planned for is wrong."""
    if made.duration_ms is None:
        return
    step_ms = made.duration_ms / (SHEET_COLUMNS * SHEET_ROWS)
    planned = found.duration_ms
    right = planned is not None and abs(planned - made.duration_ms) <= max(step_ms, 500)
    if right and all(_holds_picture(folder / IMAGE_FILES[kind]) for kind in ("poster", "sheet")):
        return
    stream = ffmpeg.input(input_address(_proxy_path(folder, "video")), f="mov")
    split = stream["V:0"].filter_multi_output("split", 2)
    outputs = _image_outputs(split[0], split[1], made.duration_ms / 1000, folder)
    budget.run(ffmpeg.merge_outputs(*outputs).get_args(overwrite_output=True))


def _probe_output(path: Path, kind: str, should_stop: Callable[[], bool]) -> ProbeResult | None:
    """The proxy as a player would see it; None if it couldn't be played."""
    if not path.exists() or not path.stat().st_size:
        return None
    made = probe(path, should_stop=should_stop)
    playable = made.video if kind in {"video", "picture"} else made.audio
    recording = kind == "picture" or (made.duration_ms or 0) > 0
    return made if made.opened and made.damage is None and playable and recording else None


def _holds_picture(path: Path) -> bool:
    """Whether ffmpeg finished this image: begun and ended as its format demands."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return False
    if path.suffix == ".png":
        return data.startswith(b"\x89PNG") and data.endswith(b"IEND\xaeB\x60\x82")
    return data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9")


def _proxy_path(folder: Path, kind: str) -> Path:
    return folder / PROXY_FILES[kind]
