"""How much of the machine a media tool may take; its input is hostile until proved otherwise."""

from dataclasses import dataclass

GIB = 1024**3

#: The largest frame that is decoded: H.264 level 6.2 and no recorder's video goes beyond it.
MAX_VIDEO_PIXELS = 8192 * 4352
#: The largest picture. A hundred megapixels is a medium-format camera, more is a bomb.
MAX_PICTURE_PIXELS = 128_000_000

#: A proxy is made at 7 times real time on two cores (0.14 s a second of film); a host that needs
#: four seconds for one is hanging.
SECONDS_PER_SECOND = 4.0
FLOOR_S = 120.0
CEILING_S = 24 * 3600.0
#: Where no duration is known it is derived from the size: nothing records at less than this.
SLOWEST_BYTES_PER_S = 50_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child process may use (`setrlimit`); sizes in bytes, times in seconds."""

    address_space_bytes: int
    cpu_s: int
    file_bytes: int
    open_files: int = 64
    nice: int = 0


#: PyAV maps its libraries and a few frames; it writes nothing.
PROBE_LIMITS = Limits(address_space_bytes=3 * GIB, cpu_s=20, file_bytes=0)
PROBE_TIME_S = 30.0


def time_limit_s(duration_ms: int | None, size_bytes: int) -> float:
    """How long making the renditions of one original may take.

    A container can claim any duration, so the size caps what is believed of it.
    """
    plausible_s = size_bytes / SLOWEST_BYTES_PER_S
    stated_s = plausible_s if duration_ms is None else min(duration_ms / 1000, plausible_s * 10)
    return min(max(FLOOR_S, FLOOR_S / 4 + stated_s * SECONDS_PER_SECOND), CEILING_S)


def transcode_limits(size_bytes: int, time_s: float) -> Limits:
    """For one run of ffmpeg over an original of ``size_bytes``.

    The address space counts reserved, not used memory: threads and their arenas take most of it.
    """
    return Limits(
        address_space_bytes=8 * GIB,
        cpu_s=int(time_s * 16),
        file_bytes=2 * size_bytes + 256 * 1024**2,
        nice=10,
    )
