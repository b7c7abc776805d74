"""Checkpoints (C2SP tlog-checkpoint): the log's word on the size of its tree and its root."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from custody.log.encoding import decode_base64, encode_base64, parse_decimal
from custody.log.errors import CheckpointError, NoteError
from custody.log.key_types import Verifier
from custody.log.merkle import EMPTY_ROOT, HASH_BYTES, MAX_TREE_SIZE
from custody.log.note import NoteVerifier, open_note

MAX_CHECKPOINT_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: ``size`` leaves under ``root`` (32 bytes). Raises `CheckpointError`."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not line or any(letter < " " for letter in line):
                raise CheckpointError("a line that is empty or holds a control character")
        if not 0 <= self.size <= MAX_TREE_SIZE:
            raise CheckpointError("a size out of range")
        if len(self.root) != HASH_BYTES:
            raise CheckpointError(f"a root has {HASH_BYTES} bytes")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise CheckpointError("not the root of an empty tree")

    def encode(self) -> str:
        """The text to sign."""
        lines = (self.origin, str(self.size), encode_base64(self.root), *self.extensions)
        return "\n".join(lines) + "\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a checkpoint's text; says nothing about who wrote it. Raises `CheckpointError`."""
        origin, *rest = text.split("\n")
        if len(rest) < 3 or rest.pop():
            raise CheckpointError("three lines or more, each ended by a newline")
        try:
            size, root = parse_decimal(rest[0]), decode_base64(rest[1])
        except ValueError as error:
            raise CheckpointError("size or root") from error
        return cls(origin, size, root, tuple(rest[2:]))


class LogTrust(Protocol):
    """Several keys that stand for one log (`custody.log.trust`)."""

    @property
    def name(self) -> str: ...

    @property
    def verifiers(self) -> Sequence[Verifier]:
        """The keys that may sign."""
        ...

    def check(self, size: int, signed: Collection[Verifier]) -> None:
        """Raise `NoteError` unless these keys are those that sign ``size`` entries."""
        ...


def open_checkpoint(
    note: str | bytes, log: NoteVerifier | LogTrust, *, origin: str | None = None
) -> Checkpoint:
    """The checkpoint in a signed note. Raises `NoteError` (`CheckpointError` for what is inside).

    ``origin`` is the log that is expected, by default the one named like its key.
    """
    # 1. Every signature of a key of the log verifies, and there is one.
    opened = open_note(note, verifiers_of(log), max_bytes=MAX_CHECKPOINT_BYTES)
    # 2. It is a checkpoint.
    checkpoint = Checkpoint.parse(opened.text)
    # 3. It is a checkpoint of this log.
    check_origin(checkpoint, log.name if origin is None else origin)
    # 4. It bears the signatures that one of its size must.
    check_signed(checkpoint, log, [verifier for verifier, _ in opened.signatures])
    return checkpoint


def verifiers_of(log: NoteVerifier | LogTrust) -> Sequence[Verifier]:
    """The keys to open a checkpoint of ``log`` with."""
    return (log,) if isinstance(log, NoteVerifier) else log.verifiers


def check_signed(
    checkpoint: Checkpoint, log: NoteVerifier | LogTrust, signed: Collection[Verifier]
) -> None:
    """Raise `NoteError` unless, of what ``signed``, the log has signed as it must."""
    if not isinstance(log, NoteVerifier):
        log.check(checkpoint.size, signed)
    elif log not in signed:
        raise NoteError("the log has not signed")


def check_origin(checkpoint: Checkpoint, origin: str) -> None:
    """Raise `CheckpointError` unless the checkpoint is of the log ``origin``."""
    if checkpoint.origin != origin:
        raise CheckpointError(f"of another log: {checkpoint.origin[:80]!r}")
