"""Brings database and store up to what was signed. Killed anywhere, it is simply run again.

In this order, under the publisher's lock:

1. What was signed is looked for everywhere; the largest tree is the aim. Its files (the store's, or
   a mirror's) are proven against it, and the numbered rows must be its beginning.
2. Its entries are written into rows, batch by batch. The counter of numbered entries stays as it
   is, so that a database that is only partly recovered looks older than what was signed, and
   nothing is signed or taken in.
3. Tiles, bundles and archived checkpoints that the store has lost are written again from rows.
4. One transaction does the rest: details come back from what others kept, rows are made again of
   the entries, checkpoints get theirs, the counter moves, ``log.recovered`` is appended.
5. The pointer shows the newest checkpoint again.

A kill before 4 leaves a database that still is older; where it had come to follows from its rows.
A kill after it leaves at most the pointer, which the next run or the publisher sets right.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.errors import RecoveryRefusedError
from custody.events import LOG_ITEM, EventKind
from custody.first_writer import insert_first
from custody.ledger import Event, Ledger
from custody.log.cosignature import CosignatureVerifier
from custody.log.entry import Entry, Json
from custody.log.tiles import WIDTH, Fetch
from custody.log.trust import TrustedKeys
from custody.object_keys import CHECKPOINT_KEY
from custody.outside.errors import SourceMissingError
from custody.publishing.publisher import LOG_LOCK
from custody.publishing.restored import STOPPING, RestoreWatch
from custody.publishing.sequencer import STATE_ID
from custody.publishing.signing import TreeSigner
from custody.recovery.aims import Aim, Numbered, check_heads, files_of, find_aim, require_signed
from custody.recovery.entries import numbered_tree, replay
from custody.recovery.evidence import EvidenceRows, entries_of
from custody.recovery.heads import (
    Head,
    KnownHeads,
    archive_heads,
    heads_in_rows,
    keep_cosignatures,
    keep_heads,
    keep_timestamps,
    station_cosigners,
)
from custody.recovery.items import in_batches, items_from, items_of, items_under
from custody.recovery.papers import Papers, take_back
from custody.recovery.proven import ProvenLog
from custody.recovery.refill import look_at_originals, shown_size, whole_up_to, write_tiles
from custody.recovery.result import Progress, Recovery, RowsFromEntries, Wanted
from custody.tables import log_state
from custody.verification.lost import explained_loss, find_loss
from storage.database import Database
from storage.errors import ObjectNotFoundError
from storage.objects import ObjectStore

#: Entries written in one transaction; each may be of an item of its own, and items are held.
BATCH_ENTRIES = 4 * WIDTH
#: Items whose entries are read in one query.
BATCH_ITEMS = 200


class Recoverer:
    """One run after another, `run`; any number of processes may try, one at a time does it."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        signer: TreeSigner,
        ledger: Ledger,
        *,
        cosigners: Mapping[str, CosignatureVerifier] | None = None,
        others: Iterable[Callable[[], RowsFromEntries]] = (),
    ) -> None:
        self._database = database
        self._store = store
        self._signer = signer
        self._ledger = ledger
        self._cosigners = dict(cosigners or {})
        self._others = tuple(others)
        self._heads = KnownHeads(database, store, signer)
        self._dry: Connection | None = None

    def run(
        self,
        actor: Actor,
        *,
        mirror: Fetch | None = None,
        papers: Papers | None = None,
        witnessed: int = 0,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Recovery:
        """Recover what can be; nothing is written that the signed root does not vouch for.

        ``mirror`` gives the files of another copy of the log; ``witnessed`` is the size of the
        largest tree that a witness says it has cosigned. Raises `RecoveryRefusedError`,
        `TamperedLogError`, and as rows, store and ``mirror`` do.
        """
        with self._database.exclusive(LOG_LOCK):
            standing = RestoreWatch(self._database, self._store, self._signer).look()
            done = Recovery(dry_run, standing)
            work = Wanted(
                actor,
                mirror,
                papers or Papers(),
                witnessed,
                progress or (lambda _done, _total: None),
            )
            if not dry_run:
                self._run(done, work)
            else:
                self._try(done, work)
        look_at_originals(done.rebuilt.gone, done.standing.older, self._database, self._store)
        return done

    def _try(self, done: Recovery, work: Wanted) -> None:
        """Do it all in one transaction, and undo it; the store is left alone."""
        try:
            with self._database.write() as self._dry, self._dry.begin_nested() as undone:
                self._run(done, work)
                undone.rollback()
        finally:
            self._dry = None

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        if self._dry is not None:
            yield self._dry
        else:
            with self._database.read() as tx:
                yield tx

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        if self._dry is not None:
            yield self._dry
        else:
            with self._database.write() as tx:
                yield tx

    def _run(self, done: Recovery, work: Wanted) -> None:
        notes = [] if work.mirror is None else [("mirror", work.mirror("checkpoint"))]
        numbered, signed = self._numbered()
        files = files_of(self._store, work.mirror)
        heads = self._heads.downward(*notes)
        aim = find_aim(heads, numbered, files, self._signer, done.left)
        if aim is None:
            if signed is not None or done.left:
                raise RecoveryRefusedError(f"no checkpoint is signed as it must be: {done.left}")
            return
        head, trusted = aim.head, aim.trusted
        done.size = head.checkpoint.size
        if done.size < work.witnessed:
            raise RecoveryRefusedError(
                f"a witness has cosigned {work.witnessed} entries, and nothing at hand has more "
                f"than {done.size} of them"
            )
        done.first = min(done.standing.newest_row, done.size)
        if numbered.tree.size < done.size:
            self._replay(done, aim, numbered, signed, files, work)
        else:
            require_signed(head.checkpoint, signed, numbered, None)
        archived = self._heads.archived(done.first, trusted)
        new = [one for one in archived if one.checkpoint.size <= done.size]
        if all(one.checkpoint.size != done.size for one in new) and done.size > done.first:
            new.insert(0, head)
        shown = shown_size(self._store, trusted, self._signer.origin)
        with self._read() as tx:
            roots = check_heads(tx, (head, *new), shown)
        self._refill_store(done, new, roots, shown, trusted)
        with self._write() as tx:
            self._finish(tx, done, new, work)
        if self._dry is None and (done.standing.shown or 0) < done.size:
            self._store.replace_bytes(CHECKPOINT_KEY, head.note.encode())

    def _numbered(self) -> tuple[Numbered, tuple[int, bytes] | None]:
        """What the rows hold, and what the signer signed last."""
        last = self._signer.last()
        signed = None if last is None else (last.size, last.root)
        roots = {} if signed is None else {signed[0]: b""}
        keys: list[tuple[int, Entry]] = []
        with self._read() as tx:
            tree = numbered_tree(tx, roots, keys)
        root = None if signed is None else roots[signed[0]] or None
        return Numbered(tree, tuple(keys), root), signed

    def _replay(
        self,
        done: Recovery,
        aim: Aim,
        numbered: Numbered,
        signed: tuple[int, bytes] | None,
        files: Fetch,
        work: Wanted,
    ) -> None:
        done.source = "store" if work.mirror is None else "mirror"
        tree = numbered.tree
        try:
            log = ProvenLog(files, aim.head.checkpoint)
            log.check_begins_with(tree.size, tree.root())
            require_signed(log.checkpoint, signed, numbered, log)
            total, first = done.size - tree.size, tree.size
            held: list[bytes] = []
            for start, entries in log.entries(tree.size):
                held += entries
                if len(held) >= BATCH_ENTRIES or start + len(entries) == done.size:
                    aim.require_keys(first, held)
                    with self._write() as tx:
                        replay(tx, first, held, done.replayed, hold=self._dry is None)
                    first, held = first + len(held), []
                    work.progress(total - (done.size - first), total)
        except (ObjectNotFoundError, SourceMissingError) as error:
            with self._read() as tx:
                reached = numbered_tree(tx).size
            raise RecoveryRefusedError(
                f"{done.size} entries were signed; those from {reached} on are in no file that is "
                f"at hand: {error}"
            ) from error

    def _refill_store(
        self,
        done: Recovery,
        new: list[Head],
        roots: Mapping[int, bytes],
        shown: int,
        trusted: TrustedKeys,
    ) -> None:
        # The pointer is moved last: until it shows the tree, a run that died may have left a hole.
        if not done.standing.edge_stands or shown < done.size:
            done.tiles_from = whole_up_to(self._store, shown, roots)
        if self._dry is not None:
            return
        if done.tiles_from is not None:
            write_tiles(self._database, self._store, done.tiles_from, done.size)
        if done.standing.older is not None:
            now = self._ledger.clock.now()
            rows = heads_in_rows(self._database, trusted, self._signer.origin)
            for heads in (rows, iter(new)):
                done.archived += archive_heads(self._store, heads, now)

    def _finish(self, tx: Connection, done: Recovery, new: list[Head], work: Wanted) -> None:
        before = explained_loss(tx)
        take_back(tx, work.papers.read(), done.taken)
        older = done.source != "rows" or done.first < done.size
        if not (older or done.taken.taken or done.standing.older in STOPPING):
            return
        done.done = True
        if older or done.taken.taken:
            self._rebuild(tx, done, work.actor)
        done.checkpoints = keep_heads(tx, new, self._ledger.clock)
        stations = station_cosigners(tx)
        # The policy's own keys first: what it names is a witness, whoever else has that key.
        cosigners = stations | {key: (one, None) for key, one in self._cosigners.items()}
        done.cosignatures = keep_cosignatures(tx, self._store, new, cosigners, self._ledger.clock)
        done.timestamps = keep_timestamps(tx, self._store, done.first)
        first = done.first if before is None else min(before.first, done.first)
        done.loss = find_loss(tx, first, done.size)
        done.items = items_of(tx, done.loss)
        # A database that was made anew has no counter yet.
        insert_first(tx, log_state, {"id": STATE_ID, "sequenced": 0, "integrated": 0})
        tx.execute(
            log_state.update()
            .where(log_state.c.id == STATE_ID, log_state.c.sequenced < done.size)
            .values(sequenced=done.size)
        )
        tx.execute(
            log_state.update()
            .where(log_state.c.id == STATE_ID, log_state.c.integrated < done.size)
            .values(integrated=done.size)
        )
        facts: dict[str, Json] = {
            "from": first,
            "to": done.size,
            "source": done.source,
            "replayed": done.replayed.written,
            "details_gone": len(done.loss.indexes),
            "details_gone_sha256": done.loss.sha256,
        }
        self._ledger.append(tx, work.actor, Event(EventKind.LOG_RECOVERED, LOG_ITEM, facts))

    def _rebuild(self, tx: Connection, done: Recovery, actor: Actor) -> None:
        items = items_from(tx, done.first) | done.taken.items
        evidence = EvidenceRows(self._ledger, actor)
        for some in in_batches(sorted(items), BATCH_ITEMS):
            evidence.rebuild(tx, some, done.rebuilt)
        for make in self._others:
            other = make()
            for prefix in other.prefixes:
                for some in in_batches(items_under(tx, prefix), BATCH_ITEMS):
                    for _, entries in entries_of(tx, some):
                        for entry, details, index in entries:
                            other.apply(entry, details, index)
            other.rebuild(tx, done.first, done.rebuilt)
