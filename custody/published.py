"""The log as far as it is published: its newest checkpoint and proofs against it."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from custody.log.merkle import prove_inclusion
from custody.log.tiles import TileReader
from custody.object_keys import log_key
from custody.tables import checkpoints, log_entries
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
    return _to_checkpoint(row)


def first_checkpoints(tx: Connection, indexes: Iterable[int]) -> dict[int, PublishedCheckpoint]:
    """The first checkpoint that covers each of these entries, in one query; not for unpublished."""
    wanted = sorted(set(indexes))
    if not wanted:
        return {}
    covering = (
        sa.select(sa.func.min(checkpoints.c.size))
        .where(checkpoints.c.size > log_entries.c.idx)
        .correlate(log_entries)
        .scalar_subquery()
    )
    rows = tx.execute(
        sa.select(checkpoints)
        .where(checkpoints.c.size.in_(sa.select(covering).where(log_entries.c.idx.in_(wanted))))
        .order_by(checkpoints.c.size)
    )
    found = [_to_checkpoint(row) for row in rows]
    sizes = [one.size for one in found]
    places = {index: bisect_right(sizes, index) for index in wanted}
    return {index: found[place] for index, place in places.items() if place < len(found)}


def tile_reader(store: ObjectStore, size: int) -> TileReader:
    """Reads the tree of ``size`` entries out of the store; raises as the store does."""
    return TileReader(lambda path: store.read_bytes(log_key(path)), size)


def prove_entry(store: ObjectStore, checkpoint: PublishedCheckpoint, index: int) -> list[bytes]:
    """The inclusion proof of entry ``index`` under ``checkpoint``. Raises `ProofError`."""
    return prove_inclusion(index, checkpoint.size, tile_reader(store, checkpoint.size).read)


def _to_checkpoint(row: Row[Any]) -> PublishedCheckpoint:
    return PublishedCheckpoint(row.size, bytes(row.root), row.note, row.published_at)
