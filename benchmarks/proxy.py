"""(c) Probe, renditions and their checks, beside bare ffmpeg with the very same arguments."""

import subprocess
from pathlib import Path

from benchmarks.harness import Row, Section, rounds, run, timed
from ingest.ffmpeg import PREAMBLE, find_ffmpeg
from ingest.graphs import transcode_arguments
from ingest.probe import probe
from ingest.transcode import make_renditions

#: Of the length of one recording; what a file costs once weighs less on a longer one.
SECONDS = 120


def measure(folder: Path, *, quick: bool = False) -> Section:
    """Times for 1080p30 at 12 Mbit/s with sound → 480p proxy, poster, contact sheet, waveform."""
    section = Section("Proxy: the pipeline beside bare ffmpeg", "python -m benchmarks proxy")
    seconds = 5 if quick else SECONDS
    source = folder / "source.mp4"
    ffmpeg = find_ffmpeg().path
    run(
        *(ffmpeg, "-v", "error", "-f", "lavfi", "-i", f"testsrc2=s=1920x1080:r=30:d={seconds}"),
        *("-f", "lavfi", "-i", f"sine=f=440:r=48000:d={seconds}"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "12M", "-pix_fmt", "yuv420p"),
        *("-c:a", "aac", "-movflags", "+faststart", source),
    )
    arguments_for = probe(source)

    def bare(target: Path) -> float:
        target.mkdir()
        with timed() as taken:
            subprocess.run(
                [ffmpeg, *PREAMBLE, *transcode_arguments(source, arguments_for, target)],
                check=True,
                stdin=subprocess.DEVNULL,
                capture_output=True,
            )
        return taken()

    def ours(target: Path) -> float:
        target.mkdir()
        with timed() as taken:
            made = make_renditions(source, probe(source), target, time_limit_s=3600)
        if {file.kind for file in made.files} != {"proxy", "poster", "sheet", "waveform"}:
            raise RuntimeError(f"not everything was made: {made}")
        return taken()

    alone, whole = rounds(1 if quick else 3, folder / "target", [bare, ours])
    section.rows += [
        Row("bare ffmpeg, same arguments", alone, "s"),
        Row("probe + renditions + checks", whole, "s", "bare ffmpeg", whole / alone, "≤ 1.05"),
        Row("the same", seconds / whole, "× real time"),
    ]
    section.notes.append(
        f"{seconds} s of film, 12 Mbit/s. One decode makes all four renditions; beside it ours "
        "probes in a limited child, sets limits, and opens what was made before it counts."
    )
    return section
