"""Clips: admitted once, described, assigned and never changed in their bytes.

Whatever changes a row here appends its entry in the same transaction.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from custody.actors import Actor
from custody.errors import ClipNotFoundError
from custody.events import EventKind, clip_item
from custody.first_writer import insert_first
from custody.ids import new_id
from custody.ledger import Event, Ledger
from custody.log.canonical import format_time
from custody.log.entry import Json
from custody.tables import clips


class ClipState(StrEnum):
    """How far a clip is; the last two come with a reason. The original is kept in all of them."""

    ARCHIVED = "archived"  # stored and read back; nothing made of it yet
    READY = "ready"  # can be played
    DAMAGED = "damaged"  # the file is broken; what could be saved of it can be played
    QUARANTINED = "quarantined"  # nothing can be made of it


@dataclass(frozen=True, slots=True)
class NewClip:
    """What is known of an original when it is admitted. Digests are lower-case hex."""

    sha256: str
    sm3: str
    size_bytes: int
    object_key: str
    name: str
    name_raw: bytes
    media_kind: str = "unknown"
    recorded_at: datetime | None = None
    file_modified_at: datetime | None = None
    officer: str | None = None
    recorder: str | None = None
    important: bool = False
    station_id: str | None = None
    station_name: str | None = None
    dock_session_id: str | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip as its row stands; see `custody.tables.clips`."""

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


def admit(tx: Connection, ledger: Ledger, actor: Actor, new: NewClip) -> tuple[Clip, bool]:
    """Register an original that lies in the store and was read back; ``clip.admitted``.

    The digest is the identity: bytes that were admitted before give the clip of then and False,
    and nothing is appended. Of two that race the loser waits and gets the winner's clip.
    """
    known = find_clip_by_digest(tx, new.sha256)
    if known is not None:
        return known, False
    clip_id = new_id()
    values = asdict(new) | {
        "id": clip_id,
        "admitted_at": ledger.clock.now(),
        "state": ClipState.ARCHIVED.value,
    }
    if not insert_first(tx, clips, values):
        return _get_by_digest(tx, new.sha256), False
    clip = get_clip(tx, clip_id)
    ledger.append(
        tx,
        actor,
        Event(
            EventKind.CLIP_ADMITTED,
            clip_item(clip.id),
            facts=admitted_facts(clip),
            details=admitted_details(clip),
        ),
    )
    return clip, True


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
        "file_modified_at": _time(clip.file_modified_at),
    }
    return details | assigned_details(clip)


def assigned_details(clip: Clip) -> dict[str, Json]:
    """What ``clip.assigned`` commits to: who recorded it, with what, and when."""
    return {
        "officer": clip.officer,
        "recorder": clip.recorder,
        "recorded_at": _time(clip.recorded_at),
    }


def media_digest(media: Mapping[str, Any]) -> str:
    """Hex SHA-256 of a probe's findings, which may hold what no entry can (fractions)."""
    text = json.dumps(media, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def get_clip(tx: Connection, clip_id: str) -> Clip:
    """One clip. Raises `ClipNotFoundError`."""
    row = tx.execute(sa.select(clips).where(clips.c.id == clip_id)).one_or_none()
    if row is None:
        raise ClipNotFoundError(clip_id)
    return to_clip(row)


def find_clip_by_digest(tx: Connection, sha256: str) -> Clip | None:
    """The clip with these bytes, if they were admitted."""
    row = tx.execute(sa.select(clips).where(clips.c.sha256 == sha256)).one_or_none()
    return None if row is None else to_clip(row)


def describe_clip(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    clip_id: str,
    media: Mapping[str, Any],
    duration_ms: int | None,
    media_kind: str,
) -> Clip:
    """Note what the probe found; ``clip.described``. The same findings again change nothing.

    Raises `ClipNotFoundError`.
    """
    clip = _lock(tx, clip_id)
    found = dict(media)
    if (clip.media, clip.duration_ms, clip.media_kind) == (found, duration_ms, media_kind):
        return clip
    event = Event(
        EventKind.CLIP_DESCRIBED,
        clip_item(clip_id),
        facts={"clip": clip_id, "media_kind": media_kind, "duration_ms": duration_ms},
        details={"media_sha256": media_digest(found)},
    )
    values = {"media": found, "duration_ms": duration_ms, "media_kind": media_kind}
    return _change(tx, ledger, actor, clip_id, values, event)


def set_clip_state(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    clip_id: str,
    state: ClipState | str,
    reason: str | None = None,
) -> Clip:
    """Move a clip to ``state``; ``clip.state_changed``. The same state and reason change nothing.

    Raises `ClipNotFoundError`, and `ValueError` for a state that is none.
    """
    state = ClipState(state)
    clip = _lock(tx, clip_id)
    if (clip.state, clip.reason) == (state.value, reason):
        return clip
    event = Event(
        EventKind.CLIP_STATE_CHANGED,
        clip_item(clip_id),
        facts={"clip": clip_id, "state": state.value},
        details={"reason": reason},
    )
    return _change(tx, ledger, actor, clip_id, {"state": state.value, "reason": reason}, event)


def assign_clip(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    clip_id: str,
    officer: str | None,
    recorder: str | None,
    recorded_at: datetime | None,
) -> Clip:
    """Say whose recording it is; ``clip.assigned``. The same values again change nothing.

    Raises `ClipNotFoundError`.
    """
    clip = _lock(tx, clip_id)
    if (clip.officer, clip.recorder, clip.recorded_at) == (officer, recorder, recorded_at):
        return clip
    event = Event(
        EventKind.CLIP_ASSIGNED,
        clip_item(clip_id),
        facts={"clip": clip_id},
        details={"officer": officer, "recorder": recorder, "recorded_at": _time(recorded_at)},
    )
    values = {"officer": officer, "recorder": recorder, "recorded_at": recorded_at}
    return _change(tx, ledger, actor, clip_id, values, event)


def to_clip(row: Row[Any]) -> Clip:
    """A row of all columns of `clips` as a `Clip`."""
    return Clip(**{name: getattr(row, name) for name in Clip.__slots__})


def _get_by_digest(tx: Connection, sha256: str) -> Clip:
    clip = find_clip_by_digest(tx, sha256)
    if clip is None:
        raise ClipNotFoundError(f"sha256 {sha256}")
    return clip


def _lock(tx: Connection, clip_id: str) -> Clip:
    """The clip, held until the transaction ends, so that what is compared is what is changed."""
    row = tx.execute(sa.select(clips).where(clips.c.id == clip_id).with_for_update()).one_or_none()
    if row is None:
        raise ClipNotFoundError(clip_id)
    return to_clip(row)


def _change(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    clip_id: str,
    values: dict[str, Any],
    event: Event,
) -> Clip:
    row = tx.execute(
        clips.update().where(clips.c.id == clip_id).values(**values).returning(*clips.c)
    ).one()
    ledger.append(tx, actor, event)
    return to_clip(row)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)
