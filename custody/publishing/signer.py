"""Signs tree heads with every key of the log, and remembers the last one outside the database.

A log is trusted because its signer never signs two trees that do not continue each other. So the
signer believes nobody: whoever wants a signature proves that the new tree continues the last one
it signed. Its record is on disk before the signature leaves it; a crash can lose a signature,
never the memory of one.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from custody.errors import KeyMissingError, SignerStateError, SigningRefusedError
from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.cosignature import Cosigner
from custody.log.errors import LogError, ProofError
from custody.log.merkle import EMPTY_ROOT, verify_consistency
from custody.log.note import NoteSigner, sign_note
from custody.log.plain_json import read_json_object
from custody.log.trust import TrustedKeys, short
from custody.publishing.keys import LogKeys
from custody.publishing.known_keys import KnownKeys
from storage.durable import write_file
from storage.regular_files import read_small_file


@dataclass(frozen=True, slots=True)
class Signed:
    """What the signer signed last: the tree head and the note that went out."""

    size: int
    root: bytes
    note: str


class Signer(KnownKeys):
    """One log's keys with the memory of what they signed.

    ``keys`` gives those in use now. ``state_file`` holds JSON: ``size``, ``root`` (hex) and
    ``note``. It belongs to the keys, not to the database: restoring a database never touches it.
    Callers own ``database.exclusive("log")``.
    """

    def __init__(self, keys: Callable[[], LogKeys], state_file: Path, origin: str) -> None:
        super().__init__(keys, origin)
        self._state_file = state_file

    @property
    def is_at_hand(self) -> bool:
        """Whether there is anything to ask: a copy may carry neither the key nor what it signed."""
        return bool(self._keys().signers) or self._state_file.exists()

    def last(self) -> Signed | None:
        """What was signed last; None for a new log. Raises `SignerStateError`."""
        try:
            text = read_small_file(self._state_file).decode()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise SignerStateError(f"{self._state_file}: {error}") from error
        try:
            state = read_json_object(text)
            signed = Signed(_whole(state["size"]), bytes.fromhex(state["root"]), str(state["note"]))
            checkpoint = open_checkpoint(signed.note, self.trusted, origin=self.origin)
        except (ValueError, KeyError, TypeError, LogError) as error:
            raise SignerStateError(f"{self._state_file}: {error}") from error
        if (checkpoint.size, checkpoint.root) != (signed.size, signed.root):
            raise SignerStateError(f"{self._state_file}: size and root are not those of the note")
        return signed

    def sign(
        self, checkpoint: Checkpoint, proof: list[bytes], trusted: TrustedKeys | None = None
    ) -> str:
        """The signed note of ``checkpoint``; signing the last one again gives the same note.

        Every key at hand signs; with ``trusted``, the keys by the entries within that tree, none
        that is retired, and all that must. ``proof`` is the consistency proof from the last signed
        size. Raises `SigningRefusedError` with what was seen, `SignerStateError`, and
        `KeyMissingError` where a key that must sign is not at hand.
        """
        last = self._check(checkpoint, proof)
        if last is not None and last.size == checkpoint.size:
            return last.note
        note = sign_note(checkpoint.encode(), self._signers(checkpoint.size, trusted))
        self._remember(checkpoint, note)
        return note

    def adopt(self, note: str, proof: list[bytes]) -> None:
        """Remember a later note of these keys, signed on another host or lost from the record.

        A key of each kind must have signed it that is not retired, unless it is the last itself.
        Raises `SigningRefusedError` if that is not so or it does not continue the last.
        """
        known = self.last()
        if known is not None and known.note == note:
            return
        try:
            checkpoint = open_checkpoint(note, self._keys().standing, origin=self.origin)
        except LogError as error:
            raise SigningRefusedError(f"a published checkpoint is not ours: {error}") from error
        last = self._check(checkpoint, proof)
        if last is None or last.size < checkpoint.size:
            self._remember(checkpoint, note)

    def _signers(self, size: int, trusted: TrustedKeys | None) -> Sequence[NoteSigner | Cosigner]:
        keys = self._keys().signers
        if trusted is not None:
            ended = trusted.ended(size)
            keys = [key for key in keys if key.verifier not in ended]
            at_hand = [key.verifier for key in keys]
            for one in trusted.required(size):
                if one not in at_hand:
                    raise KeyMissingError(short(one))
        if not keys:
            raise KeyMissingError(self.verifier.vkey)
        return keys

    def _check(self, checkpoint: Checkpoint, proof: list[bytes]) -> Signed | None:
        # 1. It is a tree head of this log.
        if checkpoint.origin != self.origin:
            raise SigningRefusedError(f"origin {checkpoint.origin!r}, expected {self.origin!r}")
        last = self.last()
        old_size, old_root = (0, EMPTY_ROOT) if last is None else (last.size, last.root)
        # 2. The tree did not shrink.
        if checkpoint.size < old_size:
            raise SigningRefusedError(f"{checkpoint.size} entries, {old_size} were signed already")
        # 3. A tree of the same size is the same tree.
        if checkpoint.size == old_size and checkpoint.root != old_root:
            raise SigningRefusedError(
                f"at {old_size} entries {old_root.hex()} was signed, now {checkpoint.root.hex()}"
            )
        # 4. A larger tree begins with the one that was signed.
        try:
            verify_consistency(old_size, checkpoint.size, old_root, checkpoint.root, proof)
        except ProofError as error:
            raise SigningRefusedError(
                f"{checkpoint.size} entries under {checkpoint.root.hex()} do not continue "
                f"the {old_size} signed under {old_root.hex()}"
            ) from error
        return last

    def _remember(self, checkpoint: Checkpoint, note: str) -> None:
        state = {"size": checkpoint.size, "root": checkpoint.root.hex(), "note": note}
        write_file(self._state_file, (json.dumps(state) + "\n").encode(), mode=0o600)


def _whole(value: object) -> int:
    """Raises `TypeError` for a number that is no whole one."""
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no size")
    return value
