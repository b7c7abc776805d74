"""Cosignatures: what witnesses and stations signed of our checkpoints. The only writer of them.

They are no entries of the log: each would make a new checkpoint, to be cosigned again. A row proves
itself: the line is verified before it is written, whenever it counts, and by every verification.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import fitting_rows, raw, raw_columns
from custody.first_writer import insert_first
from custody.log.checkpoint import Checkpoint
from custody.log.cosignature import CosignatureVerifier
from custody.log.cosignature import key_id as key_id  # noqa: PLC0414 - rows are filed by it too
from custody.log.errors import LogError
from custody.log.witness import CosignatureLine, read_answer
from custody.tables import cosignatures


@dataclass(frozen=True, slots=True)
class KeptCosignature:
    """A row as it stands; nothing vouches for it until `open_kept` has."""

    size: int
    key_id: str
    root: bytes
    vkey: str
    line: str
    cosigned_at: int
    received_at: datetime
    station_id: str | None
    archived_at: datetime | None


def keep(
    tx: Connection,
    checkpoint: Checkpoint,
    signed: CosignatureLine,
    received_at: datetime,
    station_id: str | None = None,
) -> bool:
    """Keep a verified cosignature on a published checkpoint; False where this key has one."""
    verifier = signed.cosignature.verifier
    return insert_first(
        tx,
        cosignatures,
        {
            "size": checkpoint.size,
            "key_id": key_id(verifier),
            "root": checkpoint.root,
            "vkey": verifier.vkey,
            "line": signed.line,
            "cosigned_at": signed.cosignature.timestamp,
            "received_at": received_at,
            "station_id": station_id,
        },
    )


def mark_archived(tx: Connection, kept: Sequence[KeptCosignature], now: datetime) -> None:
    """Say that the objects of these cosignatures stand."""
    of_row = (
        cosignatures.c.size == sa.bindparam("of_size"),
        cosignatures.c.key_id == sa.bindparam("of_key"),
    )
    marked = [{"of_size": one.size, "of_key": one.key_id} for one in kept]
    if marked:
        tx.execute(cosignatures.update().where(*of_row).values(archived_at=now), marked)


def open_kept(kept: KeptCosignature, origin: str) -> CosignatureLine:
    """The cosignature in a row, verified under the row's own key. Raises `LogError`.

    Whether that key is one to be believed is for the caller to say.
    """
    # 1. The key is one, and the row is filed under it.
    verifier = CosignatureVerifier.parse(kept.vkey)
    if key_id(verifier) != kept.key_id:
        raise LogError("filed under another key")
    # 2. It has signed the tree that the row names.
    text = Checkpoint(origin, kept.size, kept.root).encode()
    [signed] = read_answer(kept.line.encode(errors="surrogateescape"), text, [verifier])
    # 3. When it says.
    if signed.line != kept.line or signed.cosignature.timestamp != kept.cosigned_at:
        raise LogError("its row says another time")
    return signed


def of_checkpoint(tx: Connection, size: int) -> list[KeptCosignature]:
    """What is kept on the checkpoint of ``size`` entries, by key."""
    rows = sa.select(*raw_columns(tx, cosignatures)).where(cosignatures.c.size == size)
    return _read(tx, rows.order_by(cosignatures.c.key_id))


def newest_by_key(tx: Connection) -> dict[str, KeptCosignature]:
    """The cosignature with the most entries of each key that ever signed, by `key_id`.

    In one query, and in as many looks into an index as there are keys: there is a row for every
    key and checkpoint, so whatever reads them all takes longer each year.
    """
    c = cosignatures.c
    keys = sa.select(sa.func.min(c.key_id).label("key")).cte("keys", recursive=True)
    following = sa.select(sa.func.min(c.key_id)).where(c.key_id > keys.c.key).scalar_subquery()
    keys = keys.union_all(sa.select(following).where(keys.c.key.is_not(None)))
    largest = sa.select(sa.func.max(c.size)).where(c.key_id == keys.c.key).scalar_subquery()
    newest = sa.select(keys.c.key, largest.label("size")).where(keys.c.key.is_not(None)).subquery()
    rows = sa.select(*raw_columns(tx, cosignatures)).join(
        newest, (newest.c.key == c.key_id) & (newest.c.size == c.size)
    )
    return {one.key_id: one for one in _read(tx, rows)}


def sizes_signed_by(tx: Connection, keys: Collection[str], least: int, limit: int) -> list[int]:
    """At most ``limit`` sizes that ``least`` or more of ``keys`` have signed, largest first."""
    size = raw(tx, cosignatures.c.size)
    rows = (
        sa.select(size)
        .where(cosignatures.c.key_id.in_(keys))
        .group_by(cosignatures.c.size)
        .having(sa.func.count() >= least)
        .order_by(cosignatures.c.size.desc())
        .limit(limit)
    )
    return [one for one in tx.scalars(rows) if isinstance(one, int)]


def waiting(tx: Connection, limit: int) -> list[KeptCosignature]:
    """Rows whose object does not stand yet, the oldest checkpoint first."""
    rows = sa.select(*raw_columns(tx, cosignatures)).where(cosignatures.c.archived_at.is_(None))
    return _read(tx, rows.order_by(cosignatures.c.size).limit(limit))


def _read(tx: Connection, rows: sa.Select[tuple[object, ...]]) -> list[KeptCosignature]:
    found = fitting_rows(cosignatures, tx.execute(rows).mappings())
    return [KeptCosignature(**cells) for cells in found]
