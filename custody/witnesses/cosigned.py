"""Makes cosignatures public: beside the archived checkpoint, and under the one that is served.

A loop's turn, with its own transactions. The row comes first; a kill before its object stands, or
before ``archived_at`` says so, leaves work for the next turn, which writes the same bytes. The
archived checkpoint itself stays as it was signed.
"""

import logging

from custody.clock import Clock
from custody.log.checkpoint import LogTrust, open_checkpoint
from custody.log.cosignature import Cosignature
from custody.log.errors import LogError
from custody.log.note import NoteVerifier
from custody.object_keys import CHECKPOINT_KEY, cosignature_key
from custody.publishing.published import PublishedCheckpoint, find_checkpoints, newest_checkpoint
from custody.publishing.publisher import ARCHIVE_RETENTION, LOG_LOCK
from custody.witnesses import cosignatures
from custody.witnesses.cosignatures import KeptCosignature
from custody.witnesses.policy import WitnessPolicy
from storage.database import Database
from storage.errors import ObjectExistsError, ObjectNotFoundError
from storage.objects import ObjectStore

log = logging.getLogger("liuhen.witnesses")

#: Objects written in one turn.
BATCH = 500
_LOCK = "cosignatures"


class CosignaturePublisher:
    """One turn after another, `run_once`; any number of processes may try at the same time."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        clock: Clock,
        verifier: NoteVerifier | LogTrust,
        origin: str,
        policy: WitnessPolicy | None,
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._verifier = verifier
        self._origin = origin
        self._policy = policy
        #: The note that was last seen to be served with its cosignatures.
        self._carried = ""

    def run_once(self) -> bool:
        """Archive what waits, and let the served checkpoint carry what meets the quorum.

        True if more waits. Raises as rows and store do; the next turn tries again.
        """
        with self._database.exclusive(_LOCK, wait=False) as owned:
            if not owned:
                return False
            archived = self._archive()
            self._carry()
            return archived == BATCH

    def _archive(self) -> int:
        archived = []
        with self._database.read() as tx:
            found = cosignatures.waiting(tx, BATCH)
            notes = find_checkpoints(tx, [one.size for one in found])
        now = self._clock.now()
        for kept in found:
            checkpoint = notes.get(kept.size)
            if checkpoint is None or not self._is_on(kept, checkpoint):
                log.warning("a cosignature on %d entries does not hold; verify", kept.size)
                continue
            data = (checkpoint.note + kept.line).encode()
            key = cosignature_key(kept.size, kept.key_id)
            try:
                self._store.put_bytes(key, data, retain_until=now + ARCHIVE_RETENTION)
            except ObjectExistsError:
                if self._store.read_bytes(key) != data:
                    log.warning("%s holds something else; verify", key)
                    continue
            archived.append(kept)
        if archived:
            with self._database.write() as tx:
                cosignatures.mark_archived(tx, archived, now)
        return len(archived)

    def _carry(self) -> None:
        if self._policy is None or self._policy.policy.quorum is None:
            return
        with self._database.read() as tx:
            newest = newest_checkpoint(tx)
            kept = [] if newest is None else cosignatures.of_checkpoint(tx, newest.size)
        if newest is None:
            return
        # 1. Those of the policy's keys that hold, in its order; enough of them.
        by_key = {one.key_id: one for one in kept if self._is_on(one, newest)}
        ours = [(key, one) for key, one in self._policy.keys.items() if key in by_key]
        signed = [Cosignature(one.verifier, by_key[key].cosigned_at) for key, one in ours]
        if not self._policy.policy.is_met(signed):
            return
        note = newest.note + "".join(by_key[key].line for key, _ in ours)
        if note == self._carried:
            return
        # 2. Only while nobody publishes, and only under the very checkpoint they are on.
        with self._database.exclusive(LOG_LOCK, wait=False) as owned:
            if owned and self._shows(newest):
                if self._store.read_bytes(CHECKPOINT_KEY) != note.encode():
                    self._store.replace_bytes(CHECKPOINT_KEY, note.encode())
                self._carried = note

    def _shows(self, newest: PublishedCheckpoint) -> bool:
        """Whether the served checkpoint is ``newest``, however many have signed it."""
        try:
            note = self._store.read_bytes(CHECKPOINT_KEY)
            shown = open_checkpoint(note, self._verifier, origin=self._origin)
        except (ObjectNotFoundError, LogError):
            return False  # the publisher, or a verification, says what is wrong
        return (shown.size, shown.root) == (newest.size, newest.root)

    def _is_on(self, kept: KeptCosignature, checkpoint: PublishedCheckpoint) -> bool:
        try:
            cosignatures.open_kept(kept, self._origin)
        except LogError:
            return False
        return kept.root == checkpoint.root
