"""What was signed, read from every place that keeps it, and written where it is gone."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from heapq import merge

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import as_bytes
from custody.clock import Clock
from custody.events import EventKind
from custody.first_writer import insert_first
from custody.log.canonical import parse_time
from custody.log.checkpoint import Checkpoint, LogTrust, open_checkpoint
from custody.log.cosignature import CosignatureVerifier
from custody.log.entry import Entry
from custody.log.errors import LogError
from custody.log.note import NoteVerifier
from custody.log.witness import read_answer
from custody.object_keys import (
    CHECKPOINT_ARCHIVE,
    CHECKPOINT_KEY,
    COSIGNATURE_PREFIX,
    checkpoint_archive_key,
    timestamp_key,
)
from custody.publishing.published import newest_checkpoint
from custody.publishing.publisher import ARCHIVE_RETENTION
from custody.publishing.signing import TreeSigner
from custody.tables import checkpoints, log_entries, timestamps
from custody.witnesses import cosignatures
from storage.database import Database
from storage.errors import ObjectExistsError, ObjectNotFoundError
from storage.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint of this log's key, its note, and where it was found."""

    checkpoint: Checkpoint
    note: str
    source: str


class KnownHeads:
    """Reads heads and gives back those that some key of this log signed; others are passed over.

    Whether it is the key that must have is for who knows the entries (`custody.recovery.aims`).
    """

    def __init__(self, database: Database, store: ObjectStore, signer: TreeSigner) -> None:
        self._database = database
        self._store = store
        self._signer = signer

    def downward(self, *notes: tuple[str, bytes]) -> Iterator[Head]:
        """All that is at hand, and ``notes`` (source, note), the largest tree first."""
        last = self._signer.last()
        found = [] if last is None else [self._open("signer", last.note)]
        with self._database.read() as tx:
            row = newest_checkpoint(tx)
        if row is not None:
            found.append(self._open("rows", row.note))
        with suppress(ObjectNotFoundError):
            found.append(self._open("pointer", self._store.read_bytes(CHECKPOINT_KEY)))
        found += [self._open(source, note) for source, note in notes]
        heads = [one for one in found if one is not None]
        heads.sort(key=_falling)
        return merge(heads, self._archived_downward(self._signer.trusted), key=_falling)

    def archived(self, above: int, trusted: LogTrust) -> Iterator[Head]:
        """The archived checkpoints of more than ``above`` entries, the largest first."""
        for head in self._archived_downward(trusted):
            if head.checkpoint.size <= above:
                return
            yield head

    def _archived_downward(self, trusted: LogTrust) -> Iterator[Head]:
        keys = sorted((one.key for one in self._store.list(CHECKPOINT_ARCHIVE)), reverse=True)
        for key in keys:
            head = self._open(key, self._store.read_bytes(key), trusted)
            if head is not None and checkpoint_archive_key(head.checkpoint.size) == key:
                yield head

    def _open(self, source: str, note: str | bytes, trusted: LogTrust | None = None) -> Head | None:
        signer = self._signer
        try:
            checkpoint = open_checkpoint(note, trusted or signer.trusted, origin=signer.origin)
        except LogError:
            return None
        text = note.decode() if isinstance(note, bytes) else note
        return Head(checkpoint, _without_cosignatures(text, signer.trusted), source)


def _falling(head: Head) -> int:
    return -head.checkpoint.size


def _without_cosignatures(note: str, log: LogTrust) -> str:
    """The note as it was signed: what is served may carry others' lines behind it."""
    text, _, lines = note.partition("\n\n")
    own = [line for line in lines.splitlines() if line.startswith(f"— {log.name} ")]
    return f"{text}\n\n" + "".join(f"{line}\n" for line in own)


def archive_heads(store: ObjectStore, heads: Iterator[Head], now: datetime) -> int:
    """Put back every checkpoint that the archive has lost; how many. Idempotent."""
    written = 0
    for head in heads:
        key = checkpoint_archive_key(head.checkpoint.size)
        try:
            store.put_bytes(key, head.note.encode(), retain_until=now + ARCHIVE_RETENTION)
        except ObjectExistsError:
            continue
        written += 1
    return written


def heads_in_rows(database: Database, trusted: LogTrust, origin: str) -> Iterator[Head]:
    """The checkpoints in rows that were signed by whom they must be, by size."""
    with database.read() as tx:
        rows = tx.execute(
            sa.select(checkpoints.c.size, checkpoints.c.note).order_by(checkpoints.c.size)
        ).all()
    for row in rows:
        try:
            opened = open_checkpoint(row.note, trusted, origin=origin)
        except LogError:
            continue
        if opened.size == row.size:
            yield Head(opened, row.note, "rows")


def keep_heads(tx: Connection, heads: list[Head], clock: Clock) -> int:
    """Write rows for those of ``heads`` that have none; how many."""
    now = clock.now()
    return sum(
        insert_first(
            tx,
            checkpoints,
            {
                "size": head.checkpoint.size,
                "root": head.checkpoint.root,
                "note": head.note,
                "published_at": now,
            },
        )
        for head in heads
    )


def station_cosigners(tx: Connection) -> dict[str, tuple[CosignatureVerifier, str | None]]:
    """The keys of all stations that the log ever enrolled with the station's id, by `key_id`."""
    kind = log_entries.c.kind == EventKind.STATION_ENROLLED.value
    found: dict[str, tuple[CosignatureVerifier, str | None]] = {}
    for stored in tx.scalars(sa.select(log_entries.c.entry).where(kind)):
        with suppress(LogError, ValueError):
            entry = Entry.decode(as_bytes(stored))
            key = NoteVerifier.parse(str(entry.facts.get("key")))
            verifier = CosignatureVerifier(key.name, key.public)
            station_id = entry.item.removeprefix("station:")
            found[cosignatures.key_id(verifier)] = verifier, station_id
    return found


def keep_cosignatures(
    tx: Connection,
    store: ObjectStore,
    heads: list[Head],
    cosigners: Mapping[str, tuple[CosignatureVerifier, str | None]],
    clock: Clock,
) -> int:
    """Take archived cosignatures on ``heads`` back into rows; how many.

    One that does not verify under a key of the policy or of an enrolled station is left.
    """
    by_size = {head.checkpoint.size: head.checkpoint for head in heads}
    kept = 0
    for stat in store.list(COSIGNATURE_PREFIX):
        size, _, key = stat.key.removeprefix(COSIGNATURE_PREFIX).partition("/")
        checkpoint = by_size.get(int(size)) if size.isdecimal() else None
        cosigner = cosigners.get(key)
        if checkpoint is None or cosigner is None:
            continue
        verifier, station_id = cosigner
        _, _, lines = store.read_bytes(stat.key).partition(b"\n\n")
        theirs = b"".join(lines.splitlines(keepends=True)[-1:])
        with suppress(LogError, ValueError):
            [signed] = read_answer(theirs, checkpoint.encode(), [verifier])
            kept += cosignatures.keep(tx, checkpoint, signed, clock.now(), station_id)
    return kept


def keep_timestamps(tx: Connection, store: ObjectStore, first: int) -> int:
    """Take the tokens that entries from ``first`` on name back into rows; how many.

    The token must have the digest that its entry says.
    """
    columns = log_entries.c
    wanted = (columns.kind == EventKind.LOG_STAMPED.value, columns.idx >= first)
    kept = 0
    for row in tx.execute(sa.select(columns.entry, columns.at).where(*wanted)):
        facts = Entry.decode(as_bytes(row.entry)).facts
        size, authority = facts.get("size"), facts.get("authority")
        if not isinstance(size, int) or not isinstance(authority, str):
            continue
        with suppress(ObjectNotFoundError, LogError, ValueError):
            token = store.read_bytes(timestamp_key(size, authority))
            if hashlib.sha256(token).hexdigest() != facts.get("token_sha256"):
                continue
            values = {
                "size": size,
                "authority": authority,
                "token": token,
                "stamped_at": parse_time(str(facts.get("stamped_at"))),
                "received_at": row.at,
            }
            kept += insert_first(tx, timestamps, values)
    return kept
