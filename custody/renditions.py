"""Renditions: what was made from an original. Each kind once; the first that was made stands."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.cells import fitting_rows, raw_columns
from custody.errors import ClipNotFoundError, RenditionNotFoundError
from custody.events import EventKind, clip_item
from custody.first_writer import insert_first
from custody.ids import new_id
from custody.ledger import Event, Ledger
from custody.tables import clips, renditions


@dataclass(frozen=True, slots=True)
class NewRendition:
    """A rendition in the store. ``kind``: proxy poster sheet waveform; ``made_with``: how."""

    clip_id: str
    kind: str
    object_key: str
    sha256: str
    size_bytes: int
    media_type: str
    made_with: str


@dataclass(frozen=True, slots=True)
class Rendition:
    """A rendition as its row stands."""

    id: str
    clip_id: str
    kind: str
    object_key: str
    sha256: str
    size_bytes: int
    media_type: str
    made_at: datetime
    made_with: str


def add_rendition(tx: Connection, ledger: Ledger, actor: Actor, new: NewRendition) -> bool:
    """Register a rendition; ``rendition.made`` on the clip. False if it has this kind already.

    Work may be delivered twice; the second result is left out, whatever its bytes. Raises
    `ClipNotFoundError`.
    """
    if tx.scalar(sa.select(clips.c.id).where(clips.c.id == new.clip_id)) is None:
        raise ClipNotFoundError(new.clip_id)
    rendition_id = new_id()
    values = asdict(new) | {"id": rendition_id, "made_at": ledger.clock.now()}
    if not insert_first(tx, renditions, values):
        return False
    ledger.append(
        tx,
        actor,
        Event(
            EventKind.RENDITION_MADE,
            clip_item(new.clip_id),
            facts={
                "clip": new.clip_id,
                "rendition": rendition_id,
                "kind": new.kind,
                "sha256": new.sha256,
                "size_bytes": new.size_bytes,
                "media_type": new.media_type,
            },
            details={"made_with": new.made_with},
        ),
    )
    return True


def find_rendition(tx: Connection, clip_id: str, kind: str) -> Rendition | None:
    """The clip's rendition of this kind, if it was made."""
    wanted = sa.select(*raw_columns(tx, renditions)).where(
        renditions.c.clip_id == clip_id, renditions.c.kind == kind
    )
    return next((Rendition(**cells) for cells in _read(tx, wanted)), None)


def get_rendition(tx: Connection, clip_id: str, kind: str) -> Rendition:
    """The clip's rendition of this kind. Raises `RenditionNotFoundError`."""
    found = find_rendition(tx, clip_id, kind)
    if found is None:
        raise RenditionNotFoundError(f"{kind} of {clip_id}")
    return found


def renditions_of(tx: Connection, clip_ids: Iterable[str]) -> dict[str, list[Rendition]]:
    """The renditions of each of these clips, by kind; a clip without any has an empty list."""
    found: dict[str, list[Rendition]] = {clip_id: [] for clip_id in clip_ids}
    wanted = (
        sa.select(*raw_columns(tx, renditions))
        .where(renditions.c.clip_id.in_(list(found)))
        .order_by(renditions.c.kind)
    )
    for cells in _read(tx, wanted):
        found[cells["clip_id"]].append(Rendition(**cells))
    return found


def _read(tx: Connection, wanted: sa.Select[Any]) -> Iterator[dict[str, Any]]:
    """A rendition whose row was altered is as good as none: it can be made of the original."""
    return fitting_rows(renditions, tx.execute(wanted).mappings())
