"""The checks of `liuhen-verify`: no database, no network, nothing but public keys and files."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from cryptography.hazmat.primitives import hashes

from custody.log.checkpoint import Checkpoint, LogTrust, open_checkpoint
from custody.log.cosignature import Cosignature, open_cosigned
from custody.log.entry import Entry
from custody.log.errors import ChainError, KeyEntryError, LogError, TileError
from custody.log.merkle import hash_leaf, prove_consistency
from custody.log.note import NoteVerifier
from custody.log.policy import Policy
from custody.log.proof import LogProof
from custody.log.receipt import Receipt, check_receipt_for, open_receipt
from custody.log.tiles import WIDTH, Tile, TileReader, tile_path
from custody.log.verify import ChainHead, verify_extension, verify_item_link, verify_proof
from custody.outside.cosignatures import all_filed
from custody.outside.errors import (
    OutsideError,
    QuorumError,
    SourceMissingError,
    SplitViewError,
    TamperedLogError,
)
from custody.outside.key_watch import open_following, read_key_entries
from custody.outside.mirror import CHECKPOINT, FOLLOWED, REFUSED, follow_in, trust_in
from custody.outside.proving import Hashes, downward, prove_bundle, prove_edge, prove_full_tile
from custody.outside.sources import FolderSource
from storage.regular_files import read_small_file

READ_BYTES = 1024 * 1024

#: Called with the entries read so far and their number.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold: ``where`` is a file's name, ``error`` says what is wrong."""

    where: str
    error: Exception


@dataclass(slots=True)
class MirrorReport:
    """What a mirror holds. ``checkpoint`` is None where not even that can be believed."""

    checkpoint: Checkpoint | None = None
    #: The largest tree that enough of a policy's witnesses cosigned, and who they are; what is
    #: newer is not yet witnessed.
    witnessed: Checkpoint | None = None
    cosignatures: tuple[Cosignature, ...] = ()
    #: Entries read and found in the tree, and items whose chains were followed.
    entries: int = 0
    items: int = 0
    #: Checkpoints followed before whose trees are still in this one.
    followed: int = 0
    problems: list[Problem] = field(default_factory=list)

    def find(self, where: str, error: Exception) -> None:
        self.problems.append(Problem(where, error))


def open_with_policy(
    note: str | bytes,
    log: NoteVerifier | LogTrust,
    policy: Policy | None,
    *,
    origin: str | None = None,
) -> tuple[Checkpoint, tuple[Cosignature, ...]]:
    """A checkpoint, and who cosigned it; with a policy, only if they are enough of its witnesses.

    Raises `LogError`.
    """
    cosigners = [] if policy is None else [one.verifier for one in policy.witnesses]
    checkpoint, cosignatures = open_cosigned(note, log, cosigners, origin=origin)
    if policy is not None and not policy.is_met(cosignatures):
        raise QuorumError(f"{len(cosignatures)} of {len(cosigners)} cosigned")
    return checkpoint, cosignatures


def check_mirror(
    folder: Path,
    log: NoteVerifier | LogTrust,
    *,
    policy: Policy | None = None,
    progress: Progress | None = None,
) -> MirrorReport:
    """Read a whole mirror: signatures, every tile, every entry, the chain of every item.

    Memory grows with the number of items, not with the log. Raises `SourceError` and `OSError`
    where something can't be read; a file that is missing is a problem, not an error.
    """
    report = MirrorReport()
    # 1. Nothing in it contradicts what it holds.
    for path in _names(folder / REFUSED):
        report.find(f"{REFUSED}/{path.name}", SplitViewError())
    # 2. The newest checkpoint is signed by the keys that the log has by then, and it or one that
    # was followed before is witnessed as the policy wants: in its own lines, or filed beside.
    try:
        note = read_small_file(folder / CHECKPOINT)
    except FileNotFoundError as error:
        raise OutsideError(f"{folder}: no {CHECKPOINT} in it") from error
    fetch = FolderSource(folder).fetch
    try:
        followed = open_following(note, log, lambda size: read_key_entries(fetch, size))
        report.checkpoint = open_checkpoint(note, followed.trust)
        if policy is not None:
            report.witnessed, report.cosignatures = _find_witnessed(
                folder, note, followed.trust, policy
            )
    except (LogError, TamperedLogError) as error:
        report.find(CHECKPOINT, error)
        return report
    for one in followed.refused:
        report.find(f"entry {one.index}", KeyEntryError(one.reason))
    # 3. The tiles and entries are what its root says.
    _check_files(folder, report.checkpoint, report, progress)
    # 4. Every checkpoint that was followed before is of the same history.
    reader = TileReader(FolderSource(folder).fetch, report.checkpoint.size)
    for path in _names(folder / FOLLOWED):
        where = f"{FOLLOWED}/{path.name}"
        try:
            older = open_checkpoint(read_small_file(path), followed.trust)
            if path.name != f"{older.size:012}":
                raise TileError(f"signs {older.size} entries")
            proof = prove_consistency(older.size, report.checkpoint.size, reader.read)
            verify_extension(older, report.checkpoint, proof)
            report.followed += 1
        except (LogError, SourceMissingError) as error:
            report.find(where, error)
    return report


def _find_witnessed(
    folder: Path, note: bytes, log: NoteVerifier | LogTrust, policy: Policy
) -> tuple[Checkpoint, tuple[Cosignature, ...]]:
    """The newest checkpoint of the mirror that enough witnesses cosigned, and who.

    Witnesses sign a little later than the log: of a busy one the very newest is seldom witnessed.
    Raises `QuorumError` where none is, `TamperedLogError` where what is filed is no cosignature.
    """
    newest: tuple[Cosignature, ...] | None = None
    older = sorted(_names(folder / FOLLOWED), reverse=True)
    for one in chain([note], map(read_small_file, older)):
        try:
            checkpoint, cosignatures = _cosigned(folder, one, log, policy)
        except LogError:
            continue  # found where every checkpoint is opened
        if policy.is_met(cosignatures):
            return checkpoint, cosignatures
        newest = cosignatures if newest is None else newest
    raise QuorumError(f"{len(newest or ())} of {len(policy.witnesses)} cosigned")


def _cosigned(
    folder: Path, note: bytes, log: NoteVerifier | LogTrust, policy: Policy
) -> tuple[Checkpoint, tuple[Cosignature, ...]]:
    """The checkpoint, with the cosignatures in its lines and those that are filed beside it."""
    cosigners = [one.verifier for one in policy.witnesses]
    checkpoint, carried = open_cosigned(note, log, cosigners)
    seen = {one.verifier.vkey for one in carried}
    others = [one for one in cosigners if one.vkey not in seen]
    filed = all_filed(FolderSource(folder), log, others, checkpoint)
    return checkpoint, (*carried, *(found for _, _, found in filed))


def check_pair(one: bytes, other: bytes, log: NoteVerifier | LogTrust, mirror: Path | None) -> None:
    """Raise `LogError` unless one of two checkpoints continues the other.

    With a mirror, ``log`` may be the first key: those that followed are in it. Raises
    `OutsideError` where it takes the tiles of a mirror to tell and there is none, or a smaller one.
    """
    if mirror is not None:
        log = trust_in(mirror, log)
    pair = open_checkpoint(one, log), open_checkpoint(other, log)
    first, second = sorted(pair, key=lambda one: one.size)
    if first.size in {0, second.size}:
        verify_extension(first, second, [])
        return
    if mirror is None:
        raise OutsideError("two sizes: a mirror must tell what lies between them")
    held = open_checkpoint(read_small_file(mirror / CHECKPOINT), log)
    if held.size < second.size:
        raise OutsideError(f"the mirror has {held.size} of {second.size} entries")
    reader = TileReader(FolderSource(mirror).fetch, held.size)
    for checkpoint in (first, second):
        proof = prove_consistency(checkpoint.size, held.size, reader.read)
        verify_extension(checkpoint, held, proof)


def check_proof(
    text: str,
    entry: bytes,
    log: NoteVerifier | LogTrust,
    policy: Policy | None = None,
    mirror: Path | None = None,
) -> tuple[LogProof, Entry]:
    """The proof and its entry, if it stands in the log, and in that of ``mirror`` where given.

    Raises `LogError`; `OutsideError` as `check_pair`.
    """
    proof = LogProof.parse(text)
    if mirror is not None:
        log = trust_in(mirror, log)
        _check_same_history(proof.checkpoint, log, mirror)
    open_with_policy(proof.checkpoint, log, policy)
    return proof, verify_proof(proof, entry, log)


def check_receipt(
    note: bytes,
    receipts: NoteVerifier,
    log: NoteVerifier | LogTrust,
    recording: Path | None,
    mirror: Path | None = None,
) -> Receipt:
    """The receipt, if every word of it holds, is for ``recording`` and of the log in ``mirror``
    where these are given.

    Raises `LogError`, `OSError`; `OutsideError` as `check_pair`.
    """
    if mirror is None:
        receipt = open_receipt(note, receipts, log)
    else:
        # Whoever has the first keys has them all by the mirror; which of them may have signed
        # follows from the tree that the receipt is under.
        followed = follow_in(mirror, log)
        log = followed.trust
        receipt = open_receipt(note, followed.receipt_keys(receipts, 0), log)
        size = open_checkpoint(receipt.checkpoint, log).size
        receipt = open_receipt(note, followed.receipt_keys(receipts, size), log)
        _check_same_history(receipt.checkpoint, log, mirror)
    if recording is not None:
        sha256, sm3, size_bytes = _digests(recording)
        check_receipt_for(receipt, sha256, sm3, size_bytes)
    return receipt


def _check_same_history(checkpoint: str, log: NoteVerifier | LogTrust, mirror: Path) -> None:
    """Raise as `check_pair` unless ``mirror`` continues the log that ``checkpoint`` is of."""
    check_pair(checkpoint.encode(), read_small_file(mirror / CHECKPOINT), log, mirror)


def _check_files(
    folder: Path, checkpoint: Checkpoint, report: MirrorReport, progress: Progress | None
) -> None:
    reader = TileReader(FolderSource(folder).fetch, checkpoint.size)
    try:
        edge = prove_edge(checkpoint, reader)
    except (TamperedLogError, SourceMissingError) as error:
        report.find("tile", error)
        return  # nothing below it can be proven
    chains = _Chains(report)
    for tile in downward(0, checkpoint.size):
        try:
            stated = edge.get(tile) or prove_full_tile(tile, reader, reader)
        except (TamperedLogError, SourceMissingError) as error:
            report.find(tile_path(tile), error)
            continue
        if tile.level == 0:
            _check_entries(tile, stated, reader, chains, report)
            if progress is not None:
                progress(min((tile.index + 1) * WIDTH, checkpoint.size), checkpoint.size)
    report.items = len(chains.items)


def _check_entries(
    tile: Tile,
    leaves: Hashes,
    reader: TileReader,
    chains: "_Chains",
    report: MirrorReport,
) -> None:
    try:
        entries = prove_bundle(tile, leaves, reader)
    except (TamperedLogError, SourceMissingError) as error:
        report.find(f"tile/entries, from entry {tile.index * WIDTH} on", error)
        chains.lose()
        return
    for index, data in enumerate(entries, tile.index * WIDTH):
        report.entries += 1
        chains.follow(index, data)


class _Chains:
    """The chain of every item, as far as it was followed."""

    def __init__(self, report: MirrorReport) -> None:
        self.items: set[str] = set()
        self._report = report
        self._heads: dict[str, ChainHead] = {}
        self._is_whole = True

    def follow(self, index: int, data: bytes) -> None:
        """The next entry of the log."""
        try:
            entry = Entry.decode(data)
            previous = self._heads.get(entry.item)
            if previous is None and not self._is_whole:
                self._heads[entry.item] = _head_of(entry, data)
            else:
                self._heads[entry.item] = verify_item_link(previous, data)[1]
        except ChainError as error:
            self._report.find(f"entry {index}", error)
            self._heads[entry.item] = _head_of(entry, data)
        except LogError as error:
            self._report.find(f"entry {index}", error)
            return
        self.items.add(entry.item)

    def lose(self) -> None:
        """Entries could not be read: what each item's next one must follow is not known."""
        self._is_whole = False
        self._heads.clear()


def _head_of(entry: Entry, data: bytes) -> ChainHead:
    return ChainHead(entry.item, entry.item_seq, hash_leaf(data).hex())


def _names(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        return


def _digests(path: Path) -> tuple[str, str, int]:
    # Python's own OpenSSL may have been built without SM3; that of `cryptography` has it.
    sha256, sm3, size_bytes = hashlib.sha256(), hashes.Hash(hashes.SM3()), 0
    with path.open("rb") as reader:
        while data := reader.read(READ_BYTES):
            sha256.update(data)
            sm3.update(data)
            size_bytes += len(data)
    return sha256.hexdigest(), sm3.finalize().hex(), size_bytes
