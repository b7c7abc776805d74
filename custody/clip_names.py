"""Further names of a clip: the same bytes came again, called otherwise.

The digest is a clip's identity, so the first to arrive gives it its name. What the others were
called may say more (officer, recorder, time), is what somebody will look for, and is evidence of
itself: each name is kept once, with its entry. Nothing of the clip's own row changes.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.cells import fitting_rows, raw_columns
from custody.clip_rows import Clip
from custody.events import EventKind, clip_item
from custody.first_writer import insert_first
from custody.ids import new_id
from custody.ledger import Event, Ledger
from custody.tables import clip_names


@dataclass(frozen=True, slots=True)
class ClipName:
    """A further name as its row stands: readable, as the sender's bytes, when and by whom."""

    id: str
    clip_id: str
    name_sha256: str
    name: str
    name_raw: bytes
    named_at: datetime
    named_by: str


def is_named(tx: Connection, clip: Clip, name_raw: bytes) -> bool:
    """Whether ``clip`` is known under this name, as its own or as a further one."""
    if clip.name_raw == name_raw:
        return True
    known = sa.select(clip_names.c.id).where(
        clip_names.c.clip_id == clip.id, clip_names.c.name_sha256 == _digest(name_raw)
    )
    return tx.scalar(known) is not None


def add_name(
    tx: Connection, ledger: Ledger, actor: Actor, clip: Clip, name: str, name_raw: bytes
) -> bool:
    """Keep that ``clip`` came under this name too; ``clip.named``. False if that is known.

    ``name`` is ``name_raw`` as readable text. Of two that race one is kept.
    """
    if is_named(tx, clip, name_raw):
        return False
    naming_id = new_id()
    values = {
        "id": naming_id,
        "clip_id": clip.id,
        "name_sha256": _digest(name_raw),
        "name": name,
        "name_raw": name_raw,
        "named_at": ledger.clock.now(),
        "named_by": actor.id,
    }
    if not insert_first(tx, clip_names, values):
        return False
    ledger.append(
        tx,
        actor,
        Event(
            EventKind.CLIP_NAMED,
            clip_item(clip.id),
            facts={"clip": clip.id, "naming": naming_id},
            details={"name": name, "name_raw": base64.b64encode(name_raw).decode()},
        ),
    )
    return True


def names_of_clips(tx: Connection, clip_ids: Iterable[str]) -> dict[str, list[ClipName]]:
    """The further names of each of these clips, oldest first; altered rows are left out."""
    found: dict[str, list[ClipName]] = {clip_id: [] for clip_id in clip_ids}
    rows = tx.execute(
        sa.select(*raw_columns(tx, clip_names))
        .where(clip_names.c.clip_id.in_(list(found)))
        .order_by(clip_names.c.named_at, clip_names.c.id)
    )
    for cells in fitting_rows(clip_names, rows.mappings()):
        found[cells["clip_id"]].append(ClipName(**cells))
    return found


def _digest(name_raw: bytes) -> str:
    return hashlib.sha256(name_raw).hexdigest()
