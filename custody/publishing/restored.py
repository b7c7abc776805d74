"""Notices a database or an object store that was put back from an older copy.

What was signed is remembered in five places: the rows, the signer's record, the pointer, the
archived checkpoints and the tiles. A publication writes them in a fixed order (numbered rows,
tiles, signer, archive, pointer, row of the checkpoint), so what came later can never be ahead of
what came before, unless one of them is older than it should be.

A note counts as signed by the keys that must have signed a tree of its size, by the entries in
rows; or by one whole generation of the house's keys, for the rows may be older than the entry that
announces it. What only a retired key signed, or one of two, was written by somebody else.

While the database or the store is older nothing is numbered and nothing signed: two trees under one
key are worse than a pause. A signer's record or a pointer that alone is older is named and stops
nothing: the next publication sets both right.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from custody.errors import LogRestoredError, SignerAwayError, SignerStateError
from custody.key_rows import read_key_history
from custody.log.checkpoint import LogTrust, open_checkpoint
from custody.log.errors import LogError
from custody.log.tiles import (
    HEIGHT,
    MAX_LEVEL,
    WIDTH,
    Tile,
    bundle_path,
    tile_of,
    tile_path,
)
from custody.object_keys import (
    CHECKPOINT_ARCHIVE,
    CHECKPOINT_KEY,
    checkpoint_archive_key,
    log_key,
)
from custody.publishing.published import newest_checkpoint
from custody.publishing.sequencer import newest_pending, sequenced_size
from custody.publishing.signing import TreeSigner
from storage.database import Database
from storage.errors import ObjectNotFoundError
from storage.objects import ObjectStore

#: What was seen is believed for so long by those who do not publish themselves.
FRESH_S = 5.0


class Older(StrEnum):
    """What was put back from an older copy, or lost."""

    DATABASE = "database"
    STORE = "store"
    BOTH = "both"
    #: Alone, these stop nothing.
    SIGNER = "signer"
    POINTER = "pointer"


#: What stops numbering, signing and taking in.
STOPPING = frozenset({Older.DATABASE, Older.STORE, Older.BOTH})


@dataclass(frozen=True, slots=True)
class Standing:
    """How many entries each memory of the log knows of; 0 where it knows of none.

    ``numbered`` and ``newest_row`` are rows, ``signed`` is the signer's record, ``shown`` the
    pointer, ``archived`` the largest archived checkpoint. ``signed``, ``shown``, ``archived`` and
    ``edge_stands`` are None where they were not looked at, did not answer, or hold nothing of this
    log's key: that is another trouble, with its own finding.
    """

    numbered: int
    newest_row: int
    signed: int | None
    shown: int | None = None
    archived: int | None = None
    edge_stands: bool | None = None
    #: The largest tree that a witness of the policy says it has cosigned.
    witnessed: int = 0

    @property
    def known(self) -> int:
        """The largest tree that this log's key signed, by all that was looked at.

        Of a witness only its word is there. It is taken: a pause that a lying witness brings about
        ends when the policy names it no more, and a second tree under one key never does.
        """
        own = max(self.newest_row, self.signed or 0, self.shown or 0, self.archived or 0)
        return max(own, self.witnessed)

    @property
    def older(self) -> Older | None:
        """What of it is older than the rest; None where they go together."""
        database = self.numbered < self.known
        store = self.edge_stands is False or (
            self.archived is not None and self.archived < self.newest_row
        )
        if database or store:
            both = database and store
            return Older.BOTH if both else Older.DATABASE if database else Older.STORE
        if self.shown is not None and self.shown < self.newest_row:
            return Older.POINTER
        lost = self.signed is not None and self.signed < self.newest_row
        return Older.SIGNER if lost else None

    def require_whole(self) -> None:
        """Raise `LogRestoredError` where something is older that stops the log."""
        match self.older:
            case Older.DATABASE | Older.BOTH as older:
                by = "signed" if self.signed == self.known else "published"
                by = "witnessed" if self.witnessed == self.known > (self.signed or 0) else by
                raise LogRestoredError(
                    f"{self.known} entries were {by}, the database has {self.numbered}: "
                    "it was restored from a copy that is too old",
                    older,
                )
            case Older.STORE as older:
                raise LogRestoredError(
                    f"of {self.known} entries the store has no tiles or no checkpoint: "
                    "it was restored from a copy that is too old",
                    older,
                )
            case _:
                return


class RestoreWatch:
    """Looks, and remembers what it saw. Safe to share between threads."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        signer: TreeSigner,
        ask: Callable[[], int] | None = None,
    ) -> None:
        """``ask`` gives the size of the largest tree that a witness knows."""
        self._database = database
        self._store = store
        self._signer = signer
        self._ask = ask
        self._seen: Standing | None = None
        self._seen_at = 0.0
        self._witnessed = 0

    def heed(self, witnessed: int) -> None:
        """A witness of the policy says that it has cosigned a tree of so many entries."""
        self._witnessed = max(self._witnessed, witnessed)
        self._ask = None

    def ask_once(self) -> None:
        """Ask the witnesses, unless this process has: what was put back remembers nothing of them.

        One that does not answer stops nobody. Raises as rows do.
        """
        if self._ask is not None:
            self.heed(self._ask())

    @property
    def found(self) -> Older | None:
        """What stops the log, as it was seen last, without looking; None before the first look."""
        older = None if self._seen is None else self._seen.older
        return older if older in STOPPING else None

    def look(self, *, closely: bool = True) -> Standing:
        """How it stands. ``closely`` lists the archive and asks for the right edge of the tiles.

        Otherwise that is done only where something is behind, or was when it was last looked at.
        Raises `SignerStateError` and as rows and store do.
        """
        standing = self._look(closely or self.found is not None)
        if not closely and standing.older is not None and standing.archived is None:
            standing = self._look(closely=True)
        self._seen, self._seen_at = standing, time.monotonic()
        return standing

    def current(self) -> Older | None:
        """What stops the log; looked for anew where the last look is some seconds old.

        A signer's record that can't be read stops nobody here: nothing is signed without it, and
        the publisher says so. Raises as rows and store do.
        """
        if self._seen is None or time.monotonic() - self._seen_at > FRESH_S:
            with suppress(SignerStateError):
                self.look(closely=False)
        return self.found

    def require_whole(self) -> None:
        """Raise `LogRestoredError` where something stops the log, by `current`."""
        if self.current() is not None and self._seen is not None:
            self._seen.require_whole()

    def _look(self, closely: bool) -> Standing:
        # In the reverse of the order in which they are written, so that a publication under way
        # never looks like one that was undone; the numbered rows, the first of all, come last.
        with self._database.read() as tx:
            trusted = self._signer.beside(read_key_history(tx, self._signer.first).trusted)
            row = newest_checkpoint(tx)
            quiet = row is not None and newest_pending(tx) is None
            quiet = quiet and row is not None and sequenced_size(tx) == row.size
        # A row that our key did not sign is another trouble, and the signer's to refuse.
        ours = None if row is None else self._size_in(row.note.encode(), trusted)
        newest_row = ours or 0
        signed = self._signed()
        quiet = quiet and signed == newest_row
        shown = None if quiet and not closely else self._shown(trusted)
        archived = self._archived(trusted) if closely else None
        edge = max(signed or 0, newest_row)
        stands = self._edge_stands(edge) if closely else None
        with self._database.read() as tx:
            numbered = sequenced_size(tx)
        return Standing(numbered, newest_row, signed, shown, archived, stands, self._witnessed)

    def _signed(self) -> int | None:
        """What the signer signed last; None where it is a process that is away.

        Nothing is published then, and what comes in is taken in all the same.
        """
        try:
            last = self._signer.last()
        except SignerAwayError:
            return None
        return 0 if last is None else last.size

    def _shown(self, trusted: LogTrust) -> int | None:
        """What the pointer says; 0 without one, None where it is no checkpoint of ours."""
        try:
            return self._size_in(self._store.read_bytes(CHECKPOINT_KEY), trusted)
        except ObjectNotFoundError:
            return 0

    def _archived(self, trusted: LogTrust) -> int | None:
        """The largest archived checkpoint that our key signed; 0 without any."""
        keys = sorted((stat.key for stat in self._store.list(CHECKPOINT_ARCHIVE)), reverse=True)
        for key in keys:
            size = self._size_in(self._store.read_bytes(key), trusted)
            if size is not None and checkpoint_archive_key(size) == key:
                return size
        return 0

    def _size_in(self, note: bytes, trusted: LogTrust) -> int | None:
        try:
            return open_checkpoint(note, trusted, origin=self._signer.origin).size
        except LogError:
            return None

    def _edge_stands(self, size: int) -> bool:
        """Whether the store has the tiles and the bundle at the right edge of this tree."""
        return all(self._has(paths) for paths in edge_paths(size))

    def _has(self, paths: tuple[str, ...]) -> bool:
        for path in paths:
            try:
                self._store.stat(log_key(path))
            except ObjectNotFoundError:
                continue
            return True
        return False


def edge_paths(size: int) -> list[tuple[str, ...]]:
    """The last tile of each level and the last bundle of a tree of ``size`` entries.

    Each with what may stand in its place: a full one may have taken the partial one's.
    """
    paths: list[tuple[str, ...]] = []
    for level in range(MAX_LEVEL + 1):
        count = size >> (HEIGHT * level)
        if not count:
            break
        tile = tile_of(size, level, (count - 1) // WIDTH)
        paths.append((tile_path(tile), tile_path(Tile(level, tile.index))))
        if level == 0:
            paths.append((bundle_path(tile.index, tile.width), bundle_path(tile.index)))
    return paths
