"""A copy of the log that grows only by what continues it.

In this order, so that a mirror never holds what no signed root vouches for, and a kill at any
moment leaves one that goes on: the new checkpoint is held against the old one; its right edge must
make its root; every full tile must hash to its place in the tile above; every bundle's entries to
the leaves in their tile; every timestamp must be the one that an entry names, and its checkpoint of
this tree; every cosignature must be on a checkpoint that was followed, by the key that is asked
about. Each file is written once it is proven, and never written over by other bytes; the checkpoint
comes last.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from custody.log.checkpoint import Checkpoint, LogTrust, open_checkpoint
from custody.log.cosignature import CosignatureVerifier
from custody.log.entry import Entry
from custody.log.errors import LogError, ProofError, TileError
from custody.log.merkle import prove_consistency, verify_consistency
from custody.log.note import NoteVerifier
from custody.log.tiles import (
    Tile,
    TileReader,
    bundle_path,
    decode_bundle,
    encode_bundle,
    tile_path,
)
from custody.outside.cosignatures import all_filed, cosignature_path
from custody.outside.errors import (
    OutsideError,
    ShrunkLogError,
    SourceMissingError,
    SplitViewError,
    TamperedLogError,
)
from custody.outside.key_watch import Followed, open_following, read_key_entries
from custody.outside.proving import downward, prove_bundle, prove_edge, prove_full_tile
from custody.outside.sources import FolderSource, Source
from custody.outside.stamps import LoggedStamp, stamps_in
from storage.durable import make_folder, write_file
from storage.regular_files import read_small_file

CHECKPOINT = "checkpoint"
ENTRIES = "tile/entries/"
#: Every checkpoint a mirror has followed, by size; as the archive files its own.
FOLLOWED = "checkpoints"
#: Checkpoints that contradict what the mirror holds: the proof against the log.
REFUSED = "refused"

#: Called with the files that were copied so far, and how many it will be.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Mirrored:
    """How far the copy goes: ``old`` (None at first) before and ``new`` after; files written.

    ``missing`` are the timestamps that entries name and the log does not give, ``cosignatures``
    how many of those that are filed beside a checkpoint came.
    """

    old: Checkpoint | None
    new: Checkpoint
    files: int
    missing: tuple[str, ...] = ()
    cosignatures: int = 0


def trust_in(folder: Path, log: NoteVerifier | LogTrust) -> NoteVerifier | LogTrust:
    """The keys that followed ``log`` by the entries in the mirror in ``folder``; raises as
    `follow_in`."""
    return follow_in(folder, log).trust


def follow_in(folder: Path, log: NoteVerifier | LogTrust) -> Followed:
    """What followed ``log`` by the entries in the mirror in ``folder``.

    Raises `LogError` where the mirror's own checkpoint does not open under them, `OutsideError`
    where it has none, `OSError`.
    """
    fetch = FolderSource(folder).fetch
    try:
        note = read_small_file(folder / CHECKPOINT)
    except FileNotFoundError as error:
        raise OutsideError(f"{folder}: no {CHECKPOINT} in it") from error
    return open_following(note, log, lambda size: read_key_entries(fetch, size))


class Mirror:
    """A folder that holds a copy of one log."""

    def __init__(
        self,
        folder: Path,
        log: NoteVerifier | LogTrust,
        origin: str | None = None,
        *,
        cosigners: Sequence[CosignatureVerifier] = (),
    ) -> None:
        """``cosigners``: whose filed cosignatures are copied; who is not known can't be checked."""
        self._folder = folder
        self._cosigners = cosigners
        self._log = log
        self._origin = log.name if origin is None else origin

    def newest(self) -> Checkpoint | None:
        """The checkpoint the mirror has followed last. Raises `TamperedLogError`, `OSError`."""
        try:
            note = read_small_file(self._folder / CHECKPOINT)
        except FileNotFoundError:
            return None
        try:
            trust = self._follow(note, lambda size: read_key_entries(self._fetch_own, size))
            return open_checkpoint(note, trust, origin=self._origin)
        except LogError as error:
            raise TamperedLogError(f"{self._folder / CHECKPOINT}: {error}") from error

    def follow(self, source: Source, progress: Progress | None = None) -> Mirrored:
        """Copy what is new at ``source``.

        Raises `SplitViewError` (the contradicting checkpoint is kept under ``refused/``),
        `ShrunkLogError` (an older one of the same history, which is here already),
        `TamperedLogError`, `SourceError` (what was copied stays), `OSError`.
        """
        old = self.newest()
        note = source.fetch(CHECKPOINT)
        new, trust = self._open(source, old, note)
        reader = TileReader(source.fetch, new.size)
        if old is not None:
            self._check_continues(old, new, note, reader)
        wanted = downward(0 if old is None else old.size, new.size)
        total = len(wanted) + sum(tile.level == 0 for tile in wanted)
        files = 0
        stamps: list[LoggedStamp] = []
        for path, data in self._proven(new, reader, wanted):
            self._keep(path, data)
            files += 1
            if path.startswith(ENTRIES):
                stamps.extend(stamps_in(decode_bundle(data)))
            if progress is not None:
                progress(files, total)
        missing = []
        for stamp in stamps:
            try:
                files += self._copy_stamp(source, new, reader, stamp, trust)
            except SourceMissingError:
                missing.append(stamp.path)
        # Those on the old one too: a slow witness has signed it since.
        cosigned = sum(self._copy_cosignatures(source, one, trust) for one in (old, new) if one)
        self._write(f"{FOLLOWED}/{new.size:012}", note)
        self._write(CHECKPOINT, note)
        return Mirrored(old, new, files + cosigned, tuple(missing), cosigned)

    def _copy_cosignatures(
        self, source: Source, checkpoint: Checkpoint, trust: NoteVerifier | LogTrust
    ) -> int:
        wanted = [
            one
            for one in self._cosigners
            if not (self._folder / cosignature_path(checkpoint.size, one)).exists()
        ]
        filed = all_filed(source, trust, wanted, checkpoint)
        for path, data, _ in filed:
            self._keep(path, data)
        return len(filed)

    def _open(
        self, source: Source, old: Checkpoint | None, note: bytes
    ) -> tuple[Checkpoint, NoteVerifier | LogTrust]:
        """The checkpoint that is shown, by the keys that the log has now, and what trusts it.

        The log's entries about its keys are read before anything is copied: those that are here,
        and those that are new. They count by whoever signed them, and are in the tree, as
        everything is, once it is copied.
        """
        kept = 0 if old is None else old.size

        def entries(size: int) -> Iterator[tuple[int, Entry]]:
            yield from read_key_entries(self._fetch_own, kept)
            yield from read_key_entries(source.fetch, size, kept)

        try:
            trust = self._follow(note, entries)
            return open_checkpoint(note, trust, origin=self._origin), trust
        except LogError as error:
            raise TamperedLogError(f"{CHECKPOINT}: {error}") from error

    def _follow(
        self, note: bytes, entries: Callable[[int], Iterator[tuple[int, Entry]]]
    ) -> NoteVerifier | LogTrust:
        return open_following(note, self._log, entries, origin=self._origin).trust

    def _fetch_own(self, path: str) -> bytes:
        return FolderSource(self._folder).fetch(path)

    def _copy_stamp(
        self,
        source: Source,
        new: Checkpoint,
        reader: TileReader,
        stamp: LoggedStamp,
        trust: NoteVerifier | LogTrust,
    ) -> int:
        """Copy a timestamp and, before it, the checkpoint it is of; how many files were written."""
        files = 0
        if not (self._folder / stamp.checkpoint_path).exists():
            note = source.fetch(stamp.checkpoint_path)
            try:
                stamped = open_checkpoint(note, trust, origin=self._origin)
            except LogError as error:
                raise TamperedLogError(f"{stamp.checkpoint_path}: {error}") from error
            if stamped.size != stamp.size:
                raise TamperedLogError(f"{stamp.checkpoint_path}: of {stamped.size} entries")
            self._check_continues(stamped, new, note, reader)
            self._keep(stamp.checkpoint_path, note)
            files += 1
        if not (self._folder / stamp.path).exists():
            token = source.fetch(stamp.path)
            if hashlib.sha256(token).hexdigest() != stamp.sha256:
                raise TamperedLogError(f"{stamp.path}: not the one that its entry names")
            self._keep(stamp.path, token)
            files += 1
        return files

    def _check_continues(
        self, old: Checkpoint, new: Checkpoint, note: bytes, reader: TileReader
    ) -> None:
        if new.size < old.size and self._had(new):
            raise ShrunkLogError(f"{new.size}, {old.size} before; nothing was copied")
        try:
            # It did not shrink, and its first `old.size` entries are those of the old one.
            proof = prove_consistency(old.size, new.size, reader.read)
            verify_consistency(old.size, new.size, old.root, new.root, proof)
        except (ProofError, TileError) as error:
            kept = f"{REFUSED}/{new.size:012}-{hashlib.sha256(note).hexdigest()[:16]}"
            self._write(kept, note)
            raise SplitViewError(f"{error}; kept as {self._folder / kept}") from error

    def _had(self, smaller: Checkpoint) -> bool:
        """Whether the mirror's own log began with this tree."""
        held = self.newest()
        if held is None:
            return False
        reader = TileReader(self._fetch_own, held.size)
        try:
            proof = prove_consistency(smaller.size, held.size, reader.read)
            verify_consistency(smaller.size, held.size, smaller.root, held.root, proof)
        except (ProofError, TileError, SourceMissingError):
            return False
        return True

    def _proven(
        self, new: Checkpoint, reader: TileReader, wanted: list[Tile]
    ) -> Iterator[tuple[str, bytes]]:
        """Path and bytes of every wanted tile and bundle, each once it is proven.

        Whoever takes one writes it before he asks for the next: those below are held against it.
        """
        own = TileReader(FolderSource(self._folder).fetch, new.size)
        edge = prove_edge(new, reader)
        for tile, hashes in edge.items():
            yield tile_path(tile), b"".join(hashes)
        for tile in wanted:
            if tile not in edge:
                hashes = prove_full_tile(tile, reader, own)
                yield tile_path(tile), b"".join(hashes)
            if tile.level == 0:
                hashes = edge.get(tile) or own.tile(tile)
                entries = prove_bundle(tile, hashes, reader)
                yield bundle_path(tile.index, tile.width), encode_bundle(entries)

    def _keep(self, path: str, data: bytes) -> None:
        """Write what is proven, unless it is there.

        Raises `TamperedLogError` for other bytes there: somebody altered the mirror, and what it
        held must not vanish under what is right.
        """
        target = self._folder / path
        try:
            held = target.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            self._write(path, data)
            return
        if held != data:
            raise TamperedLogError(f"{target}: the mirror holds other bytes here; keep them apart")

    def _write(self, path: str, data: bytes) -> None:
        target = self._folder / path
        if not target.parent.is_dir():
            make_folder(target.parent)
        write_file(target, data)
