"""A signer in a process of its own, asked by the publisher as if it were here.

What it answers is believed as far as the log's public key goes: a note that this key did not sign,
or of another tree than was asked for, is no answer.
"""

from collections.abc import Callable

from custody.errors import SignerAwayError, SigningRefusedError
from custody.exchange import Answer, ExchangeError, UnixConnection, exchange, exchange_over
from custody.log.checkpoint import Checkpoint, LogTrust, open_checkpoint
from custody.log.errors import LogError
from custody.log.trust import TrustedKeys
from custody.publishing.keys import LogKeys
from custody.publishing.known_keys import KnownKeys
from custody.publishing.signer import Signed
from custody.publishing.signer_protocol import (
    ADOPT,
    LAST,
    MAX_ANSWER_BYTES,
    SIGN,
    STATUSES,
    SignerRequest,
    SignerRequestError,
)

UNIX = "unix:"
#: Seconds for what it only has to look up.
LOOK_UP_S = 10.0
#: Seconds for a signature. It may have a long backlog to read; it goes on when nobody waits any
#: more, and then answers the next try at once.
SIGN_S = 60.0
#: Of a line that says why, so much is told.
MAX_REASON = 500


class RemoteSigner(KnownKeys):
    """The signer at ``address``: ``unix:`` and a path, or an http or https URL.

    ``keys`` gives the public halves. ``optional``: for a copy that is only looked at, where it need
    not answer. Every method raises `SignerAwayError` where it does not answer as one does, and
    `SigningRefusedError` as it does.
    """

    def __init__(
        self,
        address: str,
        keys: Callable[[], LogKeys],
        origin: str,
        *,
        secret: str = "",
        optional: bool = False,
    ) -> None:
        super().__init__(keys, origin)
        self._address = address
        self._headers = {"Content-Type": "text/plain; charset=utf-8"}
        if secret:
            self._headers["Authorization"] = f"Bearer {secret}"
        self._optional = optional
        self._seen: Signed | None = None

    @property
    def is_at_hand(self) -> bool:
        """Whether there is anything to ask; always, but for a copy."""
        if not self._optional:
            return True
        try:
            self.last()
        except SignerAwayError:
            return False
        except SigningRefusedError:
            pass  # it is there, and says what is wrong
        return True

    def last(self) -> Signed | None:
        """What was signed last; None for a new log."""
        note = self._ask(LAST, b"", LOOK_UP_S)
        if not note:
            self._seen = None
            return None
        checkpoint = self._open(note)
        self._seen = Signed(checkpoint.size, checkpoint.root, note)
        return self._seen

    def sign(
        self, checkpoint: Checkpoint, proof: list[bytes], trusted: TrustedKeys | None = None
    ) -> str:
        """The signed note of ``checkpoint``; signing the last one again gives the same note.

        With ``trusted`` it is no answer unless every key has signed that must, and none that ended.
        """
        note = self._ask(SIGN, _body(proof, checkpoint.encode()), SIGN_S)
        if self._open(note, trusted) != checkpoint:
            raise SignerAwayError("it answered with another checkpoint than it was asked for")
        return note

    def adopt(self, note: str, proof: list[bytes]) -> None:
        """Let it remember a later note of its key; not asked where it just showed that very one."""
        if self._seen is not None and self._seen.note == note:
            return
        self._ask(ADOPT, _body(proof, note), SIGN_S)

    def _open(self, note: str, trusted: LogTrust | None = None) -> Checkpoint:
        try:
            return open_checkpoint(note, trusted or self.trusted, origin=self.origin)
        except LogError as error:
            raise SignerAwayError(f"it answered with a note that is not ours: {error}") from error

    def _ask(self, path: str, body: bytes, limit_s: float) -> str:
        try:
            answer = self._exchange(path, body, limit_s)
            text = answer.body.decode()
        except (ExchangeError, UnicodeDecodeError) as error:
            raise SignerAwayError(f"{self._address}: {error}") from error
        if answer.status == 200:
            return text
        reason = " ".join(text.split())[:MAX_REASON]
        for status, refusal in STATUSES.items():
            if answer.status == status:
                raise refusal(reason)
        raise SignerAwayError(f"{self._address}: {answer.status} {reason}")

    def _exchange(self, path: str, body: bytes, limit_s: float) -> Answer:
        if self._address.startswith(UNIX):
            connection = UnixConnection(self._address.removeprefix(UNIX), limit_s)
            return exchange_over(
                connection,
                path,
                body,
                self._headers,
                max_bytes=MAX_ANSWER_BYTES,
                limit_s=limit_s,
            )
        return exchange(
            self._address.rstrip("/") + path,
            body,
            self._headers,
            max_bytes=MAX_ANSWER_BYTES,
            limit_s=limit_s,
        )


def _body(proof: list[bytes], checkpoint: str) -> bytes:
    try:
        return SignerRequest(tuple(proof), checkpoint).encode()
    except SignerRequestError as error:
        raise SigningRefusedError(str(error)) from error
