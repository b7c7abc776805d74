"""Run as a script of its own under limits: opens one file with PyAV and prints what it found.

    python -I probe_child.py /path/of/the/file demuxer

Standard output is one JSON object, always (a crash or a limit leaves none); exit status 0 even if
the file can't be opened, since that is an answer.
"""

import json
import sys
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer
from av.video.frame import VideoFrame

#: More streams than any recorder writes; the rest is not looked at.
MAX_STREAMS = 32
#: How far to look for the first picture, in packets.
MAX_PACKETS = 600
MAX_TEXT = 300

OPTIONS = {"protocol_whitelist": "file", "probesize": "16000000", "analyzeduration": "8000000"}


def main(address: str, demuxer: str, max_pixels: int) -> dict[str, Any]:
    try:
        with av.open(address, format=demuxer, options=OPTIONS) as container:
            return describe(container, max_pixels)
    except (av.FFmpegError, ValueError, MemoryError) as error:
        return {"opened": False, "error": describe_error(error), "streams": []}


def describe(container: InputContainer, max_pixels: int) -> dict[str, Any]:
    known = list(container.streams)[:MAX_STREAMS]
    streams = [describe_stream(stream) for stream in known]
    found: dict[str, Any] = {"opened": True, "streams": streams, "error": None}
    lengths = [stream["duration_ms"] for stream in streams if stream["kind"] in {"video", "audio"}]
    if container.duration is not None and container.duration > 0:
        found["duration_ms"] = container.duration // 1000
    elif any(lengths):
        found["duration_ms"] = max(lengths)
    first = next((s for s in streams if s["kind"] == "video" and not s["cover"]), None)
    if first and 0 < first["width"] * first["height"] <= max_pixels:
        add_first_picture(container, first, found)
    return found


def describe_stream(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    known = stream.duration and stream.time_base
    found: dict[str, Any] = {
        "kind": stream.type,
        "codec": context.name if context else None,
        "duration_ms": max(0, int(stream.duration * stream.time_base * 1000)) if known else 0,
    }
    if context is None:
        # Data, or a codec this build does not know: nothing more can be said of it.
        return {**found, "width": 0, "height": 0, "cover": False}
    found["profile"] = text(context.profile)
    if stream.type == "video":
        rate = stream.average_rate or stream.base_rate
        found |= {
            "width": context.width,
            "height": context.height,
            "fps": f"{rate.numerator}/{rate.denominator}" if isinstance(rate, Fraction) else None,
            "pixel_format": context.pix_fmt,
            "cover": bool(stream.disposition & stream.disposition.attached_pic),
            "frames": max(0, stream.frames),
        }
    elif stream.type == "audio":
        found |= {
            "sample_rate": context.sample_rate,
            "channels": context.channels,
            "frames": max(0, stream.frames),
        }
    return found


def add_first_picture(
    container: InputContainer, first: dict[str, Any], found: dict[str, Any]
) -> None:
    """Decode one picture: it proves that there is one and tells how it is turned."""
    stream = next(
        s for s in container.streams.video if not s.disposition & s.disposition.attached_pic
    )
    try:
        for number, packet in enumerate(container.demux(stream)):
            for frame in packet.decode():
                if isinstance(frame, VideoFrame):
                    first["rotation"] = frame.rotation % 360
                    first["width"], first["height"] = frame.width, frame.height
                    return
            if number >= MAX_PACKETS:
                break
        found["error"] = "no picture could be decoded at the beginning"
    except av.FFmpegError as error:
        found["error"] = describe_error(error)


def describe_error(error: Exception) -> str:
    # Not `str(error)`: it carries the path.
    return text(getattr(error, "strerror", None)) or type(error).__name__


def text(value: object) -> str | None:
    return None if value is None else str(value)[:MAX_TEXT]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
