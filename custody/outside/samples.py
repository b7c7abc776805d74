"""A statement about a sample, held against the entries in a mirror: what `liuhen-verify statement`
checks beyond the signatures (docs/formats/statements.md)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from custody.log.checkpoint import Checkpoint, LogTrust, open_checkpoint
from custody.log.entry import Entry
from custody.log.errors import LogError, SampleError
from custody.log.merkle import hash_leaf, prove_consistency
from custody.log.note import NoteVerifier
from custody.log.rereads import Rereads
from custody.log.sample import Admitted, draw, find_admission, rank_of
from custody.log.sample_statement import SampleStatement, open_sample_statement
from custody.log.tiles import WIDTH, TileReader
from custody.log.verify import verify_extension
from custody.outside.errors import OutsideError
from custody.outside.key_watch import Followed
from custody.outside.mirror import CHECKPOINT, follow_in
from custody.outside.proving import downward, prove_bundle, prove_edge, prove_full_tile
from custody.outside.sources import FolderSource
from storage.regular_files import read_small_file

_RUN = "verification.run"


@dataclass(slots=True)
class _Told:
    """What the entries of a log say that a statement speaks of."""

    admitted: dict[str, Admitted]
    rereads: Rereads
    run: Entry | None = None


def check_statement(
    note: bytes, receipts: NoteVerifier, log: NoteVerifier | LogTrust, mirror: Path
) -> SampleStatement:
    """The statement, if it is signed, of the sample that its seed picks, and true to the entries.

    What reading the originals showed is the archive's word. Raises `LogError` where something does
    not hold, `OutsideError`, `TamperedLogError` and `OSError` where the mirror does not tell.
    """
    # 1. Signatures and form, by the keys that the log has had.
    try:
        held, followed = _newest(mirror, log)
    except OutsideError:
        open_sample_statement(note, receipts, log)  # what is wrong with itself is said first
        raise
    trust = followed.trust
    known = followed.receipt_keys(receipts, 0)
    statement, tree = open_sample_statement(note, known, trust)
    # Of them those that were not retired in the log that it speaks of.
    known = followed.receipt_keys(receipts, statement.log_size)
    statement, tree = open_sample_statement(note, known, trust)
    # 2. The mirror goes as far, and is of the same history.
    if held.size < statement.log_size:
        raise OutsideError(f"the mirror has {held.size} of {statement.log_size} entries")
    reader = TileReader(FolderSource(mirror).fetch, held.size)
    verify_extension(tree, held, prove_consistency(tree.size, held.size, reader.read))
    # 3. Every entry, each proven.
    told = _Told({}, Rereads())
    for index, data in _entries(held, reader):
        _take(told, statement, tree, index, data)
    # 4. The clips that the seed picks, in their order, and no others unless for an officer.
    _check_clips(statement, tree, told.admitted)
    # 5. What was read before, with what was read this time.
    for clip in statement.clips:
        if clip.verdict != "unread":
            told.rereads.read(clip.clip_id, statement.coverage.at)
    if told.rereads.cover(told.admitted.values(), statement.coverage.at) != statement.coverage:
        raise SampleError("what was read again is not what the log says")
    # 6. The log has the run.
    if statement.run is not None:
        _check_run(statement, tree, told.run, held)
    return statement


def _newest(mirror: Path, log: NoteVerifier | LogTrust) -> tuple[Checkpoint, Followed]:
    try:
        followed = follow_in(mirror, log)
        return open_checkpoint(read_small_file(mirror / CHECKPOINT), followed.trust), followed
    except LogError as error:
        raise OutsideError(f"{mirror / CHECKPOINT}: {error}") from error


def _entries(held: Checkpoint, reader: TileReader) -> Iterator[tuple[int, bytes]]:
    edge = prove_edge(held, reader)
    for tile in downward(0, held.size):
        hashes = edge.get(tile) or prove_full_tile(tile, reader, reader)
        if tile.level == 0:
            yield from enumerate(prove_bundle(tile, hashes, reader), tile.index * WIDTH)


def _take(
    told: _Told, statement: SampleStatement, tree: Checkpoint, index: int, data: bytes
) -> None:
    try:
        entry = Entry.decode(data)
    except LogError:
        return  # no entry, so nobody's; `liuhen-verify mirror` names it
    if index < statement.log_size:
        told.rereads.take(entry, index)
    elif entry.kind == _RUN and hash_leaf(data).hex() == statement.run:
        told.run = entry
    if index < tree.size:
        found = find_admission(entry, index, hash_leaf(data))
        if found is not None:
            told.admitted.setdefault(found.clip_id, found)


def _check_clips(
    statement: SampleStatement, tree: Checkpoint, admitted: dict[str, Admitted]
) -> None:
    chosen = draw(admitted.values(), tree.root, statement.seed, statement.chosen)
    ranks = []
    for place, clip in enumerate(statement.clips):
        found = admitted.get(clip.clip_id)
        if found is None or (found.index, found.sha256, found.size_bytes) != (
            clip.index,
            clip.sha256,
            clip.size_bytes,
        ):
            raise SampleError(f"{clip.clip_id} is not what the log admitted")
        if place < len(chosen) and found != chosen[place]:
            raise SampleError(f"the seed picks {chosen[place].clip_id}, not {clip.clip_id}")
        ranks.append(rank_of(tree.root, found.leaf_hash, statement.seed))
    if len(chosen) != statement.chosen:
        raise SampleError(f"the log admitted {len(admitted)}, not {statement.coverage.clips}")
    if ranks != sorted(ranks):
        raise SampleError("its clips are not in the order of their ranks")


def _check_run(
    statement: SampleStatement, tree: Checkpoint, run: Entry | None, held: Checkpoint
) -> None:
    if run is None:
        raise OutsideError(f"its run is not among {held.size} entries; mirror the log again")
    stated = {
        "scope": "sample",
        "seed": statement.seed,
        "asked": str(statement.asked),
        "per_officer": statement.per_officer,
        "drawn_from": tree.size,
        "drawn": len(statement.clips),
        "findings_by_code": [
            {"code": code, "count": count} for code, count in sorted(statement.findings.items())
        ],
        "unchecked": statement.unchecked,
    }
    if {name: run.facts.get(name) for name in stated} != stated:
        raise SampleError("the entry of its run says something else")
