"""The log's keys in their folder: two sign checkpoints, one signs receipts.

They come in generations. The first lies in ``log.key``, ``log-ml-dsa.key`` and ``receipts.key``,
the second in ``log-2.key`` and so on; each has its verifier key beside it (``*.pub``), which may be
handed to anybody. Once a generation is retired, only its verifier keys are left, under
``retired/``. What a kill leaves between two files is finished by who is making or retiring them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from custody.errors import KeyMissingError
from custody.log.checkpoint import LogTrust
from custody.log.cosignature import Cosigner
from custody.log.key_entries import KeySet
from custody.log.note import NoteSigner, NoteVerifier, generate
from custody.log.trust import AnyOf, OneGeneration, OneOfEachKind, TrustedKeys
from custody.publishing.key_files import (
    create,
    exists,
    is_public,
    load_ml_dsa_key,
    load_note_key,
    load_public_ml_dsa_key,
    load_public_note_key,
    public_of,
)
from storage.durable import make_folder, sync_folder, write_file

#: Of keys that were destroyed, what is left.
RETIRED_FOLDER = "retired"


@dataclass(frozen=True, slots=True)
class KeyPlaces:
    """The files of one generation, and the names of its keys."""

    log: Path
    ml_dsa: Path
    receipts: Path
    origin: str

    @property
    def receipts_name(self) -> str:
        return f"{self.origin}/receipts"

    @property
    def files(self) -> tuple[Path, Path, Path]:
        return self.log, self.ml_dsa, self.receipts

    def kept(self, path: Path) -> Path:
        """Where the verifier key of ``path`` stays once its generation is retired."""
        return path.parent / RETIRED_FOLDER / public_of(path).name


@dataclass(frozen=True, slots=True)
class KeyGeneration:
    """Keys that were made together. ``log`` and ``ml_dsa`` are named like the log's origin,
    ``receipts`` is ``<origin>/receipts``.

    ``ml_dsa`` is None only where a home of before there was one is looked at, not written.
    ``is_retired``: of the keys nothing is left but what verifies.
    """

    log: NoteSigner
    ml_dsa: Cosigner | None
    receipts: NoteSigner
    is_retired: bool = False

    @property
    def signers(self) -> tuple[NoteSigner | Cosigner, ...]:
        """Those that sign checkpoints, in the order of their lines."""
        return (self.log,) if self.ml_dsa is None else (self.log, self.ml_dsa)

    @property
    def key_set(self) -> KeySet:
        """The verifier keys. Raises `KeyMissingError` without the second."""
        if self.ml_dsa is None:
            raise KeyMissingError("log-ml-dsa.key")
        return KeySet(self.log.verifier, self.ml_dsa.verifier, self.receipts.verifier)


@dataclass(frozen=True, slots=True)
class LogKeys:
    """All generations, the oldest first; those that are retired verify, and sign nothing."""

    generations: tuple[KeyGeneration, ...]

    @property
    def first(self) -> KeyGeneration:
        return self.generations[0]

    @property
    def newest(self) -> KeyGeneration:
        return self.generations[-1]

    @property
    def log(self) -> NoteSigner:
        return self.newest.log

    @property
    def ml_dsa(self) -> Cosigner | None:
        return self.newest.ml_dsa

    @property
    def receipts(self) -> NoteSigner:
        return self.newest.receipts

    @property
    def signers(self) -> Sequence[NoteSigner | Cosigner]:
        """Every key that is at hand to sign checkpoints, the oldest first."""
        keys = [key for one in self.generations for key in one.signers]
        return [key for key in keys if not is_public(key)]

    def of(self, log: NoteVerifier) -> KeyGeneration | None:
        """The generation with this Ed25519 key."""
        return next((one for one in self.generations if one.log.verifier == log), None)

    @property
    def any(self) -> LogTrust:
        """Trusts what any key of ours has signed, for who asks only whether it is ours at all."""
        return AnyOf(tuple(key.verifier for one in self.generations for key in one.signers))

    @property
    def standing(self) -> LogTrust:
        """Trusts what a key of each kind has signed that is not retired."""
        keys = [one for one in self.generations if not one.is_retired]
        return OneOfEachKind(tuple(key.verifier for one in keys for key in one.signers))

    def beside(self, known: TrustedKeys) -> LogTrust:
        """Trusts what the ``known`` keys vouch for, and what a whole generation of ours signed."""
        generations = (tuple(key.verifier for key in one.signers) for one in self.generations)
        return OneGeneration(tuple(generations), known)


def load_keys(folder: Path, origin: str) -> LogKeys:
    """The keys in ``folder``.

    Raises `KeyMissingError` for a file that is not there, `KeyFileError` for one that can't be
    read, is open to others, or is of another log.
    """
    return _load_all(folder, origin, _load)


def load_public_halves(folder: Path, origin: str) -> LogKeys:
    """The keys in ``folder`` for somebody who only verifies; nothing is written.

    The private keys are not looked at, so that a copy can go without them. Raises `KeyMissingError`
    where a verifier key is not there either, and `KeyFileError`.
    """
    return _load_all(folder, origin, _load_public)


def load_signing_keys(folder: Path, origin: str) -> LogKeys:
    """The keys that sign checkpoints, for a process that signs nothing else.

    Of the receipts' key the public half is enough. Raises as `load_keys`.
    """
    return _load_all(folder, origin, _load_signing)


def load_keys_beside_signer(folder: Path, origin: str) -> LogKeys:
    """The keys of a server whose checkpoints another process signs: of the log's the public halves.

    The receipts' key stays: what it signs counts under a checkpoint of the log only. Raises as
    `load_keys`.
    """
    return _load_all(folder, origin, _load_beside_signer)


def load_or_create_keys(folder: Path, origin: str) -> LogKeys:
    """The keys in ``folder``, made if they are not there yet; of two racing makers one wins.

    Only for a log that has no entry: what an earlier key signed, a new one can't vouch for. Raises
    as `load_keys`; `KeyMissingError` only where the verifier key shows that there was a key.
    """
    make_folder(folder, mode=0o700)
    if not _is_retired(_places(folder, origin, 1)):
        create_generation(folder, origin, 1)
    return load_keys(folder, origin)


def create_generation(folder: Path, origin: str, number: int) -> None:
    """Make the keys of a generation that are not there yet; it counts once all of them are.

    Raises `KeyMissingError` where a verifier key shows that there was a key.
    """
    places = _places(folder, origin, number)
    for path in places.files:
        if not path.exists():
            if public_of(path).exists() and not path.exists():
                raise KeyMissingError(str(path))
            create(path, _new_secret(places, path))


def destroy_generation(folder: Path, origin: str, number: int) -> None:
    """Keep the verifier keys under ``retired/`` and remove the private ones; idempotent.

    A kill leaves some of the former, and all keys stand; or all of them, and the generation is
    retired whatever else lies there still.
    """
    places = _places(folder, origin, number)
    make_folder(folder / RETIRED_FOLDER, mode=0o700)
    for path in places.files:
        if not places.kept(path).exists():
            write_file(places.kept(path), public_of(path).read_bytes(), mode=0o644)
    for path in (*places.files, *map(public_of, places.files)):
        path.unlink(missing_ok=True)
    sync_folder(folder)


def is_destroyed(folder: Path, origin: str, number: int) -> bool:
    """Whether nothing is left of a generation but its verifier keys under ``retired/``."""
    places = _places(folder, origin, number)
    return _is_retired(places) and not any(exists(path) for path in places.files)


def lacks_second_key(folder: Path, origin: str) -> bool:
    """Whether this is a folder of before checkpoints were signed with ML-DSA-44 too."""
    places = _places(folder, origin, 1)
    lacking = not exists(places.ml_dsa) and not exists(public_of(places.ml_dsa))
    return lacking and exists(places.log) and exists(places.receipts)


def create_second_key(folder: Path, origin: str) -> None:
    """Make the ML-DSA-44 key that `lacks_second_key` misses. Only where none was ever announced."""
    places = _places(folder, origin, 1)
    create(places.ml_dsa, _new_secret(places, places.ml_dsa))


def _places(folder: Path, origin: str, number: int) -> KeyPlaces:
    tail = "" if number == 1 else f"-{number}"
    names = ("log", "log-ml-dsa", "receipts")
    log, ml_dsa, receipts = (folder / f"{name}{tail}.key" for name in names)
    return KeyPlaces(log, ml_dsa, receipts, origin)


def _load_all(folder: Path, origin: str, load: Callable[[KeyPlaces], KeyGeneration]) -> LogKeys:
    generations = []
    for number in count(1):
        places = _places(folder, origin, number)
        if _is_retired(places):
            generations.append(_load_retired(places))
        elif number == 1 or _is_whole(places):
            generations.append(load(places))
        else:
            return LogKeys(tuple(generations))
    raise AssertionError


def _is_retired(places: KeyPlaces) -> bool:
    return all(exists(places.kept(path)) for path in places.files)


def _is_whole(places: KeyPlaces) -> bool:
    """Whether a later generation was made: all of its keys are there, or were.

    Where one is missing whose verifier key stands, loading it says so.
    """
    return all(exists(path) or exists(public_of(path)) for path in places.files)


def _new_secret(places: KeyPlaces, path: Path) -> str:
    if path == places.ml_dsa:
        return Cosigner(places.origin, MLDSA44PrivateKey.generate()).secret_text()
    return generate(places.origin if path == places.log else places.receipts_name).secret_text()


def _load(places: KeyPlaces) -> KeyGeneration:
    for path in places.files:
        if not exists(path):
            raise KeyMissingError(str(path))
    return KeyGeneration(
        load_note_key(places.log, places.origin),
        load_ml_dsa_key(places.ml_dsa, places.origin),
        load_note_key(places.receipts, places.receipts_name),
    )


def _load_signing(places: KeyPlaces) -> KeyGeneration:
    for path in (places.log, places.ml_dsa):
        if not exists(path):
            raise KeyMissingError(str(path))
    receipts = places.receipts
    return KeyGeneration(
        load_note_key(places.log, places.origin),
        load_ml_dsa_key(places.ml_dsa, places.origin),
        load_public_note_key(receipts, public_of(receipts), places.receipts_name),
    )


def _load_beside_signer(places: KeyPlaces) -> KeyGeneration:
    for path in (places.log, places.ml_dsa):
        if not exists(public_of(path)):
            raise KeyMissingError(str(public_of(path)))
    public = _load_public(places)
    if not exists(places.receipts):
        raise KeyMissingError(str(places.receipts))
    receipts = load_note_key(places.receipts, places.receipts_name)
    return KeyGeneration(public.log, public.ml_dsa, receipts)


def _load_public(places: KeyPlaces) -> KeyGeneration:
    log, ml_dsa, receipts = places.files
    return KeyGeneration(
        load_public_note_key(log, public_of(log), places.origin),
        load_public_ml_dsa_key(ml_dsa, public_of(ml_dsa), places.origin)
        if exists(public_of(ml_dsa))
        else None,
        load_public_note_key(receipts, public_of(receipts), places.receipts_name),
    )


def _load_retired(places: KeyPlaces) -> KeyGeneration:
    log, ml_dsa, receipts = places.files
    return KeyGeneration(
        load_public_note_key(log, places.kept(log), places.origin),
        load_public_ml_dsa_key(ml_dsa, places.kept(ml_dsa), places.origin),
        load_public_note_key(receipts, places.kept(receipts), places.receipts_name),
        is_retired=True,
    )
