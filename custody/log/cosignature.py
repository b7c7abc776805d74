"""Cosignatures (C2SP tlog-cosignature): somebody's word that a checkpoint continues what he saw.

Two types: Ed25519 (0x04) over the checkpoint's text, and ML-DSA-44 (FIPS 204; 0x06) over its size
and root, which names the cosigner too and outlives the quantum computer. A log signs its own
checkpoints with the second beside its Ed25519 signature (tlog-checkpoint).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from custody.log.checkpoint import (
    MAX_CHECKPOINT_BYTES,
    Checkpoint,
    LogTrust,
    check_origin,
    check_signed,
    verifiers_of,
)
from custody.log.errors import NoteError
from custody.log.note import (
    NoteVerifier,
    check_key_hash,
    check_name,
    key_hash,
    open_note,
    read_secret,
    read_vkey,
    signature_line,
    write_secret,
    write_vkey,
)

MAX_TIMESTAMP = 2**63 - 1

_ED25519 = b"\x04"
_ML_DSA_44 = b"\x06"
_LENGTHS = {_ED25519: 32, _ML_DSA_44: 1312}
_SIGNATURE_LENGTHS = {_ED25519: 64, _ML_DSA_44: 2420}
_TIMESTAMP_BYTES = 8
_LABEL = b"subtree/v1\n\0"
_MAX_STRING_BYTES = 255

PublicKey = Ed25519PublicKey | MLDSA44PublicKey
PrivateKey = Ed25519PrivateKey | MLDSA44PrivateKey


@dataclass(frozen=True)
class CosignatureVerifier:
    """A cosigner's key that is trusted under a name. Raises `NoteError` for a name that is none."""

    name: str
    public: PublicKey

    def __post_init__(self) -> None:
        check_name(self.name)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a verifier key of either type. Raises `NoteError`."""
        name, key = read_vkey(text)
        kind, raw = key[:1], key[1:]
        if len(raw) != _LENGTHS.get(kind):
            raise NoteError("not a cosigner's key")
        if kind == _ED25519:
            return cls(name, Ed25519PublicKey.from_public_bytes(raw))
        return cls(name, MLDSA44PublicKey.from_public_bytes(raw))

    @property
    def vkey(self) -> str:
        """The text that `parse` reads."""
        return write_vkey(self.name, self._key)

    @cached_property
    def key_hash(self) -> bytes:
        """The four bytes by which a cosignature names this key and its type."""
        return key_hash(self.name, self._key)

    def verify(self, text: str, signature: bytes) -> None:
        """Raise `NoteError` unless ``signature`` is this key's over the checkpoint ``text``."""
        # 1. It has the length of its type, and its time is in range.
        kind = _kind(self.public)
        if len(signature) != _TIMESTAMP_BYTES + _SIGNATURE_LENGTHS[kind]:
            raise NoteError(f"a cosignature of {self.name} that is none")
        timestamp = timestamp_of(signature)
        # 2. What is signed is a checkpoint, with the time in it.
        message = _message(kind, self.name, timestamp, text)
        # 3. The key has signed it.
        try:
            self.public.verify(signature[_TIMESTAMP_BYTES:], message)
        except InvalidSignature as error:
            raise NoteError(f"the cosignature of {self.name} does not verify") from error

    @property
    def _key(self) -> bytes:
        return _kind(self.public) + self.public.public_bytes_raw()


class Cosigner:
    """A cosigner's private key under a name. Raises `NoteError` for a name that is none."""

    def __init__(self, name: str, private: PrivateKey) -> None:
        self.name = name
        self.private = private
        self.verifier = CosignatureVerifier(name, private.public_key())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `secret_text` wrote. Raises `NoteError`, with no part of the text in it."""
        name, written_hash, key = read_secret(text)
        kind, seed = key[:1], key[1:]
        if kind not in _LENGTHS or len(seed) != 32:
            raise NoteError("not a cosigner's private key")
        private: PrivateKey
        if kind == _ED25519:
            private = Ed25519PrivateKey.from_private_bytes(seed)
        else:
            private = MLDSA44PrivateKey.from_seed_bytes(seed)
        cosigner = cls(name, private)
        check_key_hash(written_hash, cosigner.verifier.key_hash)
        return cosigner

    def secret_text(self) -> str:
        """The private key as text, for a file that nobody else may read; of ML-DSA the seed."""
        key = _kind(self.verifier.public) + self.private.private_bytes_raw()
        return write_secret(self.name, self.verifier.key_hash, key)

    def cosign(self, text: str, timestamp: int) -> str:
        """The signature line over the checkpoint ``text`` at ``timestamp`` (POSIX seconds).

        Whoever calls this has verified that the checkpoint continues everything this key cosigned
        before. Raises `NoteError` for a text or a time that can't be cosigned.
        """
        if not 0 <= timestamp <= MAX_TIMESTAMP:
            raise NoteError("a time out of range")
        message = _message(_kind(self.verifier.public), self.name, timestamp, text)
        signature = timestamp.to_bytes(_TIMESTAMP_BYTES, "big") + self.private.sign(message)
        return signature_line(self.verifier, signature)

    def sign(self, text: str) -> str:
        """The log's own line under its checkpoint ``text``: whose it is, and not when.

        Raises `NoteError`, always where the key is Ed25519: it would have to say when.
        """
        return self.cosign(text, 0)


@dataclass(frozen=True, slots=True)
class Cosignature:
    """That ``verifier`` saw the tree as the log's largest at ``timestamp`` (POSIX seconds).

    A timestamp of 0 (ML-DSA-44 only) says that it is consistent, and not when.
    """

    verifier: CosignatureVerifier
    timestamp: int


def open_cosigned(
    note: str | bytes,
    log: NoteVerifier | LogTrust,
    cosigners: Sequence[CosignatureVerifier],
    *,
    origin: str | None = None,
) -> tuple[Checkpoint, tuple[Cosignature, ...]]:
    """The checkpoint of ``log`` in a signed note, and who of ``cosigners`` cosigned it.

    ``origin`` as in `custody.log.checkpoint.open_checkpoint`. Whether they are enough a policy
    says. Raises `NoteError`, also where a known cosigner's line does not verify.
    """
    # 1. Every signature of a known key verifies.
    own = verifiers_of(log)
    opened = open_note(note, [*own, *cosigners], max_bytes=MAX_CHECKPOINT_BYTES)
    # 2. It is a checkpoint of this log.
    checkpoint = Checkpoint.parse(opened.text)
    check_origin(checkpoint, log.name if origin is None else origin)
    # 3. The log itself is one of them, as it must be: cosigners do not make a checkpoint.
    check_signed(checkpoint, log, [verifier for verifier, _ in opened.signatures])
    return checkpoint, tuple(
        Cosignature(verifier, timestamp_of(signature))
        for verifier, signature in opened.signatures
        if isinstance(verifier, CosignatureVerifier) and verifier not in own
    )


def key_id(verifier: CosignatureVerifier) -> str:
    """What stands for a cosigner's key in rows and file names: hex SHA-256 of its verifier key."""
    return hashlib.sha256(verifier.vkey.encode()).hexdigest()


def timestamp_of(signature: bytes) -> int:
    """The time in a cosignature, POSIX seconds; verified is it elsewhere. Raises `NoteError`."""
    timestamp = int.from_bytes(signature[:_TIMESTAMP_BYTES], "big")
    if timestamp > MAX_TIMESTAMP:
        raise NoteError("a time out of range")
    return timestamp


def _kind(public: PublicKey) -> bytes:
    return _ED25519 if isinstance(public, Ed25519PublicKey) else _ML_DSA_44


def _message(kind: bytes, name: str, timestamp: int, text: str) -> bytes:
    checkpoint = Checkpoint.parse(text)
    if kind == _ED25519:
        if timestamp == 0:
            raise NoteError("a cosignature of this type says when")
        return f"cosignature/v1\ntime {timestamp}\n{text}".encode()
    return b"".join(
        (
            _LABEL,
            _string(name),
            timestamp.to_bytes(8, "big"),
            _string(checkpoint.origin),
            (0).to_bytes(8, "big"),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )


def _string(text: str) -> bytes:
    """As RFC 8446 writes ``opaque<1..2^8-1>``."""
    data = text.encode()
    if not 0 < len(data) <= _MAX_STRING_BYTES:
        raise NoteError(f"a name has 1 to {_MAX_STRING_BYTES} bytes here")
    return len(data).to_bytes(1, "big") + data
