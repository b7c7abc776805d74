"""Every kind of find and the state it leads to."""

from dataclasses import replace

import pytest

from ingest.probe import ProbeResult, StreamInfo
from ingest.verdicts import SENTENCES, Reason, after_transcoding, before_transcoding

VIDEO = StreamInfo("video", codec="h264", width=1920, height=1080)
SOUND = StreamInfo("audio", codec="aac", sample_rate=44100, channels=1)


def found(**changes: object) -> ProbeResult:
    values: dict[str, object] = {
        "container": "mov",
        "kind": "video",
        "size_bytes": 1000,
        "opened": True,
        "streams": (VIDEO, SOUND),
    }
    return ProbeResult(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("probed", "state", "reason"),
    [
        (found(size_bytes=0, container=None), "quarantined", Reason.EMPTY),
        (found(container=None, kind="text"), "ready", None),
        (found(container=None, kind="document"), "ready", None),
        (found(container=None, kind="document", damage="cut_off"), "damaged", Reason.CUT_OFF),
        (found(container=None, kind="unknown"), "quarantined", Reason.NOT_MEDIA),
        (found(opened=False, streams=(), damage="no_index"), "damaged", Reason.NO_INDEX),
        (
            found(streams=(StreamInfo("video", codec="h264", width=30000, height=30000),)),
            "quarantined",
            Reason.TOO_LARGE,
        ),
        (found(opened=False, streams=()), "quarantined", Reason.UNREADABLE),
        (found(opened=False, streams=(), damage="cut_off"), "damaged", Reason.CUT_OFF),
        (found(streams=(StreamInfo("data"),)), "quarantined", Reason.NOTHING_PLAYABLE),
        (
            found(opened=False, streams=(), damage="padding"),
            "quarantined",
            Reason.NOTHING_PLAYABLE,
        ),
        (
            found(streams=(replace(SOUND, sample_rate=1),)),
            "quarantined",
            Reason.IMPLAUSIBLE,
        ),
        (found(streams=(SOUND,), duration_ms=86_400_000), "quarantined", Reason.IMPLAUSIBLE),
    ],
)
def test_what_needs_no_ffmpeg(probed: ProbeResult, state: str, reason: Reason | None) -> None:
    verdict = before_transcoding(probed)
    assert verdict is not None
    assert (verdict.state, verdict.reason) == (state, reason)


def test_what_can_be_transcoded_has_no_verdict_yet() -> None:
    assert before_transcoding(found()) is None
    assert before_transcoding(found(streams=(SOUND,))) is None
    assert before_transcoding(found(damage="cut_off")) is None
    assert before_transcoding(found(streams=(SOUND,), duration_ms=9_000)) is None
    cut = found(streams=(SOUND,), duration_ms=86_400_000, damage="cut_off")
    assert before_transcoding(cut) is None
    assert before_transcoding(found(streams=(VIDEO, replace(SOUND, sample_rate=1)))) is None


@pytest.mark.parametrize(
    ("damage", "complaints", "state", "reason"),
    [
        (None, 0, "ready", None),
        (None, 2, "damaged", Reason.DECODE_ERRORS),
        ("cut_off", 0, "damaged", Reason.CUT_OFF),
    ],
)
def test_what_transcoding_tells(
    damage: str | None, complaints: int, state: str, reason: Reason | None
) -> None:
    verdict = after_transcoding(found(damage=damage), complaints)
    assert (verdict.state, verdict.reason) == (state, reason)


def test_each_reason_has_a_sentence_and_a_code_before_it() -> None:
    assert set(SENTENCES) == set(Reason)
    verdict = before_transcoding(found(size_bytes=0))
    assert verdict is not None
    assert verdict.text == "empty: The file holds no bytes."
    assert after_transcoding(found(), 0).text is None
