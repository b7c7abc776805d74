"""A signer that signs what it has recomputed itself from the stored entries, and nothing else.

The one way to a signature: in the server's process and in a signer's own.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from custody.errors import SigningRefusedError
from custody.log.checkpoint import Checkpoint, LogTrust, open_checkpoint
from custody.log.errors import LogError
from custody.log.merkle import EMPTY_ROOT
from custody.log.note import NoteVerifier
from custody.log.trust import TrustedKeys
from custody.publishing.signer import Signed, Signer
from custody.publishing.stored_entries import require_stored
from storage.objects import ObjectStore

#: Keeps every other signer of the key out; may raise `KeyHeldError`.
Turn = Callable[[], AbstractContextManager[object]]


class CheckedSigner:
    """`Signer` over a store; each signature is one ``turn``."""

    def __init__(self, signer: Signer, store: ObjectStore, turn: Turn) -> None:
        self._signer = signer
        self._store = store
        self._turn = turn
        self.origin = signer.origin

    @property
    def verifier(self) -> NoteVerifier:
        return self._signer.verifier

    @property
    def first(self) -> NoteVerifier:
        return self._signer.first

    @property
    def trusted(self) -> LogTrust:
        return self._signer.trusted

    def beside(self, known: TrustedKeys) -> LogTrust:
        return self._signer.beside(known)

    @property
    def is_at_hand(self) -> bool:
        return self._signer.is_at_hand

    def last(self) -> Signed | None:
        """What was signed last; None for a new log. Raises `SignerStateError`."""
        return self._signer.last()

    def sign(
        self, checkpoint: Checkpoint, proof: list[bytes], trusted: TrustedKeys | None = None
    ) -> str:
        """As `Signer.sign`; also raises `StoredEntriesError`, `KeyHeldError`, `StorageError`."""
        if checkpoint.extensions:
            raise SigningRefusedError("lines after the root: this log signs size and root only")
        with self._turn():
            self._recompute(checkpoint)
            return self._signer.sign(checkpoint, proof, trusted)

    def adopt(self, note: str, proof: list[bytes]) -> None:
        """As `Signer.adopt`; also raises `StoredEntriesError`, `KeyHeldError`, `StorageError`.

        A note that this key has signed may still be of a tree whose entries are gone.
        """
        last = self._signer.last()
        if last is not None and last.note == note:
            return
        try:
            checkpoint = open_checkpoint(note, self.trusted, origin=self.origin)
        except LogError as error:
            raise SigningRefusedError(f"a published checkpoint is not ours: {error}") from error
        with self._turn():
            self._recompute(checkpoint)
            self._signer.adopt(note, proof)

    def _recompute(self, checkpoint: Checkpoint) -> None:
        last = self._signer.last()
        size, root = (0, EMPTY_ROOT) if last is None else (last.size, last.root)
        # What is not larger has nothing new, and what is of another log is refused by its name.
        if checkpoint.size > size and checkpoint.origin == self.origin:
            require_stored(self._store, size, root, checkpoint.size, checkpoint.root)
