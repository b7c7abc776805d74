"""Reading rows of clips, whatever their cells hold.

Somebody with the database may write what no column takes: text where a time belongs, a state that
is none. Such a row must neither hide itself nor the others: lists and pages read it with
`read_clip` and show what is wrong; whatever acts on a clip takes it through `require_sound`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from custody.cells import fits, raw_columns, shown_row
from custody.errors import ClipAlteredError
from custody.recording_times import TimeSource
from custody.tables import clips
from storage.objects import is_key


class ClipState(StrEnum):
    """How far a clip is; the last two come with a reason. The original is kept in all of them."""

    ARCHIVED = "archived"  # stored and read back; nothing made of it yet
    READY = "ready"  # can be played
    DAMAGED = "damaged"  # the file is broken; what could be saved of it can be played
    QUARANTINED = "quarantined"  # nothing can be made of it


MEDIA_KINDS = ("video", "audio", "picture", "text", "document", "unknown")


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip as its row stands; see `custody.tables.clips`.

    ``altered`` names the columns that hold what never was written there. In their place stands
    nothing, the text that can be made of them, or `STAND_INS`: for the eye, never to act on.
    """

    id: str
    sha256: str
    sm3: str
    size_bytes: int
    object_key: str
    name: str
    name_raw: bytes
    media_kind: str
    recorded_at: datetime | None
    file_modified_at: datetime | None
    officer: str | None
    recorder: str | None
    important: bool
    station_id: str | None
    station_name: str | None
    dock_session_id: str | None
    admitted_at: datetime
    state: str
    reason: str | None
    duration_ms: int | None
    media: dict[str, Any] | None
    recorder_clock_at: datetime | None = None
    altered: tuple[str, ...] = ()

    @property
    def recorded_at_source(self) -> TimeSource | None:
        """Whose word ``recorded_at`` is; None where there is no time, or the row can't tell."""
        if self.recorded_at is None or not _TIMES.isdisjoint(self.altered):
            return None
        by_recorder = self.recorded_at == self.recorder_clock_at
        return TimeSource.RECORDER if by_recorder else TimeSource.HAND


#: What stands for a cell that can't be read and can't be empty. Quarantined: nothing is made of it.
STAND_INS: Mapping[str, Any] = {
    "size_bytes": 0,
    "name_raw": b"",
    "important": False,
    "admitted_at": datetime(1970, 1, 1, tzinfo=UTC),
    "media_kind": "unknown",
    "state": ClipState.QUARANTINED.value,
}
_TIMES = frozenset({"recorded_at", "recorder_clock_at"})
_DIGESTS = frozenset({"sha256", "sm3"})
_DIGEST = re.compile(r"[0-9a-f]{64}")
_WORDS = {"state": frozenset(ClipState), "media_kind": frozenset(MEDIA_KINDS)}


def clip_columns(tx: Connection) -> tuple[sa.ColumnElement[Any], ...]:
    """What to select for `read_clip`."""
    return raw_columns(tx, clips)


def read_clip(row: RowMapping) -> Clip:
    """A row of `clip_columns`, and perhaps others, as it stands."""
    values, altered = shown_row(clips, row, _fits, STAND_INS)
    return Clip(**values, altered=tuple(altered))


def require_sound(clip: Clip) -> Clip:
    """``clip`` itself, to act on. Raises `ClipAlteredError`."""
    if clip.altered:
        raise ClipAlteredError(f"clip {clip.id}: {', '.join(clip.altered)}")
    return clip


def _fits(name: str, cell: object) -> bool:
    """Whether ``cell`` is something that was ever written into this column."""
    if cell is not None and name in _WORDS:
        return cell in _WORDS[name]
    if cell is not None and name == "media":
        return isinstance(cell, dict)
    if name in _DIGESTS and isinstance(cell, str) and not _DIGEST.fullmatch(cell):
        return False
    if name == "object_key" and isinstance(cell, str) and not is_key(cell):
        return False
    return fits(clips.c[name], cell)
