"""Recorder-like files for `make run` where no real ones are at hand, made with ffmpeg.

Several officers' shifts of yesterday and a night patrol of today: names in each of the known
patterns, 1080p30 with a clock burned in and a picture that moves, and the files that make trouble
in real life. Nothing in them shows a person or a place.
"""

import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.ffmpeg import find_ffmpeg
from storage.durable import sync_folder

ZONE = ZoneInfo("Asia/Shanghai")  # what the recorders' clocks show
TIMEOUT_S = 300

#: Told after each file that was made: how many are there, of how many, and the name of the last.
Progress = Callable[[int, int, str], None]

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-b:v", "8M", "-maxrate", "10M",
        "-bufsize", "10M", "-pix_fmt", "yuv420p")  # fmt: skip
H265 = ("-c:v", "libx265", "-preset", "ultrafast", "-g", "60", "-b:v", "4M", "-pix_fmt", "yuv420p",
        "-tag:v", "hvc1", "-x265-params", "log-level=none")  # fmt: skip
AAC = ("-c:a", "aac", "-b:a", "96k")


class FootageError(Exception):
    """ffmpeg could not make the demonstration footage."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One file to be made. ``at`` is the recorder's time; ``kind`` picks the recipe."""

    name: str
    at: datetime
    kind: str


def make_footage(
    folder: Path,
    seconds: int = 12,
    progress: Progress | None = None,
    *,
    day: date | None = None,
) -> list[Path]:
    """Fill ``folder`` with the whole set, clips of ``seconds`` length; the files in order of time.

    Files that are there are kept, so a killed run goes on where it was; a file appears under its
    name only when it is whole. ``day`` is that of the night patrol: by default the day the folder
    was begun on, else today. Raises `FootageError` and `FfmpegMissingError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shots = plan(day or _begun_on(folder) or (datetime.now(ZONE) - timedelta(hours=1)).date())
    # Beside the folder, so that a station that watches it never sees a half-made file.
    parts = folder.parent / f".{folder.name}.parts"
    shutil.rmtree(parts, ignore_errors=True)
    made = []
    for number, shot in enumerate(shots, 1):
        path = folder / shot.name
        if not path.exists():
            parts.mkdir(exist_ok=True)
            part = parts / f"{secrets.token_hex(4)}{path.suffix}"
            _make(shot, part, seconds, number)
            ended = (shot.at + timedelta(seconds=seconds)).timestamp()
            os.utime(part, (ended, ended))
            part.rename(path)
            sync_folder(folder)
            if progress:
                progress(number, len(shots), shot.name)
        made.append(path)
    shutil.rmtree(parts, ignore_errors=True)
    return made


def plan(day: date) -> list[Shot]:
    """The set for a night patrol on ``day`` and the shifts of the day before."""
    before = day - timedelta(days=1)

    def shot(name: str, on: date, clock: str, kind: str) -> Shot:
        at = datetime.combine(on, time.fromisoformat(clock), ZONE)
        return Shot(
            name.format(at.strftime("%Y%m%d%H%M%S"), at.strftime("%Y%m%d_%H%M%S")), at, kind
        )

    return [
        shot("TA00716_JX0227_{0}.MOV", before, "09:36:21", "timecode"),
        shot("TA00716_JX0227_{0}_0001.MP4", before, "10:15:00", "h264"),
        shot("TA00716_JX0227_{0}_0002.MP4", before, "10:15:12", "h264"),
        shot("TA00931_JX0311_{0}.MP4", before, "14:22:10", "h264"),
        shot("TA00931_JX0311_{0}.WAV", before, "14:40:05", "sound"),
        shot("TA00931_JX0311_{0}.JPG", before, "14:41:30", "picture"),
        shot("DSJ-T8-0042_JX0105_{0}_00007.MP4", before, "15:03:44", "h265"),
        shot("MOV_0042.MP4", before, "16:20:00", "h264"),
        shot("DCAM_CAM001_000001_{1}_IMP.mp4", day, "00:10:00", "h264"),
        shot("VID_{1}.TS", day, "00:16:30", "ts"),
        shot("TA00931_JX0311_{0}.LOG", day, "00:20:00", "log"),
        shot("TA00931_JX0311_{0}.MP4", day, "00:22:33", "cut"),
        shot("TA00931_JX0311_{0}.MP4", day, "00:23:10", "empty"),
    ]


def _begun_on(folder: Path) -> date | None:
    """The day of the set that lies in ``folder``, so that the next day adds no second one."""
    days = [
        datetime.strptime(match[1], "%Y%m%d").replace(tzinfo=UTC).date() + timedelta(days=1)
        for path in folder.glob("TA00716_JX0227_*.MOV")
        if (match := re.fullmatch(r"TA00716_JX0227_(\d{8})\d{6}\.MOV", path.name))
    ]
    return max(days, default=None)


def _make(shot: Shot, path: Path, seconds: int, number: int) -> None:
    picture = ("-filter_complex", f"{_scene(shot.at, seconds, number)}[v]", "-map", "[v]")
    sound = ("-f", "lavfi", "-i", _sound(seconds, number))
    both = (*sound, *picture, "-map", "0:a")
    frames = shot.at.strftime("%H:%M:%S:00")
    match shot.kind:
        case "h264":
            _run(*both, *H264, *AAC, path)
        case "timecode":  # a data stream (tmcd) beside picture and sound
            _run(*both, *H264, *AAC, "-timecode", frames, path)
        case "h265":
            # A third of the length: this encoder takes three times as long.
            _run(*both, *H265, *AAC, "-t", str(max(3, seconds // 3)), path)
        case "ts":
            _run(*both, *H264, *AAC, "-f", "mpegts", path)
        case "sound":
            _run(*sound, "-c:a", "pcm_s16le", path)
        case "picture":
            _run(*picture, "-frames:v", "1", "-update", "1", "-q:v", "3", "-f", "image2", path)
        case "log":
            path.write_text("\n".join(_log(shot.at)) + "\n", encoding="gb18030")
        case "cut":
            # As most recorders do it repeats its parameter sets, which is what can save it.
            _run(*both, *H264, "-x264-params", "repeat-headers=1", *AAC, path)
            os.truncate(path, path.stat().st_size * 6 // 10)
        case "empty":
            path.touch()
        case _:
            raise ValueError(f"no recipe for {shot.kind!r}")


def _scene(at: datetime, seconds: int, number: int) -> str:
    """A graph: a street under a slow gradient, a van and two figures that pass, grain, a clock.

    Drawn small and enlarged, which is quick; the clock is drawn at full size.
    """
    hue = number * 47 % 360
    length = f"rate=30:duration={seconds}"
    sky = f"nb_colors=2:c0={_colour(hue, 150)}:c1={_colour(hue + 60, 190)}:seed={number}:speed=0.01"
    walk = f"{20 + number * 3}*t+{number * 90}"
    return (
        f"gradients=size=480x270:{length}:{sky},format=yuv420p,"
        "drawbox=y=180:h=90:color=0x565a5e:t=fill,drawbox=y=174:h=6:color=0x8d9093:t=fill,"
        "drawbox=x=60:y=222:w=60:h=4:color=0xd9d6c8:t=fill,"
        "drawbox=x=210:y=222:w=60:h=4:color=0xd9d6c8:t=fill,"
        "drawbox=x=360:y=222:w=60:h=4:color=0xd9d6c8:t=fill[street];"
        f"color={_colour(hue + 180, 110)}:size=92x40:{length},"
        "drawbox=x=58:y=6:w=28:h=14:color=0xb8cdd6:t=fill,"
        "drawbox=x=12:y=30:w=14:h=10:color=0x22252a:t=fill,"
        "drawbox=x=66:y=30:w=14:h=10:color=0x22252a:t=fill[van];"
        f"color=0x2d4a66:size=12x34:{length},drawbox=y=0:h=9:color=0xd8b89a:t=fill,split[a][b];"
        f"[street][van]overlay=x='mod({walk}*2,600)-100':y=196[one];"
        f"[one][a]overlay=x='mod({walk},520)-20':y='150+sin(t*8)'[two];"
        f"[two][b]overlay=x='480-mod({walk}*0.7,520)':y='156+sin(t*7)',"
        f"noise=c0s=6:c0f=t:c0_seed={number},scale=1920:1080:flags=fast_bilinear,"
        + ",".join(_clock(at))
    )


def _colour(hue: int, light: int) -> str:
    """A muted colour as ffmpeg writes it, from its hue in degrees and its lightness to 200."""
    parts = [abs((hue / 60 + shift) % 6 - 3) - 1 for shift in (0, 4, 2)]
    return "0x" + "".join(f"{light - 30 + int(60 * min(1, max(0, p))):02x}" for p in parts)


#: Which of the seven segments (top, upper right, lower right, bottom, lower left, upper left,
#: middle) are lit for the digits 0 to 9.
SEGMENTS = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
DIGIT_WIDTH, DIGIT_HEIGHT, STROKE = 26, 52, 6  # pixels


def _clock(at: datetime) -> Iterator[str]:
    """Date and running time as seven-segment digits out of boxes: no font is needed.

    One filter a segment, switched by the digit that stands there at the moment ``t`` of the film.
    """
    yield "drawbox=x=36:y=36:w=760:h=88:color=black@0.55:t=fill"
    left = 56
    for character in at.strftime("%Y-%m-%d "):
        if character.isdigit():
            yield from _digit(left, str(int(character)))
        elif character == "-":
            yield _segment(left + 8, "g", "1")
        left += 34 if character.isdigit() else 42
    since_midnight = at.hour * 3600 + at.minute * 60 + at.second
    for position, (unit, base) in enumerate(
        ((36000, 3), (3600, 10), (600, 6), (60, 10), (10, 6), (1, 10))
    ):
        # Hours begin anew at 24, not at 30: the demonstration never films over midnight.
        yield from _digit(left, f"mod(floor((t+{since_midnight})/{unit}),{base})")
        left += 34
        if position in {1, 3}:
            for y in (68, 90):
                yield f"drawbox=x={left}:y={y}:w={STROKE}:h={STROKE}:color=white:t=fill"
            left += 16


def _digit(left: int, value: str) -> Iterator[str]:
    for segment in "abcdefg":
        lit = [number for number, lights in enumerate(SEGMENTS) if segment in lights]
        yield _segment(left, segment, "+".join(f"eq({value},{number})" for number in lit))


def _segment(left: int, segment: str, lit: str) -> str:
    half = DIGIT_HEIGHT // 2
    x, y, width, height = {
        "a": (0, 0, DIGIT_WIDTH, STROKE),
        "b": (DIGIT_WIDTH - STROKE, 0, STROKE, half),
        "c": (DIGIT_WIDTH - STROKE, half, STROKE, half),
        "d": (0, DIGIT_HEIGHT - STROKE, DIGIT_WIDTH, STROKE),
        "e": (0, half, STROKE, half),
        "f": (0, 0, STROKE, half),
        "g": (0, half - STROKE // 2, DIGIT_WIDTH, STROKE),
    }[segment]
    return f"drawbox=x={left + x}:y={54 + y}:w={width}:h={height}:color=white:t=fill:enable='{lit}'"


def _sound(seconds: int, number: int) -> str:
    """A quiet hiss with a tone in words and pauses, so that the waveform shows something."""
    tone = f"0.35*sin(2*PI*{200 + 20 * number}*t)*abs(sin(t*9))*lt(mod(t+{number},5),3.2)"
    return f"aevalsrc='{tone}+0.015*(random(0)-0.5)':sample_rate=44100:duration={seconds}"


def _log(at: datetime) -> Iterator[str]:
    for minutes, words in ((0, "开机 电量98%"), (2, "开始录像"), (3, "电量低 2%"), (3, "关机")):
        yield f"{(at + timedelta(minutes=minutes)):%Y-%m-%d %H:%M:%S} {words}"


def _run(*arguments: str | Path) -> None:
    command = [find_ffmpeg("libx265").path, "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_S)
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines()
        raise FootageError(lines[0] if lines else f"exit status {error.returncode}") from error
    except subprocess.TimeoutExpired as error:
        raise FootageError(f"ffmpeg did not end within {TIMEOUT_S} s") from error
