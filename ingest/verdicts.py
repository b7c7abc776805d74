"""What becomes of a clip, from what was found in it; rules without I/O.

A reason is ``code: sentence``; the code (`Reason`) is stable, for pages that translate and for
tests. Nothing of the file's own text goes into it, for reasons stand in the log for ever.
"""

from dataclasses import dataclass
from enum import StrEnum

from custody.clips import ClipState
from ingest.limits import is_absurd_duration, is_absurd_rate
from ingest.probe import AS_IT_IS, ProbeResult, StreamInfo


class Reason(StrEnum):
    """Why a clip is not simply ready."""

    EMPTY = "empty"
    NOT_MEDIA = "not_media"
    TOO_LARGE = "too_large"
    IMPLAUSIBLE = "implausible"
    UNREADABLE = "unreadable"
    NOTHING_PLAYABLE = "nothing_playable"
    NO_INDEX = "no_index"
    NO_INDEX_RECOVERED = "no_index_recovered"
    CUT_OFF = "cut_off"
    DECODE_ERRORS = "decode_errors"
    TIME_LIMIT = "time_limit"
    TRANSCODE_FAILED = "transcode_failed"


SENTENCES = {
    Reason.EMPTY: "The file holds no bytes.",
    Reason.NOT_MEDIA: "These bytes are no recording, picture, log or document that is known here.",
    Reason.TOO_LARGE: "The picture is larger than any recorder makes; it is not decoded.",
    Reason.IMPLAUSIBLE: "Its header claims a sound that no recorder makes; it is not decoded.",
    Reason.UNREADABLE: "The container can't be read.",
    Reason.NOTHING_PLAYABLE: "There is neither picture nor sound in it that can be decoded.",
    Reason.NO_INDEX: "The recording was cut off before its index (moov) was written, and its "
    "pictures don't carry what is needed to decode them without it; it can't be played as it is.",
    Reason.NO_INDEX_RECOVERED: "The recording was cut off before its index (moov) was written; "
    "its pictures were found without it: the proxy has no sound and its speed is assumed.",
    Reason.CUT_OFF: "The recording was cut off; what is there was kept.",
    Reason.DECODE_ERRORS: "Parts of the recording could not be decoded.",
    Reason.TIME_LIMIT: "Making a proxy took longer than it may, several times.",
    Reason.TRANSCODE_FAILED: "No proxy could be made, after several tries.",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state a clip goes to and why."""

    state: ClipState
    reason: Reason | None = None

    @property
    def text(self) -> str | None:
        """For the clip's row: ``code: sentence``, None if there is nothing to say."""
        return f"{self.reason}: {SENTENCES[self.reason]}" if self.reason else None


def before_transcoding(found: ProbeResult) -> Verdict | None:
    """The verdict where there is nothing to transcode, None where there is."""
    if found.size_bytes == 0:
        return Verdict(ClipState.QUARANTINED, Reason.EMPTY)
    if found.kind in AS_IT_IS:
        return (
            Verdict(ClipState.DAMAGED, Reason.CUT_OFF) if found.damage else Verdict(ClipState.READY)
        )
    if found.container is None:
        return Verdict(ClipState.QUARANTINED, Reason.NOT_MEDIA)
    if found.damage == "no_index":
        return Verdict(ClipState.DAMAGED, Reason.NO_INDEX)
    if found.damage == "padding":
        return Verdict(ClipState.QUARANTINED, Reason.NOTHING_PLAYABLE)
    if found.too_large:
        return Verdict(ClipState.QUARANTINED, Reason.TOO_LARGE)
    if not found.opened or not (found.video or found.audio):
        if found.damage:
            return Verdict(ClipState.DAMAGED, Reason.CUT_OFF)
        reason = Reason.NOTHING_PLAYABLE if found.opened else Reason.UNREADABLE
        return Verdict(ClipState.QUARANTINED, reason)
    if not found.video and found.audio and _is_implausible(found, found.audio):
        return Verdict(ClipState.QUARANTINED, Reason.IMPLAUSIBLE)
    return None


def _is_implausible(found: ProbeResult, sound: StreamInfo) -> bool:
    # A file that was cut off does hold less than its header says.
    too_long = not found.damage and is_absurd_duration(found.duration_ms, found.size_bytes)
    return too_long or is_absurd_rate(sound.sample_rate)


def after_transcoding(found: ProbeResult, complaints: int) -> Verdict:
    """The verdict where a proxy was made; ``complaints`` of demuxer and decoders on the way."""
    if found.damage:
        return Verdict(ClipState.DAMAGED, Reason.CUT_OFF)
    return (
        Verdict(ClipState.DAMAGED, Reason.DECODE_ERRORS) if complaints else Verdict(ClipState.READY)
    )
