"""Who this station is, and whom it trusts: its own key, and the archive's keys pinned at enrolment.

The private key is made here and never leaves the home folder (`station.key`, mode 0600). What the
archive said of itself at enrolment stands in `enrolment.json`. When the archive changes its keys
the station follows (`station_agent.log_keys`); only keys that no trusted one has announced need a
new token from the administrator.

Every enrolment makes a key of its own: it lies in `station.key.new` until the archive has answered
and `enrolment.json` names it, which is the commit point; `station_agent.renewal` does the rest, now
or after a crash. What stood there before is kept beside, never overwritten.
"""

import hashlib
import json
import os
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custody.log import forms
from custody.log.canonical import Json
from custody.log.errors import LogError, NoteError
from custody.log.note import NoteSigner, NoteVerifier
from custody.log.plain_json import read_json_object
from custody.log.trust import MAX_KEYS, MAX_VKEY, TrustedKeys
from station_agent.durable import free_name, write_file
from station_agent.errors import NotEnrolledError, RefusedError, StationKeyError
from station_agent.regular_files import read_small_file
from station_agent.wire import station_key_name

KEY_FILE = "station.key"
NEW_KEY_FILE = "station.key.new"
ENROLMENT_FILE = "enrolment.json"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the archive answered: our id, its log's origin, and its verifier keys.

    ``log_keys`` are all that sign its log, each with the sizes of the checkpoints that it signs
    (`custody.log.trust`), ``receipt_keys`` those that sign its receipts; empty of an archive that
    names only one of each. ``key_name`` names the key of ours that it knows, ``token_sha256`` the
    token it took for that.
    """

    server: str
    name: str
    station_id: str
    origin: str
    log_key: str
    receipt_key: str
    key_name: str = ""
    token_sha256: str = ""
    log_keys: list[Json] = field(default_factory=list)
    receipt_keys: list[Json] = field(default_factory=list)

    @property
    def log_verifier(self) -> NoteVerifier:
        return NoteVerifier.parse(self.log_key)

    @property
    def log_trust(self) -> TrustedKeys:
        if not self.log_keys:
            return TrustedKeys.all_of([self.log_verifier])
        return TrustedKeys.from_json(self.log_keys)

    @property
    def receipt_verifier(self) -> NoteVerifier:
        return NoteVerifier.parse(self.receipt_key)

    @property
    def receipt_verifiers(self) -> tuple[NoteVerifier, ...]:
        """Raises `LogError`, as the other properties do."""
        texts = forms.list_of(self.receipt_keys, MAX_KEYS) or [self.receipt_key]
        return tuple(NoteVerifier.parse(forms.text_of(one, MAX_VKEY)) for one in texts)


class Enroller(Protocol):
    """The one call that enrolment needs of the transport."""

    def enrol(self, token: str, name: str, verifier_key: str) -> dict[str, Any]: ...


def load_key(home: Path, name: str = KEY_FILE) -> NoteSigner:
    """The station's key. Raises `StationKeyError`, also where others could read it."""
    path = home / name
    try:
        if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise StationKeyError(f"{path}: readable by others, expected mode 0600")
        return NoteSigner.parse(read_small_file(path).decode("ascii").strip())
    except (OSError, UnicodeDecodeError, LogError) as error:
        raise StationKeyError(f"{path}: {error}") from error


def load_or_create_key(home: Path, name: str = KEY_FILE) -> NoteSigner:
    """The key under ``name``, made on the first call; durable before it is used for anything."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (home / name).exists():
        return load_key(home, name)
    private = Ed25519PrivateKey.generate()
    signer = NoteSigner(station_key_name(private.public_key()), private)
    write_file(home / name, signer.secret_text().encode() + b"\n")
    return signer


def enrol(home: Path, server: str, name: str, token: str, enroller: Enroller) -> Enrolment:
    """Enrol with a one-time token and pin what the archive answers, for a key made for it.

    The key is durable before the token is spent, so that a crash in between can be repeated with
    the same key. Call `station_agent.renewal.finish` afterwards. Raises what the transport raises,
    and `StationKeyError` for an answer without usable keys.
    """
    signer, answer = _introduce(home, name, token, enroller)
    try:
        enrolment = Enrolment(
            server=server,
            name=name,
            station_id=answer["station_id"],
            origin=answer["origin"],
            log_key=answer["log_key"],
            receipt_key=answer["receipt_key"],
            key_name=signer.name,
            token_sha256=token_digest(token),
            log_keys=answer.get("log_keys", []),
            receipt_keys=answer.get("receipt_keys", []),
        )
        _check(enrolment)
    except (KeyError, TypeError, LogError) as error:
        raise StationKeyError(f"the archive's answer can't be used: {error!r}") from error
    path = home / ENROLMENT_FILE
    if path.exists():
        write_file(free_name(path, "before"), read_small_file(path))
    write_file(path, json.dumps(asdict(enrolment), ensure_ascii=False, indent=1).encode())
    return enrolment


def _introduce(
    home: Path, name: str, token: str, enroller: Enroller
) -> tuple[NoteSigner, dict[str, Any]]:
    """Our new key, and what the archive answers it."""
    signer = load_or_create_key(home, NEW_KEY_FILE)
    try:
        return signer, enroller.enrol(token, name, signer.verifier.vkey)
    except RefusedError as error:
        if error.status != 409:
            raise
    # It may know this key from a try with another token, whose answer was lost: a newer one then.
    (home / NEW_KEY_FILE).rename(free_name(home / KEY_FILE, "before"))
    signer = load_or_create_key(home, NEW_KEY_FILE)
    return signer, enroller.enrol(token, name, signer.verifier.vkey)


def token_digest(token: str) -> str:
    """What is kept of a token that was spent."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def load_enrolment(home: Path) -> Enrolment:
    """What was pinned. Raises `NotEnrolledError`, or `StationKeyError` if it can't be read."""
    path = home / ENROLMENT_FILE
    try:
        enrolment = Enrolment(**read_json_object(read_small_file(path)))
        _check(enrolment)
    except FileNotFoundError as error:
        raise NotEnrolledError from error
    except (OSError, ValueError, TypeError, LogError) as error:
        raise StationKeyError(f"{path}: {error}") from error
    return enrolment


def _check(enrolment: Enrolment) -> None:
    """Raise `LogError` or `TypeError` unless the pinned keys are keys."""
    if enrolment.log_verifier not in enrolment.log_trust.verifiers:
        raise NoteError("the log's key is not among its keys")
    if enrolment.receipt_verifier not in enrolment.receipt_verifiers:
        raise NoteError("the receipts' key is not among their keys")
