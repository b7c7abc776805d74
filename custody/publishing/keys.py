"""The log's two keys: one signs checkpoints, one signs receipts. Made once, kept in files.

Private keys are text in the form of golang.org/x/mod/sumdb/note, mode 0600; beside each stands
its verifier key (``*.pub``), which may be handed to anybody.
"""

import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from custody.errors import KeyFileError, KeyMissingError
from custody.log.errors import NoteError
from custody.log.note import NoteSigner, NoteVerifier, generate
from storage.durable import make_folder, new_file, sync_folder, write_all, write_file
from storage.regular_files import read_small_file


@dataclass(frozen=True, slots=True)
class LogKeys:
    """``log`` is named like the log's origin, ``receipts`` is ``<origin>/receipts``."""

    log: NoteSigner
    receipts: NoteSigner


def load_keys(folder: Path, origin: str) -> LogKeys:
    """The keys in ``folder``.

    Raises `KeyMissingError` for a file that is not there, `KeyFileError` for one that can't be
    read, is open to others, or is of another log.
    """
    log, receipts = _places(folder, origin)
    for path, _ in (log, receipts):
        # A broken link is found where it is read.
        if not path.exists() and not path.is_symlink():
            raise KeyMissingError(str(path))
    return LogKeys(log=_load_named(*log), receipts=_load_named(*receipts))


class PublicHalf(NoteSigner):
    """A key of which only the verifier key is at hand: it verifies, and signs nothing."""

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


def load_public_halves(folder: Path, origin: str) -> LogKeys:
    """The keys in ``folder`` for somebody who only verifies; nothing is written.

    The private keys are not looked at, so that a copy can go without them. Raises `KeyMissingError`
    where a verifier key is not there either, and `KeyFileError`.
    """
    log, receipts = (_load_public(*place) for place in _places(folder, origin))
    return LogKeys(log=log, receipts=receipts)


def load_log_key(folder: Path, origin: str) -> NoteSigner:
    """The key that signs checkpoints, for a process that signs nothing else.

    Raises `KeyMissingError`, `KeyFileError`.
    """
    (path, name), _ = _places(folder, origin)
    if not path.exists() and not path.is_symlink():
        raise KeyMissingError(str(path))
    return _load_named(path, name)


def load_keys_beside_signer(folder: Path, origin: str) -> LogKeys:
    """The keys of a server whose checkpoints another process signs: of the log's the public half.

    The receipts' key stays: what it signs counts under a checkpoint of the log only. Raises
    `KeyMissingError`, `KeyFileError`.
    """
    log, receipts = _places(folder, origin)
    for path in (log[0].with_suffix(".pub"), receipts[0]):
        if not path.exists() and not path.is_symlink():
            raise KeyMissingError(str(path))
    return LogKeys(log=_load_public(*log), receipts=_load_named(*receipts))


def _load_public(path: Path, name: str) -> PublicHalf:
    public = path.with_suffix(".pub")
    if not public.exists() and not public.is_symlink():
        raise KeyMissingError(str(path))
    try:
        verifier = NoteVerifier.parse(_read(public).strip())
    except NoteError as error:
        raise KeyFileError(f"{public}: {error}") from error
    if verifier.name != name:
        raise KeyFileError(f"{public}: the key of {verifier.name!r}, expected {name!r}")
    return PublicHalf(verifier, path)


def load_or_create_keys(folder: Path, origin: str) -> LogKeys:
    """The keys in ``folder``, made if they are not there yet; of two racing makers one wins.

    Only for a log that has no entry: what an earlier key signed, a new one can't vouch for. Raises
    as `load_keys`; `KeyMissingError` only where the verifier key shows that there was a key.
    """
    make_folder(folder, mode=0o700)
    for path, name in _places(folder, origin):
        if not path.exists():
            if path.with_suffix(".pub").exists() and not path.exists():
                raise KeyMissingError(str(path))
            _create(path, name)
    return load_keys(folder, origin)


def _places(folder: Path, origin: str) -> tuple[tuple[Path, str], tuple[Path, str]]:
    """The file and the name of each key."""
    return (folder / "log.key", origin), (folder / "receipts.key", f"{origin}/receipts")


def _load_named(path: Path, name: str) -> NoteSigner:
    signer = _load(path)
    if signer.name != name:
        raise KeyFileError(f"{path}: the key of {signer.name!r}, expected {name!r}")
    public = path.with_suffix(".pub")
    text = signer.verifier.vkey + "\n"
    if not public.exists():
        write_file(public, text.encode(), mode=0o644)
    elif _read(public) != text:
        raise KeyFileError(f"{public}: not the verifier key of {path.name}")
    return signer


def _create(path: Path, name: str) -> None:
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    with new_file(temporary, mode=0o600) as descriptor:
        write_all(descriptor, f"{generate(name).secret_text()}\n".encode())
    try:
        # A link, not a rename: it fails where another maker was first.
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    sync_folder(path.parent)


def _load(path: Path) -> NoteSigner:
    text = _read(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KeyFileError(f"{path}: mode {mode:04o} lets others read it; chmod 600")
    try:
        return NoteSigner.parse(text.strip())
    except NoteError as error:
        raise KeyFileError(f"{path}: {error}") from error


def _read(path: Path) -> str:
    try:
        return read_small_file(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: {error}") from error
