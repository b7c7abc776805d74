"""RFC 3161: what is asked of a time-stamping authority, and whether its answer holds.

No network and no rows here. What is stamped are the bytes of a checkpoint as it was published: the
signed note with the log's own signature, the very file ``log/checkpoints/<size>``. The token then
says when the log had given its word, not merely when somebody knew a root, and whoever has the
file needs no rule to get at what was hashed: ``openssl ts -verify -data`` takes it as it is.

An answer (``TimeStampResp``, DER) is kept as it came; the token and the certificates are in it.
Signature and chain are judged by `rfc3161_client`, on OpenSSL's own code; the rest is asked here.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.errors import VerificationError

from custody.errors import CustodyError
from custody.timestamps.der import with_sorted_certificates

#: More than an answer with its chain ever has; what is longer is not read to its end.
MAX_ANSWER_BYTES = 256 * 1024
#: So far an authority's time may be from ours; one of the two clocks is wrong beyond that.
CLOCK_TOLERANCE = timedelta(minutes=5)

_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_GRANTED = 0
#: How OpenSSL says that the signature may be good, but not the certificates.
_CHAIN_REASON = "certificate verify error"


class TokenError(CustodyError):
    """The answer of a time-stamping authority does not hold."""


class TokenUnreadableError(TokenError):
    """This is no answer as RFC 3161 has it."""


class TokenRefusedError(TokenError):
    """The authority answered that it gives no token."""


class TokenAlteredError(TokenError):
    """The token is not what the authority signed."""


class TokenChainError(TokenError):
    """The token's certificates do not lead to a pinned root, or did not hold at its time."""


class TokenDigestError(TokenError):
    """The token is of other bytes than this checkpoint."""


class TokenNonceError(TokenError):
    """The answer belongs to another request than ours."""


class TokenTimeError(TokenError):
    """The authority's time is far from ours; one of the two clocks is wrong."""


@dataclass(frozen=True, slots=True)
class TimestampRequest:
    """What is sent, and the random number that the answer must repeat."""

    data: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class Token:
    """An answer that can be read; whether it holds only `check_token` says.

    ``digest`` is what was stamped, by the OID ``algorithm``; ``gen_time`` is the authority's word.
    """

    answer: TimeStampResponse
    algorithm: x509.ObjectIdentifier
    digest: bytes
    gen_time: datetime
    nonce: int | None

    @property
    def stamped_at(self) -> datetime:
        """``gen_time`` in the precision of the log, which is milliseconds."""
        return self.gen_time.replace(microsecond=self.gen_time.microsecond // 1000 * 1000)


def new_request(note: bytes) -> TimestampRequest:
    """A request to stamp the SHA-256 of ``note``, with a new nonce, for a token with its chain."""
    request = (
        TimestampRequestBuilder()
        .data(note)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    if request.nonce is None:
        raise TokenUnreadableError("a request without a nonce")
    return TimestampRequest(request.as_bytes(), request.nonce)


def read_token(raw: bytes) -> Token:
    """The token in an answer. Raises `TokenUnreadableError`, `TokenRefusedError`."""
    if len(raw) > MAX_ANSWER_BYTES:
        raise TokenUnreadableError(f"more than {MAX_ANSWER_BYTES} bytes")
    try:
        answer = decode_timestamp_response(with_sorted_certificates(raw))
        if answer.status == _GRANTED:
            info = answer.tst_info
            imprint = info.message_imprint
            return Token(answer, imprint.hash_algorithm, imprint.message, info.gen_time, info.nonce)
        status = f"status {answer.status}"
    except Exception as error:
        # Whatever other people's parsers make of hostile bytes: they have no common root.
        raise TokenUnreadableError(str(error)) from error
    raise TokenRefusedError(status)


def check_token(token: Token, note: bytes, roots: Sequence[x509.Certificate]) -> None:
    """Raise unless an authority under ``roots`` has stamped ``note``.

    Certificates must have held at the token's own time, not today: so a token stays good when they
    run out. Whether one was revoked is not asked. Raises `TokenAlteredError`, `TokenChainError`,
    `TokenDigestError`.
    """
    digest = hashlib.sha256(note).digest()
    # 1. It is signed, by one certificate for time-stamping alone, which a pinned root vouches for.
    #    Before anything else is believed: an altered token may say anything.
    try:
        verifier = VerifierBuilder(roots=list(roots)).build()
        verifier.verify(token.answer, token.digest)
    except Exception as error:
        # As above; what is no `VerificationError` comes from a certificate that can't be read.
        text = str(error)
        wrong_signature = text.startswith("Error while") and _CHAIN_REASON not in text
        if not isinstance(error, VerificationError) or wrong_signature:
            raise TokenAlteredError(_short(text)) from error
        raise TokenChainError(_short(text)) from error
    # 2. It is a SHA-256: the library compares bytes, by whatever algorithm they claim to be.
    if token.algorithm != _SHA256:
        raise TokenDigestError(f"algorithm {token.algorithm.dotted_string}")
    # 3. Of these very bytes.
    if token.digest != digest:
        raise TokenDigestError(f"expected {digest.hex()}, found {token.digest.hex()}")


def check_fresh(token: Token, request: TimestampRequest, now: datetime) -> None:
    """Raise unless the token was made for ``request`` about ``now``, beyond `check_token`.

    Raises `TokenNonceError`, `TokenTimeError`.
    """
    if token.nonce != request.nonce:
        raise TokenNonceError
    if abs(token.gen_time - now) > CLOCK_TOLERANCE:
        raise TokenTimeError(f"{token.gen_time:%Y-%m-%dT%H:%M:%SZ}, {now:%Y-%m-%dT%H:%M:%SZ}")


def _short(text: str) -> str:
    """What OpenSSL says in the end, out of the trace the library puts around it."""
    _, found, rest = text.rpartition('data: "')
    return rest.partition('"')[0] if found else text.partition(": ErrorStack")[0]
