"""Makes the log public: number, integrate, sign, publish. A loop's turn, with its own transactions.

Each step leaves what the next turn finishes, so a kill needs no repair:

1. Numbered (committed), not in the tiles: `log_state.integrated` is behind; integrated next turn.
2. Some tiles written, `integrated` not advanced: written again, the same bytes, over nothing.
3. `integrated` advanced, nothing signed: signed next turn.
4. Signed (the signer's record is ahead of the `checkpoints` table), not or only partly published:
   that very note is published first, then the log goes on from it.
5. Archived and pointed to, no row: the same as 4; archive and pointer already hold the note.

A row ahead of the signer's record means that another host published, or that the record was lost:
the signer adopts the note if its own key signed it and it continues what it knows.
A database or a store that is behind what was signed was put back from an older copy
(`custody.publishing.restored`). Nothing is numbered and nothing signed then (`LogRestoredError`),
until `custody.recovery` has brought it up to the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from custody.clock import Clock
from custody.errors import IntegrationConflictError, SigningRefusedError
from custody.first_writer import insert_first
from custody.key_rows import read_key_history
from custody.log.checkpoint import Checkpoint, LogTrust, open_checkpoint
from custody.log.errors import LogError
from custody.log.merkle import prove_consistency, tree_root
from custody.log.trust import TrustedKeys
from custody.object_keys import CHECKPOINT_KEY, checkpoint_archive_key
from custody.publishing.integrator import (
    integrated_size,
    read_batch,
    record_batch,
    recount,
    write_batch,
)
from custody.publishing.published import newest_checkpoint, tile_reader
from custody.publishing.restored import RestoreWatch
from custody.publishing.sequencer import sequence
from custody.publishing.signing import TreeSigner
from custody.tables import checkpoints
from storage.database import Database
from storage.errors import ObjectExistsError, ObjectNotFoundError
from storage.objects import ObjectStore

#: The lock that makes one process at a time the log's only publisher.
LOG_LOCK = "log"
#: Entries numbered in one transaction; on SQLite other writers wait for it (a tenth of a second).
SEQUENCE_LIMIT = 8192
#: Transactions of that size in one turn, so that a long backlog is published in between.
ROUNDS = 8
#: The log is permanent and stores want a date. S3 takes up to a hundred years by its own clock, so
#: a little less by ours.
ARCHIVE_RETENTION = timedelta(days=36_000)


@dataclass(frozen=True, slots=True)
class Published:
    """What a turn did: the published size after it, entries numbered and integrated by it."""

    size: int
    sequenced: int
    integrated: int
    published: bool


class Publisher:
    """One turn after another, `run_once`; any number of processes may try at the same time."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        signer: TreeSigner,
        clock: Clock,
        ask: Callable[[], int] | None = None,
    ) -> None:
        """``ask``: the size of the largest tree that a witness knows; asked before the first
        turn."""
        self._database = database
        self._store = store
        self._signer = signer
        self._clock = clock
        #: Looks before each turn whether something was put back from an older copy.
        self.watch = RestoreWatch(database, store, signer, ask)

    def run_once(self) -> Published:
        """Publish what was committed; does nothing while somebody else is publishing.

        Raises `IntegrationError`, `SigningRefusedError` (`LogRestoredError` where something was put
        back from an older copy), `StorageError`; the next turn tries again.
        """
        self.watch.ask_once()
        with self._database.exclusive(LOG_LOCK, wait=False) as owned:
            if not owned:
                return Published(self._published_size(), 0, 0, published=False)
            self._check_rows()
            sequenced = self._sequence()
            integrated = self._integrate()
            size, published = self._publish()
            return Published(size, sequenced, integrated, published)

    def _check_rows(self) -> None:
        """Number nothing where something is older than what was signed; the counter may not either.

        An entry that took the place of a lost one would hide what was lost; nor is anything
        numbered while the signer is away, whose record might know of it.
        """
        standing = self.watch.look(closely=False)
        standing.require_whole()
        signed = standing.signed
        if signed is None:  # it did not answer: if it still does not, this says so
            last = self._signer.last()
            signed = 0 if last is None else last.size
        with self._database.read() as tx:
            integrated = integrated_size(tx)
        if integrated < signed:
            with self._database.write() as tx:
                recount(tx, signed)

    def _sequence(self) -> int:
        total = 0
        for _ in range(ROUNDS):
            with self._database.write() as tx:
                numbered = sequence(tx, SEQUENCE_LIMIT)
            total += numbered
            if numbered < SEQUENCE_LIMIT:
                break
        return total

    def _integrate(self) -> int:
        total = 0
        while True:
            with self._database.read() as tx:
                batch = read_batch(tx)
            if batch is None:
                return total
            write_batch(self._store, batch)
            with self._database.write() as tx:
                record_batch(tx, batch)
            total += batch.new_size - batch.old_size

    def _publish(self) -> tuple[int, bool]:
        with self._database.read() as tx:
            row = newest_checkpoint(tx)
            size = integrated_size(tx)
        # Smaller trees are read out of the tiles of the one that stands.
        read = tile_reader(self._store, size).read
        last = self._signer.last()
        signed_size = 0 if last is None else last.size
        public_size = 0 if row is None else row.size
        published = False
        if row is not None and public_size >= signed_size:
            _require_entries(public_size, size, "published")
            if last is None or row.note != last.note:
                self._require_signed(row.note, public_size)
            self._signer.adopt(row.note, prove_consistency(signed_size, public_size, read))
        elif last is not None:
            _require_entries(signed_size, size, "signed")
            if tree_root(signed_size, read) != last.root:
                raise SigningRefusedError(
                    f"the tree of {signed_size} entries is not the signed one"
                )
            self._hand_out(Checkpoint(self._signer.origin, last.size, last.root), last.note)
            public_size, published = signed_size, True
        if size == public_size:
            return size, published
        trusted = self._trusted(size)
        self._check_pointer(size, self._signer.beside(trusted))
        checkpoint = Checkpoint(self._signer.origin, size, tree_root(size, read))
        note = self._signer.sign(checkpoint, prove_consistency(public_size, size, read), trusted)
        self._hand_out(checkpoint, note)
        return size, True

    def _trusted(self, size: int) -> TrustedKeys:
        """The keys by the entries in a tree of ``size``."""
        with self._database.read() as tx:
            return read_key_history(tx, self._signer.first, below=size).trusted

    def _require_signed(self, note: str, size: int) -> None:
        """Refuse a row's note that not everyone has signed who must, or one who has ended did."""
        try:
            open_checkpoint(note, self._trusted(size), origin=self._signer.origin)
        except LogError as error:
            raise SigningRefusedError(f"a published checkpoint is not ours: {error}") from error

    def _hand_out(self, checkpoint: Checkpoint, note: str) -> None:
        now = self._clock.now()
        data = note.encode()
        key = checkpoint_archive_key(checkpoint.size)
        try:
            self._store.put_bytes(key, data, retain_until=now + ARCHIVE_RETENTION)
        except ObjectExistsError:
            if self._store.read_bytes(key) != data:
                raise IntegrationConflictError(f"{key} holds another checkpoint") from None
        self._store.replace_bytes(CHECKPOINT_KEY, data)
        with self._database.write() as tx:
            insert_first(
                tx,
                checkpoints,
                {
                    "size": checkpoint.size,
                    "root": checkpoint.root,
                    "note": note,
                    "published_at": now,
                },
            )

    def _check_pointer(self, size: int, trusted: LogTrust) -> None:
        """Refuse to go on if the store shows a larger tree than the database has."""
        try:
            shown = self._store.read_bytes(CHECKPOINT_KEY)
        except ObjectNotFoundError:
            return
        try:
            checkpoint = open_checkpoint(shown, trusted, origin=self._signer.origin)
        except LogError as error:
            raise SigningRefusedError(f"{CHECKPOINT_KEY}: {error}") from error
        _require_entries(checkpoint.size, size, "published")

    def _published_size(self) -> int:
        with self._database.read() as tx:
            newest = newest_checkpoint(tx)
        return 0 if newest is None else newest.size


def _require_entries(expected: int, found: int, what: str) -> None:
    if found < expected:
        raise SigningRefusedError(
            f"{expected} entries were {what}, the database has {found}: "
            "it was restored from a copy that is too old"
        )
