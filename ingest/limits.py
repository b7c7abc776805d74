"""How much of the machine a media tool may take; its input is hostile until proved otherwise."""

from dataclasses import dataclass

GIB = 1024**3

#: The largest frame that is decoded: H.264 level 6.2 and no recorder's video goes beyond it.
MAX_VIDEO_PIXELS = 8192 * 4352
#: The largest picture. A hundred megapixels is a medium-format camera, more is a bomb.
MAX_PICTURE_PIXELS = 128_000_000

#: Seconds of work for one of recording. A proxy is made at 7 times real time on two cores (0.14 s a
#: second of film), sound at more than 50 times; a host that needs so much longer is hanging.
SECONDS_PER_SECOND = {"video": 2.0, "audio": 0.25}
#: Seconds of work for one frame of picture or sound, where an index says how many there are.
SECONDS_PER_FRAME = 0.2
FLOOR_S = 120.0
#: The most that any recording gets, whatever it claims, where the configuration says nothing: four
#: times what a shift of twelve hours takes on two cores.
CEILING_S = 6 * 3600.0
#: The longest first try: whoever needs more comes again behind the others.
FIRST_TRY_S = 600.0
#: How much longer the second try may take; the third gets all that is plausible.
SECOND_TRY_FACTOR = 8
#: No recorder writes less, in bytes a second (160 and 8 kbit/s): what is claimed beyond is not
#: believed, for a header of a few bytes can claim any duration.
SLOWEST_BYTES_PER_S = {"video": 20_000, "audio": 1_000}
#: A sound that claims this many times what its bytes can hold at the slowest is no recording.
ABSURD_FACTOR = 10
#: Samples a second of anything that records sound; below and above it is an attack on resamplers.
AUDIO_RATES = range(4_000, 192_000 + 1)


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


def time_limit_s(
    kind: str,
    duration_ms: int | None,
    size_bytes: int,
    earlier_tries: int = 0,
    frames: int | None = None,
    *,
    ceiling_s: float = CEILING_S,
) -> float:
    """How long making the renditions of one ``video``, ``audio`` or ``picture`` may take.

    A container can claim any duration, and padding makes any size. So the size caps what is
    believed of the duration, the ``frames`` that its index names cap the work there can be, and no
    file gets more than ``ceiling_s``. The first try gets a part of that only, so that one file
    doesn't hold up the others for long.
    """
    longest_s = size_bytes / SLOWEST_BYTES_PER_S.get(kind, SLOWEST_BYTES_PER_S["video"])
    stated_s = longest_s if duration_ms is None else min(duration_ms / 1000, longest_s)
    pace = SECONDS_PER_SECOND.get(kind, SECONDS_PER_SECOND["video"])
    work_s = stated_s * pace
    if frames is not None:
        work_s = min(work_s, frames * SECONDS_PER_FRAME)
    whole = min(max(FLOOR_S, FLOOR_S / 4 + work_s), ceiling_s)
    first = min(max(FLOOR_S, min(whole / 4, FIRST_TRY_S)), ceiling_s)
    match earlier_tries:
        case 0:
            return first
        case 1:
            return min(whole, first * SECOND_TRY_FACTOR)
        case _:
            return whole


def is_absurd_rate(sample_rate: int) -> bool:
    """Whether no recorder has this many samples a second; 0 is one that is not known."""
    return sample_rate != 0 and sample_rate not in AUDIO_RATES


def is_absurd_duration(duration_ms: int | None, size_bytes: int) -> bool:
    """Whether a sound of ``size_bytes`` can't be nearly as long as it claims."""
    longest_s = size_bytes / SLOWEST_BYTES_PER_S["audio"]
    return duration_ms is not None and duration_ms / 1000 > max(longest_s, 1.0) * ABSURD_FACTOR


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
