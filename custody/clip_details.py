"""What the entries of a clip say of it: facts for ever, and what they commit to."""

import base64
from datetime import datetime

from custody.clip_rows import Clip
from custody.log.canonical import format_time
from custody.log.entry import Json


def admitted_facts(clip: Clip) -> dict[str, Json]:
    """What ``clip.admitted`` says for ever."""
    return {
        "clip": clip.id,
        "sha256": clip.sha256,
        "sm3": clip.sm3,
        "size_bytes": clip.size_bytes,
    }


def admitted_details(clip: Clip) -> dict[str, Json]:
    """What ``clip.admitted`` commits to (beside the actor's name)."""
    details: dict[str, Json] = {
        "name": clip.name,
        "name_raw": base64.b64encode(clip.name_raw).decode(),
        "important": clip.important,
        "station": clip.station_id,
        "station_name": clip.station_name,
        "dock_session": clip.dock_session_id,
        "file_modified_at": written_time(clip.file_modified_at),
    }
    return details | assigned_details(clip)


def assigned_details(clip: Clip) -> dict[str, Json]:
    """What ``clip.assigned`` commits to: who recorded it, with what, and when.

    Under ``was`` it has the same of before.
    """
    return {
        "officer": clip.officer,
        "recorder": clip.recorder,
        "recorded_at": written_time(clip.recorded_at),
    }


def written_time(moment: datetime | None) -> str | None:
    """A time as entries carry it."""
    return None if moment is None else format_time(moment)
