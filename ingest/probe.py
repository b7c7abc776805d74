"""What an original holds: container, duration, streams; found by PyAV in a child with limits.

The file may have been made to attack whoever opens it. So the container is recognised first
(`ingest.containers`), only its own demuxer is allowed, the decoder runs in a child process that
can't write, can't reach a network and ends after `PROBE_TIME_S`, and what it answers is read as
untrusted JSON.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ingest.containers import Signature, identify
from ingest.errors import MediaTimeLimitError, ProbeError
from ingest.ffmpeg import input_address
from ingest.limits import MAX_PICTURE_PIXELS, MAX_VIDEO_PIXELS, PROBE_LIMITS, PROBE_TIME_S
from ingest.processes import never, run_limited

CHILD = Path(__file__).with_name("probe_child.py")
#: Longer than this no recording is; a container that says so lies.
MAX_DURATION_MS = 7 * 24 * 3600 * 1000
#: Kinds of which nothing is decoded and nothing made: they are kept and handed out as they are.
AS_IT_IS = frozenset({"text", "document"})


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One stream. ``kind`` is ffmpeg's: ``video audio data subtitle attachment``.

    ``width`` and ``height`` are those of the coded picture before it is turned by ``rotation``
    (degrees, counter-clockwise as ffmpeg counts); ``fps`` is a fraction as text (``30000/1001``).
    ``frames`` are those that an index lists. What does not apply, or nobody knows, is 0 or None.
    """

    kind: str
    codec: str | None = None
    profile: str | None = None
    width: int = 0
    height: int = 0
    fps: str | None = None
    rotation: int = 0
    pixel_format: str | None = None
    sample_rate: int = 0
    channels: int = 0
    cover: bool = False
    duration_ms: int = 0
    frames: int = 0


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What was found.

    ``container`` is the name of ffmpeg's demuxer, None if no known container begins there.
    ``kind`` is ``video audio picture text document unknown``. ``damage`` is as in
    `ingest.containers.Signature`. ``opened`` tells whether the container could be read at all;
    ``error`` is what the prober said against it, at most 300 characters, without paths.
    """

    container: str | None
    kind: str
    size_bytes: int
    duration_ms: int | None = None
    streams: tuple[StreamInfo, ...] = ()
    opened: bool = False
    damage: str | None = None
    error: str | None = None

    @property
    def video(self) -> StreamInfo | None:
        """The first moving or still picture that is no cover, if its codec is known."""
        return next(
            (s for s in self.streams if s.kind == "video" and not s.cover and s.codec and s.width),
            None,
        )

    @property
    def audio(self) -> StreamInfo | None:
        return next(
            (s for s in self.streams if s.kind == "audio" and s.codec and s.sample_rate), None
        )

    @property
    def picture_ms(self) -> int | None:
        """How long there are pictures; the sound may go on for longer. None if nothing says."""
        return (self.video.duration_ms if self.video else 0) or self.duration_ms

    @property
    def frames(self) -> int | None:
        """How many frames of picture and sound there are at the most; None if nobody counted."""
        counts = [s.frames for s in self.streams if s.kind in {"video", "audio"}]
        return sum(counts) if counts and all(counts) else None

    @property
    def too_large(self) -> bool:
        """Whether the frame is larger than anything we would decode."""
        limit = MAX_PICTURE_PIXELS if self.kind == "picture" else MAX_VIDEO_PIXELS
        return any(s.width * s.height > limit for s in self.streams)

    def media(self) -> dict[str, Any]:
        """For the clip's row and its log entry: JSON without floating-point numbers."""
        return {
            "container": self.container,
            "opened": self.opened,
            "damage": self.damage,
            "error": self.error,
            "streams": [
                {key: value for key, value in asdict(s).items() if value not in (None, 0, False)}
                for s in self.streams
            ],
        }


def probe(
    path: Path,
    timeout: float = PROBE_TIME_S,
    *,
    name: str | None = None,
    should_stop: Callable[[], bool] = never,
) -> ProbeResult:
    """Look into the file at ``path``; ``name`` is what the recorder called it.

    A file that can't be opened, or that makes the prober crash or hang, is an answer
    (``opened`` False), not an error. Raises `OSError` if it can't be read,
    `MediaInterruptedError` when told to stop, and `ProbeError` if the prober does not start.
    """
    signature = identify(path, name=name)
    size = path.stat().st_size
    if signature.demuxer is None or signature.damage in {"no_index", "padding"}:
        return ProbeResult(
            signature.demuxer,
            signature.kind,
            size,
            opened=signature.kind in AS_IT_IS,
            damage=signature.damage,
        )
    answer = _ask_child(path, signature, timeout, should_stop)
    return _read(answer, signature, size)


def _ask_child(
    path: Path, signature: Signature, timeout: float, should_stop: Callable[[], bool]
) -> dict[str, Any]:
    limit = MAX_PICTURE_PIXELS if signature.kind == "picture" else MAX_VIDEO_PIXELS
    command = [sys.executable, "-I", str(CHILD), input_address(path), str(signature.demuxer)]
    try:
        outcome = run_limited(
            [*command, str(limit)], PROBE_LIMITS, time_limit_s=timeout, should_stop=should_stop
        )
    except MediaTimeLimitError:
        return {"error": f"the prober did not end within {timeout:.0f} s"}
    if outcome.returncode < 0:
        return {"error": f"the prober was ended by signal {-outcome.returncode}"}
    if outcome.returncode or not outcome.stdout:
        lines = outcome.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ProbeError(lines[-1][:300] if lines else f"exit status {outcome.returncode}")
    answer: dict[str, Any] = json.loads(outcome.stdout)
    return answer


def _read(answer: dict[str, Any], signature: Signature, size: int) -> ProbeResult:
    streams = tuple(_stream(entry) for entry in answer.get("streams", []))
    if not signature.indexed:
        streams = tuple(replace(stream, frames=0) for stream in streams)
    duration = answer.get("duration_ms")
    believed = isinstance(duration, int) and 0 < duration <= MAX_DURATION_MS
    found = ProbeResult(
        container=signature.demuxer,
        kind=signature.kind,
        size_bytes=size,
        duration_ms=duration if believed and signature.kind != "picture" else None,
        streams=streams,
        opened=bool(answer.get("opened")),
        damage=signature.damage,
        error=answer.get("error"),
    )
    if signature.kind == "picture" or not (found.video or found.audio):
        return found
    return replace(found, kind="video" if found.video else "audio")


def _stream(entry: dict[str, Any]) -> StreamInfo:
    known = {name: entry[name] for name in StreamInfo.__slots__ if entry.get(name) is not None}
    return StreamInfo(**known)
