"""The log as far as it is published: its newest checkpoint and proofs against it."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.log.merkle import prove_inclusion
from custody.log.tiles import TileReader
from custody.object_keys import log_key
from custody.tables import checkpoints
from storage.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class PublishedCheckpoint:
    """A signed tree head as it was published; ``note`` is the signed note verbatim."""

    size: int
    root: bytes
    note: str
    published_at: datetime


def newest_checkpoint(tx: Connection) -> PublishedCheckpoint | None:
    """The checkpoint with the most entries; None before the first."""
    row = tx.execute(sa.select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).first()
    if row is None:
        return None
    return PublishedCheckpoint(row.size, bytes(row.root), row.note, row.published_at)


def tile_reader(store: ObjectStore, size: int) -> TileReader:
    """Reads the tree of ``size`` entries out of the store; raises as the store does."""
    return TileReader(lambda path: store.read_bytes(log_key(path)), size)


def prove_entry(store: ObjectStore, checkpoint: PublishedCheckpoint, index: int) -> list[bytes]:
    """The inclusion proof of entry ``index`` under ``checkpoint``. Raises `ProofError`."""
    return prove_inclusion(index, checkpoint.size, tile_reader(store, checkpoint.size).read)
