"""What is asked of a signer in a process of its own, and its answers: text, no I/O.

A request is ``POST`` to one of `LAST`, `SIGN`, `ADOPT`. The body of the last two:

```
liuhen-signer/v1
<base64 of each hash of the consistency proof, one a line>

<the checkpoint's text; for ADOPT the signed note>
```

Answers are plain text: 200 with a note (empty where there is none), else one line that says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

from custody.errors import CustodyError, SignerStateError, SigningRefusedError, StoredEntriesError
from custody.log.checkpoint import MAX_CHECKPOINT_BYTES
from custody.log.encoding import decode_base64, encode_base64
from custody.log.merkle import HASH_BYTES
from custody.log.witness import MAX_PROOF_LINES

LAST, SIGN, ADOPT = "/last", "/sign", "/adopt"
TITLE = "liuhen-signer/v1"
MAX_REQUEST_BYTES = MAX_CHECKPOINT_BYTES + 4096
#: A note, or a line that says why there is none.
MAX_ANSWER_BYTES = MAX_CHECKPOINT_BYTES
#: Which refusal each status says; the particular stands before the general.
STATUSES: Mapping[HTTPStatus, type[SigningRefusedError]] = {
    HTTPStatus.UNPROCESSABLE_ENTITY: StoredEntriesError,
    HTTPStatus.LOCKED: SignerStateError,
    HTTPStatus.CONFLICT: SigningRefusedError,
}


class SignerRequestError(CustodyError):
    """This is no request to a signer."""


@dataclass(frozen=True, slots=True)
class SignerRequest:
    """The body of `SIGN` and `ADOPT`. Raises `SignerRequestError` for what can't be sent."""

    proof: tuple[bytes, ...]
    checkpoint: str

    def __post_init__(self) -> None:
        if len(self.proof) > MAX_PROOF_LINES:
            raise SignerRequestError(f"more than {MAX_PROOF_LINES} hashes")
        if any(len(value) != HASH_BYTES for value in self.proof):
            raise SignerRequestError(f"a hash has {HASH_BYTES} bytes")
        if not self.checkpoint:
            raise SignerRequestError("no checkpoint")

    def encode(self) -> bytes:
        """The body."""
        lines = [TITLE, *map(encode_base64, self.proof)]
        return ("\n".join(lines) + "\n\n" + self.checkpoint).encode()

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a body. Raises `SignerRequestError` unless it is what `encode` would write."""
        if len(body) > MAX_REQUEST_BYTES:
            raise SignerRequestError(f"longer than {MAX_REQUEST_BYTES} bytes")
        try:
            head, _, checkpoint = body.decode().partition("\n\n")
            title, *lines = head.split("\n")
            if title != TITLE:
                raise SignerRequestError(f"the first line is not {TITLE}")
            if len(lines) > MAX_PROOF_LINES:
                raise SignerRequestError(f"more than {MAX_PROOF_LINES} hashes")
            proof = tuple(decode_base64(line) for line in lines)
        except ValueError as error:
            raise SignerRequestError("a hash or text that is none") from error
        return cls(proof, checkpoint)


def status_of(refused: SigningRefusedError) -> HTTPStatus:
    """The status that says this refusal."""
    return next(status for status, kind in STATUSES.items() if isinstance(refused, kind))


def detail_of(error: Exception) -> str:
    """What an error says besides its docstring, on one line."""
    return " ".join(str(error.args[0] if error.args else error).split())
