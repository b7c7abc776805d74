"""Single key files: a private key as text, mode 0600, and beside it its verifier key (``*.pub``).

The text is that of golang.org/x/mod/sumdb/note. Of a key that was destroyed only the verifier key
is left, under ``retired/``.
"""

import secrets
import stat
from pathlib import Path

from custody.errors import KeyFileError, KeyMissingError
from custody.log.cosignature import CosignatureVerifier, Cosigner
from custody.log.errors import NoteError
from custody.log.note import NoteSigner, NoteVerifier
from storage.durable import new_file, sync_folder, write_all, write_file
from storage.regular_files import read_small_file

Signer = NoteSigner | Cosigner
Verifier = NoteVerifier | CosignatureVerifier


class PublicHalf(NoteSigner):
    """An Ed25519 key of which only the verifier key is at hand: it verifies, and signs nothing."""

    def __init__(self, verifier: NoteVerifier, path: Path) -> None:
        self.name = verifier.name
        self.verifier = verifier
        self._path = path

    def sign(self, text: str) -> str:
        """Raises `KeyMissingError`."""
        del text
        raise KeyMissingError(str(self._path))

    def secret_text(self) -> str:
        """Raises `KeyMissingError`."""
        raise KeyMissingError(str(self._path))


class PublicCosigner(Cosigner):
    """As `PublicHalf`, of an ML-DSA-44 key."""

    def __init__(self, verifier: CosignatureVerifier, path: Path) -> None:
        self.name = verifier.name
        self.verifier = verifier
        self._path = path

    def cosign(self, text: str, timestamp: int) -> str:
        """Raises `KeyMissingError`."""
        del text, timestamp
        raise KeyMissingError(str(self._path))

    def secret_text(self) -> str:
        """Raises `KeyMissingError`."""
        raise KeyMissingError(str(self._path))


def is_public(key: Signer) -> bool:
    """Whether only the verifier key is at hand."""
    return isinstance(key, PublicHalf | PublicCosigner)


def exists(path: Path) -> bool:
    """Whether something is there; a broken link is found where it is read."""
    return path.exists() or path.is_symlink()


def load_note_key(path: Path, name: str) -> NoteSigner:
    """The Ed25519 key in ``path``; its verifier key is written beside it where it is lost.

    Raises `KeyFileError` for one that can't be read, is open to others, or is not ``name``'s.
    """
    try:
        signer = NoteSigner.parse(_read_secret(path))
    except NoteError as error:
        raise KeyFileError(f"{path}: {error}") from error
    _check(path, signer, name)
    return signer


def load_ml_dsa_key(path: Path, name: str) -> Cosigner:
    """As `load_note_key`, of an ML-DSA-44 key."""
    try:
        signer = Cosigner.parse(_read_secret(path))
    except NoteError as error:
        raise KeyFileError(f"{path}: {error}") from error
    _check(path, signer, name)
    return signer


def load_public_note_key(path: Path, public: Path, name: str) -> NoteSigner:
    """The verifier key in ``public`` of the Ed25519 key that was in ``path``.

    Raises `KeyMissingError`, `KeyFileError`.
    """
    text = _read_public(path, public)
    try:
        verifier = NoteVerifier.parse(text)
    except NoteError as error:
        raise KeyFileError(f"{public}: {error}") from error
    _check_name(public, verifier, name)
    return PublicHalf(verifier, path)


def load_public_ml_dsa_key(path: Path, public: Path, name: str) -> Cosigner:
    """As `load_public_note_key`, of an ML-DSA-44 key."""
    text = _read_public(path, public)
    try:
        verifier = CosignatureVerifier.parse(text)
    except NoteError as error:
        raise KeyFileError(f"{public}: {error}") from error
    _check_name(public, verifier, name)
    return PublicCosigner(verifier, path)


def create(path: Path, secret_text: str) -> None:
    """Write a new private key; of two racing makers one wins."""
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    with new_file(temporary, mode=0o600) as descriptor:
        write_all(descriptor, f"{secret_text}\n".encode())
    try:
        # A link, not a rename: it fails where another maker was first.
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    sync_folder(path.parent)


def public_of(path: Path) -> Path:
    """Where the verifier key of the key in ``path`` stands."""
    return path.with_suffix(".pub")


def _check(path: Path, signer: Signer, name: str) -> None:
    _check_name(path, signer.verifier, name)
    public = public_of(path)
    text = signer.verifier.vkey + "\n"
    if not public.exists():
        write_file(public, text.encode(), mode=0o644)
    elif _read(public) != text:
        raise KeyFileError(f"{public}: not the verifier key of {path.name}")


def _check_name(path: Path, verifier: Verifier, name: str) -> None:
    if verifier.name != name:
        raise KeyFileError(f"{path}: the key of {verifier.name!r}, expected {name!r}")


def _read_public(path: Path, public: Path) -> str:
    if not exists(public):
        raise KeyMissingError(str(path))
    return _read(public).strip()


def _read_secret(path: Path) -> str:
    text = _read(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KeyFileError(f"{path}: mode {mode:04o} lets others read it; chmod 600")
    return text.strip()


def _read(path: Path) -> str:
    try:
        return read_small_file(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: {error}") from error
