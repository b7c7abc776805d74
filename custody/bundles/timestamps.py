"""The timestamps in a bag: of the checkpoint that the proofs in it lead to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.bundles.bagit_writer import BagWriter
from custody.publishing.published import PublishedCheckpoint, first_checkpoints, newest_checkpoint
from custody.tables import log_entries
from custody.timestamps.authorities import Authority
from custody.timestamps.stamps import Timestamp, list_timestamps, timestamps_of
from custody.timestamps.tokens import TokenError, check_token, read_token

#: What checks one of them with OpenSSL alone, in the folder ``data``.
STAMP_COMMANDS = r"""
     openssl ts -verify -data log/checkpoint -in log/timestamps/<name>.tsr \
       -CAfile log/timestamps/<name>.roots.pem
     openssl ts -reply -in log/timestamps/<name>.tsr -text
""".strip("\n")


@dataclass(frozen=True, slots=True)
class StampedCheckpoint:
    """A checkpoint and the timestamps of it that hold, each with its authority."""

    checkpoint: PublishedCheckpoint | None
    stamps: tuple[tuple[Timestamp, Authority], ...] = ()


def choose_checkpoint(
    tx: Connection, items: Iterable[str], authorities: Sequence[Authority]
) -> StampedCheckpoint:
    """The newest stamped checkpoint if every entry of ``items`` is in it, else the newest of all.

    A timestamp is of one checkpoint, and proofs that lead to another would not be dated by it. One
    that does not hold is left out; a verification names it.
    """
    newest = newest_checkpoint(tx)
    stamps = list_timestamps(tx, limit=1)
    if not stamps or not authorities:
        return StampedCheckpoint(newest)
    size = stamps[0].size
    checkpoint = first_checkpoints(tx, [size - 1]).get(size - 1)
    last = tx.scalar(
        sa.select(sa.func.max(log_entries.c.idx)).where(log_entries.c.item.in_(list(items)))
    )
    if checkpoint is None or checkpoint.size != size or last is None or last >= size:
        return StampedCheckpoint(newest)
    note = checkpoint.note.encode()
    held = tuple(
        (stamp, authority)
        for stamp in timestamps_of(tx, size)
        for authority in authorities
        if authority.name == stamp.authority and _holds(stamp, note, authority)
    )
    return StampedCheckpoint(checkpoint, held) if held else StampedCheckpoint(newest)


def add_timestamps(writer: BagWriter, stamped: StampedCheckpoint) -> None:
    """Each answer as it came, and the roots by which we hold it."""
    for stamp, authority in stamped.stamps:
        writer.add_bytes(f"log/timestamps/{authority.name}.tsr", stamp.token)
        writer.add_bytes(f"log/timestamps/{authority.name}.roots.pem", authority.roots_pem)


def _holds(stamp: Timestamp, note: bytes, authority: Authority) -> bool:
    try:
        check_token(read_token(stamp.token), note, authority.roots)
    except TokenError:
        return False
    return True
