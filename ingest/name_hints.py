"""What a clip's further names say that its own does not: whose recording it is, with what, when.

A hint is for a person to take or leave: nothing is assigned by it. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from custody.clip_names import ClipName
from custody.clip_rows import Clip
from ingest.filenames import parse_filename


@dataclass(frozen=True, slots=True)
class NameHint:
    """What the clip would be assigned: its own values, and from ``name`` those it lacks."""

    name: str
    officer: str | None
    recorder: str | None
    recorded_at: datetime | None


def hint_for(clip: Clip, names: Sequence[ClipName], zone: tzinfo) -> NameHint | None:
    """The first of ``names`` that knows an officer or a time which ``clip`` lacks, if one does.

    ``zone`` is where the recorders' clocks are set.
    """
    if clip.altered:
        return None
    for one in names:
        parsed = parse_filename(one.name, zone)
        if parsed is None:
            continue
        if (clip.officer is None and parsed.officer) or (
            clip.recorded_at is None and parsed.recorded_at
        ):
            return NameHint(
                one.name,
                clip.officer or parsed.officer,
                clip.recorder or parsed.recorder,
                clip.recorded_at or parsed.recorded_at,
            )
    return None
