"""Viewings: nobody sees evidence but under a grant, and each grant is in the log before it is used.

A grant says who, which clip, why and until when. What is sent under it is counted in its row;
when it has ended, the numbers go into a closing entry (`custody.viewing_ends`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.access import Right, allows
from custody.actors import Actor
from custody.cells import fitting_rows, raw_columns
from custody.clock import Clock
from custody.errors import (
    ClipAlteredError,
    ClipNotFoundError,
    DeniedError,
    GrantExpiredError,
)
from custody.events import EventKind, actor_item, clip_item
from custody.ids import new_id
from custody.ledger import Event, Ledger
from custody.log.canonical import MAX_INTEGER, format_time
from custody.log.entry import Json
from custody.purposes import read_purpose
from custody.tables import access_grants, clips
from custody.twin_rows import TWINS
from custody.viewing_entries import find_opening, has_ended

#: Defaults where the configuration says nothing.
VIEWING_LIFETIME = timedelta(minutes=30)
LISTING_LIFETIME = timedelta(minutes=30)
#: A large original over a slow line.
DOWNLOAD_LIFETIME = timedelta(hours=12)


class GrantKind(StrEnum):
    """What a grant opens."""

    VIEWING = "viewing"  # one clip: its pictures and its proxy
    LISTING = "listing"  # the thumbnails of a page of clips
    DOWNLOAD = "download"  # the original of one clip


@dataclass(frozen=True, slots=True)
class Grant:
    """One viewing, listing or download of one actor."""

    id: str
    kind: GrantKind
    actor_id: str
    clip_ids: tuple[str, ...]
    purpose: str
    opened_at: datetime
    expires_at: datetime


def open_viewing(
    tx: Connection,
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    clip_id: str,
    purpose: str,
    *,
    lifetime: timedelta = VIEWING_LIFETIME,
) -> Grant:
    """Open a clip; ``clip.opened``. Commit before the first byte leaves.

    Raises as `read_purpose` does, `ClipNotFoundError`, `ClipAlteredError` where another row stands
    under the clip's id, and `DeniedError` (which is logged only by
    `Access.require`, to be asked first).
    """
    return _open_clip(tx, ledger, clock, actor, GrantKind.VIEWING, clip_id, purpose, lifetime)


def open_download(
    tx: Connection,
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    clip_id: str,
    purpose: str,
    *,
    lifetime: timedelta = DOWNLOAD_LIFETIME,
    warned: bool = False,
) -> Grant:
    """Hand out an original; ``clip.downloaded``. Commit before the first byte. Raises as above.

    ``warned``: they were told that the clip does not verify and took it all the same.
    """
    kind = GrantKind.DOWNLOAD
    return _open_clip(tx, ledger, clock, actor, kind, clip_id, purpose, lifetime, warned=warned)


def open_listing(
    tx: Connection,
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    clip_ids: Sequence[str],
    query: str,
    *,
    lifetime: timedelta = LISTING_LIFETIME,
) -> Grant:
    """Show thumbnails of ``clip_ids``, found by ``query``; ``clips.listed`` on the actor.

    Which clips and what was searched for are in the details. Raises `DeniedError`.
    """
    _require(actor, Right.SEE_FOOTAGE)
    grant = _insert(tx, clock, actor, GrantKind.LISTING, None, tuple(clip_ids), query, lifetime)
    _append_listing(tx, ledger, actor, _granted(grant), clip_ids, query)
    return grant


def note_listing(
    tx: Connection, ledger: Ledger, actor: Actor, clip_ids: Sequence[str], query: str
) -> None:
    """Say that ``actor`` read what is written of ``clip_ids``, no picture; ``clips.listed``."""
    _append_listing(tx, ledger, actor, {}, clip_ids, query)


def get_grant(
    tx: Connection,
    clock: Clock,
    actor: Actor,
    grant_id: str,
    clip_id: str,
    *,
    kinds: Collection[GrantKind] = (GrantKind.VIEWING,),
) -> Grant:
    """The standing grant of ``actor`` for ``clip_id``; ``kinds`` says which sort will do.

    Its row alone opens nothing: the entry that was appended with it has to be in the log, and none
    that says it ended (a listing leaves no such entry).
    Raises `GrantExpiredError`, the same for an unknown, a foreign, an ended and an altered one.
    """
    rows = tx.execute(
        sa.select(*raw_columns(tx, access_grants)).where(
            access_grants.c.id == grant_id,
            access_grants.c.actor_id == actor.id,
            access_grants.c.kind.in_([kind.value for kind in kinds]),
            access_grants.c.expires_at > clock.now(),
            access_grants.c.closed_at.is_(None),
        )
    ).mappings()
    grant = next(map(_to_grant, fitting_rows(access_grants, rows.all())), None)
    if grant is None:
        raise GrantExpiredError
    if clip_id not in grant.clip_ids:
        raise GrantExpiredError
    entry_kind = _ENTRY_KINDS[grant.kind]
    opened = find_opening(
        tx, actor, entry_kind, grant.id, clip_id, grant.opened_at, grant.expires_at
    )
    if opened is None:
        raise GrantExpiredError
    if grant.kind is not GrantKind.LISTING and has_ended(tx, grant.id, clip_id, opened):
        raise GrantExpiredError
    return grant


def count_bytes(tx: Connection, grant_id: str, requests: int, bytes_sent: int) -> None:
    """Add to what was sent under a grant.

    Raises `GrantExpiredError` once it is closed, and where the row holds what was never counted: no
    entry could say what is sent from there on.
    """
    counted = tx.execute(
        access_grants.update()
        .where(
            access_grants.c.id == grant_id,
            access_grants.c.closed_at.is_(None),
            access_grants.c.requests.between(0, MAX_INTEGER - requests),
            access_grants.c.bytes_sent.between(0, MAX_INTEGER - bytes_sent),
        )
        .values(
            requests=access_grants.c.requests + requests,
            bytes_sent=access_grants.c.bytes_sent + bytes_sent,
        )
    )
    if counted.rowcount != 1:
        raise GrantExpiredError(grant_id)


_RIGHTS = {GrantKind.VIEWING: Right.SEE_FOOTAGE, GrantKind.DOWNLOAD: Right.DOWNLOAD}
_OPENING = {
    GrantKind.VIEWING: EventKind.CLIP_OPENED,
    GrantKind.DOWNLOAD: EventKind.CLIP_DOWNLOADED,
}
_ENTRY_KINDS = _OPENING | {GrantKind.LISTING: EventKind.CLIPS_LISTED}


def _append_listing(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    facts: Mapping[str, Json],
    clip_ids: Sequence[str],
    query: str,
) -> None:
    event = Event(
        EventKind.CLIPS_LISTED,
        actor_item(actor),
        facts={**facts, "count": len(clip_ids)},
        details={"query": query, "clips": list(clip_ids)},
    )
    ledger.append(tx, actor, event)


def _open_clip(
    tx: Connection,
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    kind: GrantKind,
    clip_id: str,
    purpose: str,
    lifetime: timedelta,
    *,
    warned: bool = False,
) -> Grant:
    _require(actor, _RIGHTS[kind])
    purpose = read_purpose(purpose)
    standing = tx.scalars(sa.select(clips.c.id).where(clips.c.id == clip_id)).all()
    if not standing:
        raise ClipNotFoundError(clip_id)
    if len(standing) > 1:  # which of them would be shown is chance
        raise ClipAlteredError(f"clip {clip_id}: {TWINS}")
    grant = _insert(tx, clock, actor, kind, clip_id, (clip_id,), purpose, lifetime)
    ledger.append(
        tx,
        actor,
        Event(
            _OPENING[kind],
            clip_item(clip_id),
            facts=_granted(grant),
            details={"purpose": purpose, "warned": True} if warned else {"purpose": purpose},
        ),
    )
    return grant


def _granted(grant: Grant) -> dict[str, Json]:
    """What an entry says of its grant for ever: until when it stands, too, so none is extended."""
    return {"grant": grant.id, "expires_at": format_time(grant.expires_at)}


def _insert(
    tx: Connection,
    clock: Clock,
    actor: Actor,
    kind: GrantKind,
    clip_id: str | None,
    clip_ids: tuple[str, ...],
    purpose: str,
    lifetime: timedelta,
) -> Grant:
    now = clock.now()
    grant = Grant(new_id(), kind, actor.id, clip_ids, purpose, now, now + lifetime)
    tx.execute(
        access_grants.insert().values(
            id=grant.id,
            kind=kind.value,
            actor_id=actor.id,
            clip_id=clip_id,
            clip_ids=list(clip_ids) if clip_id is None else sa.null(),
            purpose=purpose,
            opened_at=grant.opened_at,
            expires_at=grant.expires_at,
        )
    )
    return grant


def _require(actor: Actor, right: Right) -> None:
    if not allows(actor.role, right):
        raise DeniedError(f"{actor.role.value}: {right.value}")


def _to_grant(cells: Mapping[str, Any]) -> Grant:
    clip_id, listed = cells["clip_id"], cells["clip_ids"]
    several = listed if isinstance(listed, list) else []
    return Grant(
        id=cells["id"],
        kind=GrantKind(cells["kind"]),
        actor_id=cells["actor_id"],
        clip_ids=tuple(several) if clip_id is None else (clip_id,),
        purpose=cells["purpose"],
        opened_at=cells["opened_at"],
        expires_at=cells["expires_at"],
    )
