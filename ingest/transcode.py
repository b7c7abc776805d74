"""From an original to what a page can show: one decode makes proxy, poster, sheet and waveform.

`ingest.graphs` says how, this module runs it, looks at what came out and saves what can be saved.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.errors import TranscodeError
from ingest.ffmpeg import Run, run_ffmpeg
from ingest.graphs import (
    IMAGE_FILES,
    SHEET_COLUMNS,
    SHEET_ROWS,
    image_arguments,
    proxy_path,
    transcode_arguments,
)
from ingest.limits import is_absurd_rate, transcode_limits
from ingest.probe import ProbeResult, probe
from ingest.processes import never

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

    def run(self, arguments: list[str]) -> Run:
        left = self.time_limit_s - (time.monotonic() - self.started)
        return run_ffmpeg(
            arguments,
            transcode_limits(self.size_bytes, self.time_limit_s),
            time_limit_s=max(left, 0.0),
            should_stop=self.should_stop,
        )


def make_renditions(
    source: Path,
    found: ProbeResult,
    folder: Path,
    *,
    time_limit_s: float,
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
        run = budget.run(transcode_arguments(source, variant, folder))
        complaints += [*run.complaints, *lacking]
        proxy = proxy_path(folder, variant.kind)
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
    ffmpeg give up all outputs. A sound at a rate that no recorder has is not touched beside
    a picture.
    """
    if not (found.video and found.audio and is_absurd_rate(found.audio.sample_rate)):
        yield found, []
    if found.kind == "video" and found.audio:
        silent = tuple(s for s in found.streams if s.kind != "audio")
        yield replace(found, streams=silent), ["the sound could not be read"]
        if is_absurd_rate(found.audio.sample_rate):
            return
        blind = tuple(s for s in found.streams if s.kind == "audio")
        yield replace(found, streams=blind, kind="audio"), ["the picture could not be read"]


def _images(folder: Path) -> Iterator[MadeFile]:
    for kind, name in IMAGE_FILES.items():
        path = folder / name
        if _holds_picture(path):
            yield MadeFile(kind, path, MEDIA_TYPES[path.suffix])


def _complete_images(found: ProbeResult, made: ProbeResult, folder: Path, budget: _Budget) -> None:
    """Make poster and sheet anew if they were planned for another duration."""
    if made.picture_ms is None:
        return
    step_ms = made.picture_ms / (SHEET_COLUMNS * SHEET_ROWS)
    planned = found.picture_ms
    right = planned is not None and abs(planned - made.picture_ms) <= step_ms / 2
    if right and all(_holds_picture(folder / IMAGE_FILES[kind]) for kind in ("poster", "sheet")):
        return
    budget.run(image_arguments(proxy_path(folder, "video"), made.picture_ms))


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
