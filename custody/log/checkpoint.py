"""Checkpoints (C2SP tlog-checkpoint): the log's word on the size of its tree and its root."""

from dataclasses import dataclass
from typing import Self

from custody.log.encoding import decode_base64, encode_base64, parse_decimal
from custody.log.errors import CheckpointError
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


def open_checkpoint(
    note: str | bytes, verifier: NoteVerifier, *, origin: str | None = None
) -> Checkpoint:
    """The checkpoint in a signed note. Raises `NoteError` (`CheckpointError` for what is inside).

    ``origin`` is the log that is expected, by default the one named like its key.
    """
    # 1. The log's key has signed it.
    opened = open_note(note, [verifier], max_bytes=MAX_CHECKPOINT_BYTES)
    # 2. It is a checkpoint.
    checkpoint = Checkpoint.parse(opened.text)
    # 3. It is a checkpoint of this log.
    check_origin(checkpoint, verifier.name if origin is None else origin)
    return checkpoint


def check_origin(checkpoint: Checkpoint, origin: str) -> None:
    """Raise `CheckpointError` unless the checkpoint is of the log ``origin``."""
    if checkpoint.origin != origin:
        raise CheckpointError(f"of another log: {checkpoint.origin[:80]!r}")
