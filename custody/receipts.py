"""What a receipt is made of, and the receipts that were issued.

How a receipt is written down is the business of both sides and stands in `station_agent.wire`;
`ingest.receipts` puts the two together.
"""

import json
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.clips import Clip, get_clip
from custody.errors import DetailsDestroyedError, ReceiptNotReadyError
from custody.events import EventKind, clip_item
from custody.first_writer import insert_first
from custody.log.entry import Json
from custody.publishing.published import newest_checkpoint, prove_entry
from custody.tables import log_entries, receipts
from storage.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class ReceiptParts:
    """Everything that shows that a clip is admitted: its entry, what that commits to, its proof.

    ``checkpoint`` is the signed note, ``proof`` the audit path of entry ``index`` in its tree.
    """

    clip: Clip
    index: int
    entry: bytes
    salt: bytes
    details: dict[str, Json]
    checkpoint: str
    proof: list[bytes]


def gather(tx: Connection, store: ObjectStore, clip_id: str) -> ReceiptParts:
    """The parts of a clip's receipt under the newest published checkpoint.

    Raises `ClipNotFoundError`, `ReceiptNotReadyError` until the entry is published, and
    `DetailsDestroyedError`.
    """
    clip = get_clip(tx, clip_id)
    row = tx.execute(
        sa.select(log_entries)
        .where(
            log_entries.c.item == clip_item(clip_id),
            log_entries.c.kind == EventKind.CLIP_ADMITTED.value,
        )
        .order_by(log_entries.c.item_seq)
        .limit(1)
    ).one_or_none()
    checkpoint = newest_checkpoint(tx)
    if row is None or row.idx is None or checkpoint is None or row.idx >= checkpoint.size:
        raise ReceiptNotReadyError(clip_id)
    if row.salt is None or row.details is None:
        raise DetailsDestroyedError(clip_id)
    return ReceiptParts(
        clip=clip,
        index=row.idx,
        entry=bytes(row.entry),
        salt=bytes(row.salt),
        details=json.loads(row.details),
        checkpoint=checkpoint.note,
        proof=prove_entry(store, checkpoint, row.idx),
    )


def find_stored(tx: Connection, clip_id: str) -> str | None:
    """The receipt that was issued for a clip."""
    return tx.scalar(sa.select(receipts.c.body).where(receipts.c.clip_id == clip_id))


def store_receipt(tx: Connection, clip_id: str, body: str, issued_at: datetime) -> str:
    """Keep a receipt, signed as ``issued_at``; returns the one that stands, the first of a race."""
    if insert_first(tx, receipts, {"clip_id": clip_id, "body": body, "issued_at": issued_at}):
        return body
    standing: str = tx.execute(
        sa.select(receipts.c.body).where(receipts.c.clip_id == clip_id)
    ).scalar_one()
    return standing
