"""What further names offer, and that they offer nothing where there is nothing to add."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from custody.clip_names import ClipName
from custody.clip_rows import Clip
from ingest.name_hints import NameHint, hint_for

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 22, 1, 36, 21, tzinfo=UTC)
CLIP = Clip(
    id="c",
    sha256="",
    sm3="",
    size_bytes=1,
    object_key="",
    name="base.mp4",
    name_raw=b"base.mp4",
    media_kind="video",
    recorded_at=None,
    file_modified_at=None,
    officer=None,
    recorder=None,
    important=False,
    station_id=None,
    station_name=None,
    dock_session_id=None,
    admitted_at=AT,
    state="ready",
    reason=None,
    duration_ms=None,
    media=None,
)


def called(name: str) -> ClipName:
    return ClipName("n", "c", "", name, name.encode(), AT, "s")


FULL = called("TA00716_JX0227_20261122093621.MOV")


def test_a_name_that_can_be_read_is_offered() -> None:
    offered = NameHint(FULL.name, "JX0227", "TA00716", AT)
    assert hint_for(CLIP, [called("copy.mp4"), FULL], ZONE) == offered
    assert hint_for(CLIP, [], ZONE) is None
    assert hint_for(CLIP, [called("copy.mp4")], ZONE) is None


def test_what_the_clip_says_itself_stays() -> None:
    assigned = replace(CLIP, officer="JX0300", recorder="CAM9")
    assert hint_for(assigned, [FULL], ZONE) == NameHint(FULL.name, "JX0300", "CAM9", AT)
    assert hint_for(replace(assigned, recorded_at=AT), [FULL], ZONE) is None
    assert hint_for(replace(CLIP, altered=("officer",)), [FULL], ZONE) is None
