"""Signed notes (C2SP signed-note) with Ed25519 keys, signature type 0x01.

Keys are written as golang.org/x/mod/sumdb/note writes them, so that its tools read ours. Other
types of signature have modules of their own (`custody.log.cosignature`).
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from custody.log.encoding import decode_base64, encode_base64
from custody.log.errors import NoteError
from custody.log.key_types import LineSigner, Verifier

MAX_NOTE_BYTES = 1 << 20
MAX_NAME_CHARACTERS = 255
#: The specification asks for at least 16; a post-quantum signature takes nearly 5 kB.
MAX_SIGNATURES = 64
MAX_SIGNATURE_LINE = 16_384

_ED25519 = b"\x01"
_DASH = "— "
_KEY_HASH = re.compile(r"[0-9a-f]{8}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SECRET = "PRIVATE+KEY+"  # noqa: S105


def check_name(name: str) -> None:
    """Raise `NoteError` unless a key can have this name: no space, plus or control character."""
    if not 0 < len(name) <= MAX_NAME_CHARACTERS:
        raise NoteError("a key name has 1 to 255 characters")
    if "+" in name or _CONTROL.search(name) or any(letter.isspace() for letter in name):
        raise NoteError(f"key name {name[:80]!r}")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise NoteError("a key name that is not Unicode") from error


def key_hash(name: str, key: bytes) -> bytes:
    """The four bytes that stand for a key: SHA-256(name, newline, key), cut.

    ``key`` is the byte of the signature's type with the encoded public key behind it.
    """
    return hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]


def write_vkey(name: str, key: bytes) -> str:
    """``name+hash+base64``, the text in which a verifier is handed on; ``key`` as in `key_hash`."""
    return f"{name}+{key_hash(name, key).hex()}+{encode_base64(key)}"


def read_vkey(text: str) -> tuple[str, bytes]:
    """Name and ``key`` of what `write_vkey` wrote, of whatever type. Raises `NoteError`."""
    name, _, rest = text.partition("+")
    written_hash, _, encoded = rest.partition("+")
    check_name(name)
    key = decode_key(encoded)
    check_key_hash(written_hash, key_hash(name, key))
    return name, key


@dataclass(frozen=True)
class NoteVerifier:
    """A key that is trusted under a name."""

    name: str
    public: Ed25519PublicKey

    def __post_init__(self) -> None:
        check_name(self.name)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a verifier key. Raises `NoteError`."""
        name, key = read_vkey(text)
        return cls(name, Ed25519PublicKey.from_public_bytes(_ed25519_key(key)))

    @property
    def vkey(self) -> str:
        """The text that `parse` reads."""
        return write_vkey(self.name, _ED25519 + self.public.public_bytes_raw())

    @cached_property
    def key_hash(self) -> bytes:
        """The four bytes by which a signature names this key."""
        return key_hash(self.name, _ED25519 + self.public.public_bytes_raw())

    def verify(self, text: str, signature: bytes) -> None:
        """Raise `NoteError` unless ``signature`` is this key's over ``text``."""
        try:
            self.public.verify(signature, text.encode())
        except InvalidSignature as error:
            raise NoteError(f"the signature of {self.name} does not verify") from error


class NoteSigner:
    """A private key under a name. Raises `NoteError` for a name that can't be one."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self.name = name
        self.private = private
        self.verifier = NoteVerifier(name, private.public_key())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `secret_text` wrote. Raises `NoteError`."""
        name, written_hash, key = read_secret(text)
        signer = cls(name, Ed25519PrivateKey.from_private_bytes(_ed25519_key(key)))
        check_key_hash(written_hash, signer.verifier.key_hash)
        return signer

    def secret_text(self) -> str:
        """The private key as text, for a file that nobody else may read."""
        key = _ED25519 + self.private.private_bytes_raw()
        return write_secret(self.name, self.verifier.key_hash, key)

    def sign(self, text: str) -> str:
        """The signature line over ``text``, newline included."""
        return signature_line(self.verifier, self.private.sign(text.encode()))


def generate(name: str) -> NoteSigner:
    """A new key under ``name``. Raises `NoteError` for a name that can't be one."""
    return NoteSigner(name, Ed25519PrivateKey.generate())


def sign_note(text: str, signers: Sequence[LineSigner]) -> str:
    """The note: ``text``, a blank line, one signature line for each signer.

    Raises `NoteError` for a text that does not end in a newline or carries control characters.
    """
    _check_text(text)
    if not signers:
        raise NoteError("nobody signs")
    return text + "\n" + "".join(signer.sign(text) for signer in signers)


def signature_line(verifier: Verifier, signature: bytes) -> str:
    """The line under a note that says ``signature`` is of this key, newline included."""
    return f"{_DASH}{verifier.name} {encode_base64(verifier.key_hash + signature)}\n"


def write_secret(name: str, public_hash: bytes, key: bytes) -> str:
    """A private key as text; ``key`` is the byte of its type with the encoded key behind it."""
    return f"{_SECRET}{name}+{public_hash.hex()}+{encode_base64(key)}"


def read_secret(text: str) -> tuple[str, str, bytes]:
    """Name, written hash of the public key, and ``key`` of what `write_secret` wrote.

    Raises `NoteError`, with no part of the text in it: it is a secret.
    """
    if not text.startswith(_SECRET):
        raise NoteError("not a private key")
    name, _, rest = text.removeprefix(_SECRET).partition("+")
    written_hash, _, encoded = rest.partition("+")
    return name, written_hash, decode_key(encoded)


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A text to be trusted as far as the keys in ``signatures``, in order of signing.

    Each is a verifier that was asked for, with what stood behind its hash.
    """

    text: str
    signatures: tuple[tuple[Verifier, bytes], ...]

    @property
    def verified(self) -> tuple[str, ...]:
        """The names of the keys that signed."""
        return tuple(verifier.name for verifier, _ in self.signatures)


def open_note(
    note: str | bytes, verifiers: Sequence[Verifier], *, max_bytes: int = MAX_NOTE_BYTES
) -> OpenedNote:
    """Take a signed note apart. Raises `NoteError` unless all of the following holds."""
    # 1. Bounded, Unicode, no control character but newlines.
    if len(note) > max_bytes:
        raise NoteError(f"longer than {max_bytes} bytes")
    try:
        whole = note.decode() if isinstance(note, bytes) else note
        if isinstance(note, str) and len(note.encode()) > max_bytes:
            raise NoteError(f"longer than {max_bytes} bytes")
    except UnicodeError as error:
        raise NoteError("not Unicode") from error
    # 2. The last blank line parts the text from the signatures.
    head, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise NoteError("no signatures")
    text = head + "\n"
    _check_text(whole)
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError(f"more than {MAX_SIGNATURES} signatures")
    # 3. Every line has the form of a signature; those of unknown keys are passed over.
    known = _by_name_and_hash(verifiers)
    verified: dict[tuple[str, bytes], tuple[Verifier, bytes]] = {}
    for line in lines:
        name, signature = _parse_signature(line)
        key = (name, signature[:4])
        verifier = known.get(key)
        if verifier is None:
            continue
        # 4. A known key signs once, and what it signed verifies.
        if key in verified:
            raise NoteError(f"{name} signed twice")
        verifier.verify(text, signature[4:])
        verified[key] = verifier, signature[4:]
    # 5. Somebody we know has signed.
    if not verified:
        raise NoteError("no signature of a known key")
    return OpenedNote(text, tuple(verified.values()))


def _by_name_and_hash(verifiers: Sequence[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    """Four bytes can be made to collide: which of two keys a line means must not be left open."""
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        if known.setdefault((verifier.name, verifier.key_hash), verifier) != verifier:
            raise NoteError(f"two keys of {verifier.name} with one short hash")
    return known


def _parse_signature(line: str) -> tuple[str, bytes]:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or len(line) > MAX_SIGNATURE_LINE:
        raise NoteError("not a signature line")
    check_name(name)
    try:
        signature = decode_base64(encoded)
    except ValueError as error:
        raise NoteError("a signature that is not base64") from error
    if len(signature) < 5:
        raise NoteError("a signature without a signature")
    return name, signature


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteError("the text ends in a newline")
    if _CONTROL.search(text):
        raise NoteError("a control character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NoteError("not Unicode") from error


def decode_key(encoded: str) -> bytes:
    """A key out of its base64. Raises `NoteError`, with no part of it."""
    try:
        return decode_base64(encoded)
    except ValueError as error:
        raise NoteError("a key that is not base64") from error


def _ed25519_key(key: bytes) -> bytes:
    if len(key) != 33 or key[:1] != _ED25519:
        raise NoteError("not an Ed25519 key")
    return key[1:]


def check_key_hash(written: str, computed: bytes) -> None:
    """Raise `NoteError` unless the hash ``written`` beside a key is the one it has."""
    if not _KEY_HASH.fullmatch(written) or bytes.fromhex(written) != computed:
        raise NoteError("the key's hash does not fit the key")
