"""The log as far as it is published: its newest checkpoint and proofs against it."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from custody.cells import raw_columns, read_row
from custody.log.checkpoint import Checkpoint
from custody.log.errors import LogError
from custody.log.merkle import prove_inclusion
from custody.log.tiles import TileReader
from custody.object_keys import log_key
from custody.tables import checkpoints, log_entries
from storage.objects import ObjectStore

#: Stands for a time that was altered into none.
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
#: Rows looked at in one query, until one holds.
_AT_A_TIME = 100


@dataclass(frozen=True, slots=True)
class PublishedCheckpoint:
    """A signed tree head as it was published; ``note`` is the signed note verbatim.

    ``altered``: rows that say they are newer hold no checkpoint, or the time of this one is none;
    then `NO_TIME` stands for it.
    """

    size: int
    root: bytes
    note: str
    published_at: datetime
    altered: bool = False


def newest_checkpoint(tx: Connection) -> PublishedCheckpoint | None:
    """The checkpoint with the most entries; None before the first.

    A row that its own note does not bear out was altered: it is passed over, and a verification
    names it. Whether our key signed the note is asked where that matters.
    """
    newest = sa.select(*raw_columns(tx, checkpoints)).order_by(checkpoints.c.size.desc())
    for passed in count(0, _AT_A_TIME):
        # By number: an altered size is nothing to go on from. All rows of a query are read, for a
        # server-side cursor must not be left half read.
        rows = tx.execute(newest.offset(passed).limit(_AT_A_TIME)).mappings().all()
        for number, row in enumerate(rows, passed):
            if (found := _read(row)) is not None:
                return replace(found, altered=found.altered or number > 0)
        if len(rows) < _AT_A_TIME:
            break
    return None


def find_checkpoint(tx: Connection, size: int) -> PublishedCheckpoint | None:
    """The checkpoint of exactly ``size`` entries, if one was published and its row holds."""
    return find_checkpoints(tx, [size]).get(size)


def find_checkpoints(tx: Connection, sizes: Iterable[int]) -> dict[int, PublishedCheckpoint]:
    """Those of `find_checkpoint` that there are, in one query."""
    wanted = sa.select(*raw_columns(tx, checkpoints)).where(checkpoints.c.size.in_(set(sizes)))
    found = map(_read, tx.execute(wanted).mappings())
    return {one.size: one for one in found if one is not None}


def has_altered_checkpoints(tx: Connection, newest: PublishedCheckpoint | None) -> bool:
    """Whether rows that should come before or be ``newest`` were altered; ``newest`` is from
    `newest_checkpoint`, and None also where no row at all can be read.
    """
    if newest is not None:
        return newest.altered
    return tx.scalar(sa.select(sa.exists().select_from(checkpoints))) is True


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
        sa.select(*raw_columns(tx, checkpoints))
        .where(checkpoints.c.size.in_(sa.select(covering).where(log_entries.c.idx.in_(wanted))))
        .order_by(checkpoints.c.size)
    )
    found = [one for one in map(_read, rows.mappings()) if one is not None]
    sizes = [one.size for one in found]
    places = {index: bisect_right(sizes, index) for index in wanted}
    return {index: found[place] for index, place in places.items() if place < len(found)}


def tile_reader(store: ObjectStore, size: int) -> TileReader:
    """Reads the tree of ``size`` entries out of the store; raises as the store does."""
    return TileReader(lambda path: store.read_bytes(log_key(path)), size)


def prove_entry(store: ObjectStore, checkpoint: PublishedCheckpoint, index: int) -> list[bytes]:
    """The inclusion proof of entry ``index`` under ``checkpoint``. Raises `ProofError`."""
    return prove_inclusion(index, checkpoint.size, tile_reader(store, checkpoint.size).read)


def _read(row: RowMapping) -> PublishedCheckpoint | None:
    """The checkpoint in a raw row; None where its cells are not what its note says."""
    cells = read_row(checkpoints, row)
    size, root, note, at = (cells[name] for name in ("size", "root", "note", "published_at"))
    try:
        stated = Checkpoint.parse(str(note).partition("\n\n")[0] + "\n")
    except LogError:
        return None
    if (stated.size, stated.root) != (size, root):
        return None
    altered = not isinstance(at, datetime)
    return PublishedCheckpoint(size, root, note, NO_TIME if altered else at, altered)
