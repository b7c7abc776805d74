"""Proofs to take along (C2SP tlog-proof): index, audit path and signed checkpoint in one text."""

from dataclasses import dataclass
from typing import Self

from custody.log.checkpoint import MAX_CHECKPOINT_BYTES
from custody.log.encoding import decode_base64, encode_base64, parse_decimal
from custody.log.errors import ProofError
from custody.log.merkle import HASH_BYTES, MAX_TREE_SIZE

MAX_PROOF_BYTES = 2 * MAX_CHECKPOINT_BYTES
#: The longest audit path a tree of `MAX_TREE_SIZE` leaves can ask for.
MAX_PROOF_HASHES = 63

_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class LogProof:
    """That entry ``index`` stands in the tree of ``checkpoint`` (a signed note, verbatim).

    ``extra`` is not authenticated by anything. Nothing is verified by making one: that is
    `custody.log.verify.verify_proof`. Raises `ProofError` for what can't be a proof.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.index < MAX_TREE_SIZE:
            raise ProofError("an index out of range")
        if len(self.hashes) > MAX_PROOF_HASHES:
            raise ProofError(f"more than {MAX_PROOF_HASHES} hashes")
        if any(len(value) != HASH_BYTES for value in self.hashes):
            raise ProofError(f"a hash has {HASH_BYTES} bytes")
        if not self.checkpoint or self.checkpoint.startswith("\n"):
            raise ProofError("no checkpoint")

    def encode(self) -> str:
        """The text, for a file ending in ``.tlog-proof``."""
        lines = [_HEADER]
        if self.extra is not None:
            lines.append(f"extra {encode_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += [encode_base64(value) for value in self.hashes]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a proof. Raises `ProofError` unless ``text`` is what `encode` would write."""
        if len(text) > MAX_PROOF_BYTES:
            raise ProofError(f"longer than {MAX_PROOF_BYTES}")
        head, _, checkpoint = text.partition("\n\n")
        header, *lines = head.split("\n")
        if header != _HEADER:
            raise ProofError("not a tlog-proof")
        extra = None
        try:
            if lines and lines[0].startswith("extra "):
                extra = decode_base64(lines.pop(0).removeprefix("extra "))
            if not lines or not lines[0].startswith("index "):
                raise ProofError("no index")
            index = parse_decimal(lines.pop(0).removeprefix("index "))
            if len(lines) > MAX_PROOF_HASHES:
                raise ProofError(f"more than {MAX_PROOF_HASHES} hashes")
            hashes = tuple(decode_base64(line) for line in lines)
        except ValueError as error:
            raise ProofError("a number or hash that is not one") from error
        return cls(index, hashes, checkpoint, extra)
