"""What the publisher asks of a signer, be it in this process or in one of its own."""

from typing import Protocol

from custody.log.checkpoint import Checkpoint, LogTrust
from custody.log.note import NoteVerifier
from custody.log.trust import TrustedKeys


class LastSigned(Protocol):
    """What was signed last: the tree head and the note that went out."""

    @property
    def size(self) -> int: ...

    @property
    def root(self) -> bytes: ...

    @property
    def note(self) -> str: ...


class TreeSigner(Protocol):
    """One log's key with the memory of what it signed. Callers own ``database.exclusive("log")``.

    Everything may raise `SignerStateError`, and `SignerAwayError` where it is another process.
    """

    origin: str

    @property
    def verifier(self) -> NoteVerifier:
        """The newest Ed25519 key."""
        ...

    @property
    def first(self) -> NoteVerifier:
        """The log's first Ed25519 key, from which all others follow."""
        ...

    @property
    def trusted(self) -> LogTrust:
        """What any of the log's keys signed, in use or retired."""
        ...

    def beside(self, known: TrustedKeys) -> LogTrust:
        """What the ``known`` keys vouch for, by the entries at hand, or a whole generation that
        they do not know to have ended."""
        ...

    @property
    def is_at_hand(self) -> bool:
        """Whether there is anything to ask: a copy may carry neither the key nor what it signed."""
        ...

    def last(self) -> LastSigned | None:
        """What was signed last; None for a new log."""
        ...

    def sign(
        self, checkpoint: Checkpoint, proof: list[bytes], trusted: TrustedKeys | None = None
    ) -> str:
        """The signed note; for the last one again the same. With ``trusted``, the keys by the
        entries within that tree, it bears what they must sign and nothing that has ended. Raises
        `SigningRefusedError`.
        """
        ...

    def adopt(self, note: str, proof: list[bytes]) -> None:
        """Remember a later note of this key. Raises `SigningRefusedError`."""
        ...
