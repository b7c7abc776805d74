"""Clips: admitted once, described, assigned and never changed in their bytes.

Whatever changes a row here appends its entry in the same transaction.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.clip_details import (
    admitted_details,
    admitted_facts,
    assigned_details,
    written_time,
)
from custody.clip_rows import Clip, ClipState, clip_columns, read_clip, require_sound
from custody.codes import read_optional_code
from custody.errors import ClipNotFoundError
from custody.events import EventKind, clip_item
from custody.first_writer import insert_first
from custody.ids import new_id
from custody.ledger import Event, Ledger
from custody.recording_times import require_believable
from custody.tables import clips

__all__ = [
    "Clip",
    "ClipState",
    "NewClip",
    "admit",
    "admitted_details",
    "admitted_facts",
    "assign_clip",
    "assign_unassigned",
    "assigned_details",
    "describe_clip",
    "find_clip_by_digest",
    "get_clip",
    "get_clip_as_it_stands",
    "media_digest",
    "set_clip_state",
]


@dataclass(frozen=True, slots=True)
class NewClip:
    """What is known of an original when it is admitted.

    Digests are lower-case hex, ``officer`` and ``recorder`` codes as `custody.codes` makes them.
    """

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
        "recorder_clock_at": new.recorded_at,
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


def media_digest(media: Mapping[str, Any]) -> str:
    """Hex SHA-256 of a probe's findings, which may hold what no entry can (fractions)."""
    text = json.dumps(media, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def get_clip(tx: Connection, clip_id: str) -> Clip:
    """One clip, to act on. Raises `ClipNotFoundError`, `ClipAlteredError`."""
    return require_sound(get_clip_as_it_stands(tx, clip_id))


def get_clip_as_it_stands(tx: Connection, clip_id: str) -> Clip:
    """One clip to be shown, whatever its row holds. Raises `ClipNotFoundError`."""
    clip = _find(tx, clips.c.id == clip_id)
    if clip is None:
        raise ClipNotFoundError(clip_id)
    return clip


def find_clip_by_digest(tx: Connection, sha256: str) -> Clip | None:
    """The clip with these bytes, if they were admitted, to act on. Raises `ClipAlteredError`."""
    clip = _find(tx, clips.c.sha256 == sha256)
    return None if clip is None else require_sound(clip)


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

    Raises `ClipNotFoundError`, `ClipAlteredError`.
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

    Raises `ClipNotFoundError`, `ClipAlteredError`, and `ValueError` for a state that is none.
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
    """Say whose recording it is and when it was made; ``clip.assigned``.

    Codes are kept in their normal form; empty is none. What the recorder's own clock said is kept
    beside the time. The same values again change nothing.
    Raises `ClipNotFoundError`, `ClipAlteredError`, as `read_code` for an officer or a recorder, and
    as `require_believable` for a time that is neither what it was nor the recorder's own.
    """
    officer, recorder = read_optional_code(officer), read_optional_code(recorder)
    clip = _lock(tx, clip_id)
    if (clip.officer, clip.recorder, clip.recorded_at) == (officer, recorder, recorded_at):
        return clip
    known = (clip.recorded_at, clip.recorder_clock_at)
    if recorded_at is not None and recorded_at not in known:
        require_believable(recorded_at, ledger.clock.now())
    event = Event(
        EventKind.CLIP_ASSIGNED,
        clip_item(clip_id),
        facts={"clip": clip_id},
        details={
            "officer": officer,
            "recorder": recorder,
            "recorded_at": written_time(recorded_at),
            "was": assigned_details(clip),
        },
    )
    values = {"officer": officer, "recorder": recorder, "recorded_at": recorded_at}
    return _change(tx, ledger, actor, clip_id, values, event)


def assign_unassigned(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    clip_ids: Iterable[str],
    officer: str | None,
    recorder: str | None,
) -> list[str]:
    """`assign_clip` for many; one that has an officer by now is left as it is, None keeps a value.

    Returns those that were changed. Raises as `assign_clip`; then ``tx`` is to be rolled back.
    """
    changed = []
    said = read_optional_code(recorder)
    # In one fixed order, so that two people assigning the same clips can't wait for each other.
    for clip_id in sorted(set(clip_ids)):
        before = _lock(tx, clip_id)
        if before.officer is None:
            with_ = said or before.recorder
            after = assign_clip(tx, ledger, actor, clip_id, officer, with_, before.recorded_at)
            changed += [clip_id] if after != before else []
    return changed


def _find(tx: Connection, condition: sa.ColumnElement[bool], *, lock: bool = False) -> Clip | None:
    wanted = sa.select(*clip_columns(tx)).where(condition)
    rows = tx.execute(wanted.with_for_update() if lock else wanted).mappings().all()
    if not rows:
        return None
    return read_clip(rows[0], len(rows))


def _get_by_digest(tx: Connection, sha256: str) -> Clip:
    clip = find_clip_by_digest(tx, sha256)
    if clip is None:
        raise ClipNotFoundError(f"sha256 {sha256}")
    return clip


def _lock(tx: Connection, clip_id: str) -> Clip:
    """The clip, held until the transaction ends, so that what is compared is what is changed."""
    clip = _find(tx, clips.c.id == clip_id, lock=True)
    if clip is None:
        raise ClipNotFoundError(clip_id)
    return require_sound(clip)


def _change(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    clip_id: str,
    values: dict[str, Any],
    event: Event,
) -> Clip:
    changed = clips.update().where(clips.c.id == clip_id).values(**values)
    row = tx.execute(changed.returning(*clip_columns(tx))).mappings().one()
    ledger.append(tx, actor, event)
    return read_clip(row)
