"""The witness protocol (C2SP tlog-witness): what is asked, and how a witness decides. No I/O.

A log that shows two histories must get both cosigned, and no witness cosigns the second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

from custody.log.checkpoint import MAX_CHECKPOINT_BYTES, Checkpoint, open_checkpoint
from custody.log.cosignature import Cosignature, CosignatureVerifier, timestamp_of
from custody.log.encoding import decode_base64, encode_base64, parse_decimal
from custody.log.errors import CheckpointError, LogError, NoteError, ProofError
from custody.log.merkle import EMPTY_ROOT, HASH_BYTES, MAX_TREE_SIZE, verify_consistency
from custody.log.note import open_note, signature_line
from custody.log.trust import LogVerifier, OneOfEachKind

#: The protocol allows no more.
MAX_PROOF_LINES = 63
MAX_REQUEST_BYTES = MAX_CHECKPOINT_BYTES + 4096
#: Sixteen of the longest lines there are today.
MAX_ANSWER_BYTES = 65_536
#: The media type of a 409 that tells the size a witness knows.
SIZE_TYPE = "text/x.tlog.size"
PATH = "/add-checkpoint"
_SIZE_BYTES = 24


class WitnessRefusedError(LogError):
    """The witness does not cosign this checkpoint."""

    def __init__(self, status: HTTPStatus, detail: str, known_size: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        #: With a 409: the size of the newest checkpoint that was cosigned.
        self.known_size = known_size


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """The body of ``POST …/add-checkpoint``: a signed checkpoint that continues ``old_size``.

    Raises `ProofError` for what can't be sent.
    """

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: str

    def __post_init__(self) -> None:
        if not 0 <= self.old_size <= MAX_TREE_SIZE:
            raise ProofError("a size out of range")
        if len(self.proof) > MAX_PROOF_LINES:
            raise ProofError(f"more than {MAX_PROOF_LINES} hashes")
        if any(len(value) != HASH_BYTES for value in self.proof):
            raise ProofError(f"a hash has {HASH_BYTES} bytes")
        if not self.checkpoint:
            raise ProofError("no checkpoint")

    def encode(self) -> bytes:
        """The body."""
        lines = [f"old {self.old_size}", *map(encode_base64, self.proof)]
        return ("\n".join(lines) + "\n\n" + self.checkpoint).encode()

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a body. Raises `ProofError` unless it is what `encode` would write."""
        if len(body) > MAX_REQUEST_BYTES:
            raise ProofError(f"longer than {MAX_REQUEST_BYTES} bytes")
        try:
            head, _, checkpoint = body.decode().partition("\n\n")
            old, *lines = head.split("\n")
            if not old.startswith("old "):
                raise ProofError("no old size")
            if len(lines) > MAX_PROOF_LINES:
                raise ProofError(f"more than {MAX_PROOF_LINES} hashes")
            size = parse_decimal(old.removeprefix("old "))
            proof = tuple(decode_base64(line) for line in lines)
        except ValueError as error:
            raise ProofError("a number, a hash or text that is none") from error
        return cls(size, proof, checkpoint)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a witness keeps of a log: the newest tree it cosigned."""

    size: int = 0
    root: bytes = EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class CosignatureLine:
    """A verified cosignature with the line that says it, newline included."""

    cosignature: Cosignature
    line: str


def read_answer(
    body: bytes, text: str, verifiers: Sequence[CosignatureVerifier]
) -> tuple[CosignatureLine, ...]:
    """The cosignatures over the checkpoint ``text`` in a witness's answer; of known keys only.

    Raises `NoteError` unless the answer is signature lines, one of them of a key in ``verifiers``,
    and every line of such a key verifies.
    """
    # 1. Bounded, and nothing but lines: a blank one would end the text elsewhere.
    if len(body) > MAX_ANSWER_BYTES:
        raise NoteError(f"longer than {MAX_ANSWER_BYTES} bytes")
    if b"\n\n" in body or body.startswith(b"\n"):
        raise NoteError("not a signature line")
    # 2. Under the checkpoint they are a signed note.
    opened = open_note(text.encode() + b"\n" + body, verifiers)
    return tuple(
        CosignatureLine(
            Cosignature(verifier, timestamp_of(signature)), signature_line(verifier, signature)
        )
        for verifier, signature in opened.signatures
        if isinstance(verifier, CosignatureVerifier)
    )


def read_known_size(body: bytes) -> int:
    """The size in the body of a 409. Raises `ProofError` where it holds none."""
    try:
        if len(body) > _SIZE_BYTES or not body.endswith(b"\n"):
            raise ProofError("no size")
        size = parse_decimal(body[:-1].decode("ascii"))
    except ValueError as error:
        raise ProofError("no size") from error
    if not 0 <= size <= MAX_TREE_SIZE:
        raise ProofError("a size out of range")
    return size


def parse_request(body: bytes) -> tuple[AddCheckpoint, str]:
    """The request and the origin it claims, which nothing vouches for yet.

    Raises `WitnessRefusedError` (400).
    """
    try:
        request = AddCheckpoint.parse(body)
        text, blank, _ = request.checkpoint.rpartition("\n\n")
        if not blank:
            raise NoteError("no signatures")
        return request, Checkpoint.parse(text + "\n").origin
    except LogError as error:
        raise WitnessRefusedError(HTTPStatus.BAD_REQUEST, str(error)) from error


def judge(
    request: AddCheckpoint, origin: str, logs: Mapping[str, Sequence[LogVerifier]], seen: Seen
) -> Checkpoint:
    """The checkpoint to cosign. The caller makes it the next ``seen``, durably, before he answers.

    ``seen`` is what is kept of ``origin``, and nobody may replace it meanwhile; ``logs`` are the
    keys trusted for each origin: of each kind among them one must have signed. Raises
    `WitnessRefusedError`.
    """
    # 1. A log we know (404), signed by one of its keys (403).
    verifiers = logs.get(origin)
    if not verifiers:
        raise WitnessRefusedError(HTTPStatus.NOT_FOUND, f"unknown log {origin[:80]!r}")
    checkpoint = _signed(request.checkpoint, verifiers, origin)
    # 2. It does not shrink (400).
    if request.old_size > checkpoint.size:
        raise WitnessRefusedError(
            HTTPStatus.BAD_REQUEST, f"from {request.old_size} to {checkpoint.size} entries"
        )
    # 3. It goes on from what was cosigned last (409 with the size to go on from).
    if request.old_size != seen.size:
        raise WitnessRefusedError(
            HTTPStatus.CONFLICT, f"{seen.size} entries were cosigned", seen.size
        )
    # 4. A tree of the same size is the same tree (409).
    if checkpoint.size == seen.size and checkpoint.root != seen.root:
        raise WitnessRefusedError(
            HTTPStatus.CONFLICT, f"another tree of {seen.size} entries was cosigned", seen.size
        )
    # 5. A larger one begins with it (422).
    try:
        verify_consistency(seen.size, checkpoint.size, seen.root, checkpoint.root, request.proof)
    except ProofError as error:
        raise WitnessRefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    return checkpoint


def _signed(note: str, verifiers: Sequence[LogVerifier], origin: str) -> Checkpoint:
    try:
        return open_checkpoint(note, OneOfEachKind(tuple(verifiers)), origin=origin)
    except CheckpointError as error:
        raise WitnessRefusedError(HTTPStatus.BAD_REQUEST, str(error)) from error
    except NoteError as error:
        raise WitnessRefusedError(HTTPStatus.FORBIDDEN, str(error)) from error
