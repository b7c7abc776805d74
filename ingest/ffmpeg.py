"""The ffmpeg binary: where it is, how it is run, what its complaints mean."""

import functools
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import FfmpegMissingError
from ingest.limits import Limits
from ingest.processes import never, run_limited
from storage.errors import StoreFullError

NEEDED_ENCODERS = ("libx264", "aac", "mjpeg", "png")

#: Before the arguments of the graph: no questions, complaints with their level. No `-progress`:
#: ffmpeg tells none before the last output has begun, and a waveform begins at the end.
PREAMBLE = ("-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+error")

#: One complaint at `-loglevel level+error`: who, at which level, what.
_COMPLAINT = re.compile(r"^(?P<context>(?:\[[^\]]*\] )*)\[(?:error|fatal|panic)\] ?(?P<text>.*)$")
#: Complaints of encoders, muxers and filters speak of our own output, not of the original.
_OUR_SIDE = re.compile(
    r"\[(?:mp4|ipod|image2|png|libx264|enc:|out#|vost#|aost#|fc#|Parsed_|swscaler)"
)


@dataclass(frozen=True, slots=True)
class Ffmpeg:
    """A usable binary. ``version`` is as it prints it, e.g. ``7.1.2``."""

    path: str
    version: str


@dataclass(frozen=True, slots=True)
class Run:
    """How ffmpeg ended. ``complaints`` are those about the input, without addresses or paths."""

    returncode: int
    complaints: tuple[str, ...]


@functools.cache
def find_ffmpeg(*also: str) -> Ffmpeg:
    """The ffmpeg on the PATH if it can do what we need, else the one in the wheel `imageio-ffmpeg`.

    ``also`` names encoders needed beside `NEEDED_ENCODERS`. Raises `FfmpegMissingError` with what
    is missing.
    """
    missing = []
    for find in (_on_path, _in_wheel):
        path = find()
        if path is None:
            continue
        lacking = _lacking_encoders(path, (*NEEDED_ENCODERS, *also))
        if not lacking:
            return Ffmpeg(path, _version(path))
        missing.append(f"{path} lacks {', '.join(lacking)}")
    raise FfmpegMissingError("; ".join(missing))


def _on_path() -> str | None:
    return shutil.which("ffmpeg")


def _in_wheel() -> str | None:
    import imageio_ffmpeg  # noqa: PLC0415 - only where the PATH has none

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:  # the wheel for this platform carries none
        return None


def _lacking_encoders(path: str, needed: Sequence[str]) -> list[str]:
    listing = _ask(path, "-encoders")
    known = {line.split()[1] for line in listing.splitlines() if len(line.split()) > 1}
    return [name for name in needed if name not in known]


def _version(path: str) -> str:
    words = _ask(path, "-version").split()
    return words[2] if len(words) > 2 else "unknown"


def _ask(path: str, question: str) -> str:
    answer = subprocess.run(
        [path, "-hide_banner", question], capture_output=True, timeout=30, check=False
    )
    return answer.stdout.decode("utf-8", "replace")


def run_ffmpeg(
    arguments: Sequence[str],
    limits: Limits,
    *,
    time_limit_s: float,
    should_stop: Callable[[], bool] = never,
) -> Run:
    """Run ffmpeg with `PREAMBLE` and ``arguments`` under limits.

    A failure is not raised but returned: what it means depends on what was to be made. Raises
    `FfmpegMissingError`, `MediaTimeLimitError`, `MediaInterruptedError`, and `StoreFullError` if
    the scratch disk is full.
    """
    command = [find_ffmpeg().path, *PREAMBLE, *arguments]
    outcome = run_limited(command, limits, time_limit_s=time_limit_s, should_stop=should_stop)
    if b"No space left on device" in outcome.stderr:
        raise StoreFullError("making renditions")
    return Run(outcome.returncode, input_complaints(outcome.stderr))


def input_complaints(stderr: bytes) -> tuple[str, ...]:
    """What demuxer and decoders said against the original, at most 200 of 200 characters each."""
    found = []
    for line in stderr.decode("utf-8", "replace").splitlines():
        match = _COMPLAINT.match(line)
        if match and not _OUR_SIDE.search(match["context"]):
            speaker = re.sub(r" @ 0x[0-9a-f]+", "", match["context"])
            said = re.sub(r"(?:file:)?/\S*/\S+", "…", match["text"])
            found.append(f"{speaker}{said}"[:200])
    return tuple(found[:200])


def input_address(path: Path) -> str:
    """``path`` so that ffmpeg can't take it for a protocol or an option."""
    return f"file:{path.absolute()}"
