"""Some items only: each of their entries proved to be in the published tree."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.log.checkpoint import Checkpoint
from custody.log.errors import LogError, TileError
from custody.log.merkle import hash_leaf, prove_inclusion, verify_inclusion
from custody.log.tiles import TileReader
from custody.object_keys import CHECKPOINT_KEY, log_key
from custody.said import said
from custody.tables import checkpoints
from custody.verification.context import VerificationContext
from custody.verification.corrections import Corrections
from custody.verification.destructions import destroying_rows
from custody.verification.evidence_rows import CLIP, Scope
from custody.verification.findings import Finding, FindingCode
from custody.verification.heads import check_pointer, open_pointer
from custody.verification.objects import LogObjects, UnreadableError
from custody.verification.reports import Report
from custody.verification.rows import LogRow, rows_by_item


@dataclass(frozen=True, slots=True)
class EntryProof:
    """An entry with the audit path from it to the root of ``checkpoint`` (a signed note)."""

    index: int
    kind: str
    item: str
    entry: bytes
    leaf_hash: bytes
    hashes: list[bytes]
    checkpoint: str


class _MissingError(Exception):
    """No object under this key."""


def prove_selected(
    tx: Connection, context: VerificationContext, scope: Scope, report: Report
) -> tuple[Corrections, list[EntryProof]]:
    """Prove every numbered entry of the items in ``scope`` against the published checkpoint."""
    objects = LogObjects(context.store, report)
    newest_row = tx.scalar(sa.select(sa.func.max(checkpoints.c.size))) or 0
    pointer, unusable = open_pointer(context, objects, report)
    if not unusable:
        check_pointer(pointer, newest_row, report)
    report.checkpoint = pointer
    corrections = Corrections()
    proofs: list[EntryProof] = []
    note = _note(objects) if pointer is not None else ""
    reader = None if pointer is None else _reader(objects, pointer.size)
    said_gone = False
    for row in rows_by_item(tx, scope.items):
        said_gone = said_gone or bool(row.destroyed)
        report.entries_checked += 1
        if row.idx is None:
            report.pending += 1
        elif pointer is None or reader is None:
            continue
        elif row.idx >= pointer.size:
            report.unpublished += 1
        else:
            hashes = _prove(row, row.idx, pointer, reader, report, corrections)
            if hashes is not None:
                leaf_hash = hash_leaf(row.entry)
                proofs.append(
                    EntryProof(row.idx, row.kind, row.item, row.entry, leaf_hash, hashes, note)
                )
    if said_gone and pointer is not None and reader is not None:
        for row in destroying_rows(tx):  # what explains it is proved too
            if row.idx is not None and row.idx < pointer.size:
                _prove(row, row.idx, pointer, reader, report, corrections)
    return corrections, proofs


def _note(objects: LogObjects) -> str:
    data = objects.find(CHECKPOINT_KEY)
    return "" if data is None else data.decode()


def _reader(objects: LogObjects, size: int) -> TileReader:
    def fetch(path: str) -> bytes:
        data = objects.find(log_key(path))
        if data is None:
            raise _MissingError(log_key(path))
        return data

    return TileReader(fetch, size)


def _prove(
    row: LogRow,
    index: int,
    pointer: Checkpoint,
    reader: TileReader,
    report: Report,
    corrections: Corrections,
) -> list[bytes] | None:
    leaf_hash = hash_leaf(row.entry)
    clip_id = row.item.removeprefix(CLIP) if row.item.startswith(CLIP) else None
    try:
        hashes = prove_inclusion(index, pointer.size, reader.read)
        try:
            verify_inclusion(index, pointer.size, leaf_hash, hashes, pointer.root)
        except LogError:
            published = _published(index, pointer, reader, hashes)
            if published is None:
                raise
            report.add(
                Finding(
                    FindingCode.ENTRY_ALTERED,
                    f"log:{index}",
                    said("of_item", message=said("row_other", index=index), item=row.item),
                    expected=published.hex(),
                    found=leaf_hash.hex(),
                    clip_id=clip_id,
                    entry_index=index,
                )
            )
            _correct(index, published, reader, corrections)
            return None
    except UnreadableError:
        return None  # noted in the report
    except _MissingError as error:
        key = str(error)
        report.add(
            Finding(
                FindingCode.TILE_MISSING,
                key,
                said("tile_lacking", index=index),
                clip_id=clip_id,
                entry_index=index,
            )
        )
        return None
    except LogError as error:
        report.add(
            Finding(
                FindingCode.TILE_ALTERED,
                f"log:{index}",
                said("tile_unfit", index=index, error=error),
                expected=pointer.root.hex(),
                clip_id=clip_id,
                entry_index=index,
            )
        )
        return None
    if leaf_hash != row.leaf_hash:
        report.add(
            Finding(
                FindingCode.ENTRY_ALTERED,
                f"log:{index}",
                said("leaf_hash", index=index),
                expected=leaf_hash.hex(),
                found=row.leaf_hash.hex(),
                clip_id=clip_id,
                entry_index=index,
            )
        )
    return hashes


def _published(
    index: int, pointer: Checkpoint, reader: TileReader, hashes: list[bytes]
) -> bytes | None:
    """The published leaf hash at ``index``, if the tiles prove it."""
    leaf_hash = reader.leaf_hash(index)
    try:
        verify_inclusion(index, pointer.size, leaf_hash, hashes, pointer.root)
    except LogError:
        return None
    return leaf_hash


def _correct(index: int, published: bytes, reader: TileReader, corrections: Corrections) -> None:
    """Read the published entry out of its bundle, so that what follows is held against that."""
    try:
        entry = reader.entry(index)
    except (TileError, UnreadableError, _MissingError):
        corrections.unusable.add(index)
        return
    if hash_leaf(entry) == published:
        corrections.entries[index] = entry
