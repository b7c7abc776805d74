"""What stands for one log: its keys as they are now, in whichever process signs with them."""

from collections.abc import Callable

from custody.log.checkpoint import LogTrust
from custody.log.note import NoteVerifier
from custody.log.trust import TrustedKeys
from custody.publishing.keys import LogKeys


class KnownKeys:
    """The verifying half of a signer of the log ``origin``; ``keys`` gives those of now."""

    def __init__(self, keys: Callable[[], LogKeys], origin: str) -> None:
        self._keys = keys
        self.origin = origin

    @property
    def verifier(self) -> NoteVerifier:
        """The newest Ed25519 key."""
        return self._keys().log.verifier

    @property
    def first(self) -> NoteVerifier:
        """The log's first Ed25519 key, from which all others follow."""
        return self._keys().first.log.verifier

    @property
    def trusted(self) -> LogTrust:
        """What any of the log's keys signed, in use or retired."""
        return self._keys().any

    def beside(self, known: TrustedKeys) -> LogTrust:
        """What the ``known`` keys vouch for, or a whole generation of these keys."""
        return self._keys().beside(known)
