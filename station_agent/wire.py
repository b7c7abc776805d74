"""What a station and the archive say to each other, byte for byte: the contract both sides share.

Manifests and receipts are signed notes over a title line and one line of canonical JSON
(docs/formats/receipts.md). Whoever opens one gets all of it verified or a `LogError`.
"""

import hashlib
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from custody.log import forms
from custody.log.canonical import (
    Json,
    canonical_json,
    format_time,
    parse_canonical,
    to_milliseconds,
)
from custody.log.checkpoint import open_checkpoint
from custody.log.encoding import encode_base64
from custody.log.entry import MAX_ENTRY_BYTES, SALT_BYTES
from custody.log.errors import LogError
from custody.log.merkle import HASH_BYTES
from custody.log.note import NoteSigner, NoteVerifier, open_note, sign_note
from custody.log.proof import MAX_PROOF_HASHES
from custody.log.verify import verify_commitment, verify_entry_in_tree

MAX_MANIFEST_BYTES = 32 << 20
MAX_MANIFEST_FILES = 100_000
MAX_PATH_BYTES = 4096
MAX_RECEIPT_BYTES = 1 << 20

_MANIFEST_TITLE = "liuhen manifest v1\n"
_RECEIPT_TITLE = "liuhen receipt v1\n"
_CHALLENGE_TITLE = b"liuhen station session v1\n"
_MANIFEST_KEYS = frozenset(
    ("session_id", "station", "source", "opened_at", "free_bytes", "previous_sha256", "files")
)
_FILE_KEYS = frozenset({"path_b64", "size_bytes", "modified_at", "skipped"})
_RECEIPT_KEYS = frozenset(
    ("clip_id", "sha256", "sm3", "size_bytes", "origin", "index", "entry", "salt", "details")
    + ("checkpoint", "proof", "issued_at")
)
_NONCE = re.compile(r"[\x21-\x7e]{16,256}")


class WireError(LogError):
    """This is not what a station and the archive say to each other."""


class ManifestFormError(WireError):
    """This is not a manifest."""


class ReceiptError(WireError):
    """This is not a receipt, or not for this file."""


def station_key_name(public_key: Ed25519PublicKey) -> str:
    """What a station's key signs under: ``liuhen-station/`` and 16 hex digits of its SHA-256."""
    return f"liuhen-station/{hashlib.sha256(public_key.public_bytes_raw()).hexdigest()[:16]}"


def challenge_message(nonce: str) -> bytes:
    """What a station signs to open a session. Raises `WireError` unless the nonce is one."""
    if not _NONCE.fullmatch(nonce):
        raise WireError("a nonce has 16 to 256 visible ASCII characters")
    return _CHALLENGE_TITLE + nonce.encode()


# --- manifests -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file a station saw when a recorder was docked.

    ``path_b64`` holds the raw bytes of the path, relative to the source, parts parted by ``/``;
    they travel in base64 because names need not be text. ``modified_at`` is what the file system
    said, in UTC to the millisecond. ``skipped`` says why a file will not be sent, None if it will.
    """

    path_b64: bytes
    size_bytes: int
    modified_at: datetime
    skipped: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "modified_at", to_milliseconds(self.modified_at))


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that was on a source when the dock session was opened.

    ``station`` is the name of the key that signs; ``previous_sha256`` the hex SHA-256 of the signed
    manifest that came before it from the same source, so that a missing one shows.
    """

    session_id: str
    station: str
    source: str
    opened_at: datetime
    free_bytes: int | None
    previous_sha256: str | None
    files: tuple[ManifestFile, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "opened_at", to_milliseconds(self.opened_at))


def sign_manifest(manifest: Manifest, signer: NoteSigner) -> str:
    """The signed manifest, its files in order of path. Raises `LogError` if it breaks its form."""
    body = _title_and_json(
        _MANIFEST_TITLE,
        {
            "session_id": manifest.session_id,
            "station": manifest.station,
            "source": manifest.source,
            "opened_at": format_time(manifest.opened_at),
            "free_bytes": manifest.free_bytes,
            "previous_sha256": manifest.previous_sha256,
            "files": [
                {
                    "path_b64": encode_base64(file.path_b64),
                    "size_bytes": file.size_bytes,
                    "modified_at": format_time(file.modified_at),
                    "skipped": file.skipped,
                }
                for file in sorted(manifest.files, key=lambda file: file.path_b64)
            ],
        },
    )
    _check_station(_read_manifest(body), signer.name)
    return _bounded(sign_note(body, [signer]), MAX_MANIFEST_BYTES)


def open_manifest(note: str | bytes, verifier: NoteVerifier) -> Manifest:
    """The manifest of the station that ``verifier`` stands for. Raises `LogError`."""
    # 1. The station's key has signed it.
    opened = open_note(note, [verifier], max_bytes=MAX_MANIFEST_BYTES)
    # 2. It is a manifest, in the one form there is.
    manifest = _read_manifest(opened.text)
    # 3. It is this station's own.
    _check_station(manifest, verifier.name)
    return manifest


def _check_station(manifest: Manifest, key_name: str) -> None:
    if manifest.station != key_name:
        raise ManifestFormError(f"of {manifest.station[:80]!r}, signed by {key_name}")


def _read_manifest(text: str) -> Manifest:
    # 1. Title, canonical JSON, exactly these keys.
    value = forms.fields_of(_untitled(_MANIFEST_TITLE, text), _MANIFEST_KEYS)
    # 2. A bounded list of files.
    files = tuple(_read_file(item) for item in forms.list_of(value["files"], MAX_MANIFEST_FILES))
    # 3. In order of path, and so none of them twice.
    for file, following in itertools.pairwise(files):
        if file.path_b64 >= following.path_b64:
            raise ManifestFormError("files out of order, or one of them twice")
    free_bytes, previous = value["free_bytes"], value["previous_sha256"]
    return Manifest(
        session_id=forms.text_of(value["session_id"], 64),
        station=forms.text_of(value["station"], 255),
        source=forms.text_of(value["source"], MAX_PATH_BYTES),
        opened_at=forms.time_of(value["opened_at"]),
        free_bytes=None if free_bytes is None else forms.count_of(free_bytes),
        previous_sha256=None if previous is None else forms.digest_of(previous),
        files=files,
    )


def _read_file(item: Json) -> ManifestFile:
    value = forms.fields_of(item, _FILE_KEYS)
    path = forms.bytes_of(value["path_b64"], MAX_PATH_BYTES)
    if b"\x00" in path or any(part in {b"", b".", b".."} for part in path.split(b"/")):
        raise ManifestFormError(f"not a path inside the source: {path[:80]!r}")
    skipped = value["skipped"]
    return ManifestFile(
        path_b64=path,
        size_bytes=forms.count_of(value["size_bytes"]),
        modified_at=forms.time_of(value["modified_at"]),
        skipped=None if skipped is None else forms.text_of(skipped, 1024),
    )


# --- receipts ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Receipt:
    """The archive's word that a clip is admitted and in the log.

    ``entry`` is the bytes of the clip's ``clip.admitted`` entry at ``index`` of log ``origin``,
    ``details`` and ``salt`` what that entry is committed to, ``checkpoint`` a signed checkpoint
    and ``proof`` the audit path into its tree.
    """

    clip_id: str
    sha256: str
    sm3: str
    size_bytes: int
    origin: str
    index: int
    entry: bytes
    salt: bytes
    details: dict[str, Json]
    checkpoint: str
    proof: list[bytes]
    issued_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "issued_at", to_milliseconds(self.issued_at))


def sign_receipt(receipt: Receipt, signer: NoteSigner) -> str:
    """The signed receipt. Raises `LogError` if it breaks its form."""
    body = _title_and_json(
        _RECEIPT_TITLE,
        {
            "clip_id": receipt.clip_id,
            "sha256": receipt.sha256,
            "sm3": receipt.sm3,
            "size_bytes": receipt.size_bytes,
            "origin": receipt.origin,
            "index": receipt.index,
            "entry": encode_base64(receipt.entry),
            "salt": encode_base64(receipt.salt),
            "details": receipt.details,
            "checkpoint": receipt.checkpoint,
            "proof": [encode_base64(value) for value in receipt.proof],
            "issued_at": format_time(receipt.issued_at),
        },
    )
    _read_receipt(body)
    return _bounded(sign_note(body, [signer]), MAX_RECEIPT_BYTES)


def open_receipt(
    note: str | bytes, receipt_verifier: NoteVerifier, log_verifier: NoteVerifier
) -> Receipt:
    """The receipt, if every word of it holds. Raises `LogError`.

    Whether it is for a certain file is asked by `check_receipt_for`.
    """
    # 1. The archive's receipt key has signed it.
    opened = open_note(note, [receipt_verifier], max_bytes=MAX_RECEIPT_BYTES)
    # 2. It is a receipt, in the one form there is.
    receipt = _read_receipt(opened.text)
    # 3. The log's key has signed the checkpoint, and it is of the log the receipt names.
    checkpoint = open_checkpoint(receipt.checkpoint, log_verifier)
    if checkpoint.origin != receipt.origin:
        raise ReceiptError(f"of log {receipt.origin[:80]!r}, checkpoint of {checkpoint.origin}")
    # 4. The bytes of the entry are canonical and stand in the tree of that checkpoint.
    entry = verify_entry_in_tree(receipt.entry, receipt.index, receipt.proof, checkpoint)
    # 5. The entry admits this clip.
    if (entry.kind, entry.outcome) != ("clip.admitted", "ok"):
        raise ReceiptError(f"the entry says {entry.kind} {entry.outcome}")
    if entry.item != f"clip:{receipt.clip_id}":
        raise ReceiptError(f"the entry is of {entry.item}")
    # 6. It holds the digests and the size that the receipt holds, and nothing else.
    stated: dict[str, Json] = {
        "clip": receipt.clip_id,
        "sha256": receipt.sha256,
        "sm3": receipt.sm3,
        "size_bytes": receipt.size_bytes,
    }
    if canonical_json(entry.facts) != canonical_json(stated):
        raise ReceiptError("the entry's facts are not the receipt's")
    # 7. The details are those the entry was committed to.
    verify_commitment(entry, receipt.details, receipt.salt)
    return receipt


def check_receipt_for(receipt: Receipt, sha256: str, sm3: str, size_bytes: int) -> None:
    """Raise `ReceiptError` unless an opened receipt is for the file with these digests and size."""
    if (receipt.sha256, receipt.sm3, receipt.size_bytes) != (sha256, sm3, size_bytes):
        raise ReceiptError(f"for {receipt.sha256}, the file is {sha256}")


def _read_receipt(text: str) -> Receipt:
    # 1. Title, canonical JSON, exactly these keys.
    value = forms.fields_of(_untitled(_RECEIPT_TITLE, text), _RECEIPT_KEYS)
    # 2. Each of them of its form and within its bounds.
    details = value["details"]
    if not isinstance(details, dict):
        raise ReceiptError("details are an object")
    salt = forms.bytes_of(value["salt"], SALT_BYTES)
    if len(salt) != SALT_BYTES:
        raise ReceiptError(f"a salt has {SALT_BYTES} bytes")
    return Receipt(
        clip_id=forms.text_of(value["clip_id"], 64),
        sha256=forms.digest_of(value["sha256"]),
        sm3=forms.digest_of(value["sm3"]),
        size_bytes=forms.count_of(value["size_bytes"]),
        origin=forms.text_of(value["origin"], 255),
        index=forms.count_of(value["index"]),
        entry=forms.bytes_of(value["entry"], MAX_ENTRY_BYTES),
        salt=salt,
        details=details,
        checkpoint=forms.text_of(value["checkpoint"], MAX_RECEIPT_BYTES),
        proof=[
            forms.bytes_of(item, HASH_BYTES)
            for item in forms.list_of(value["proof"], MAX_PROOF_HASHES)
        ],
        issued_at=forms.time_of(value["issued_at"]),
    )


def _title_and_json(title: str, value: Mapping[str, Json]) -> str:
    return f"{title}{canonical_json(value).decode()}\n"


def _untitled(title: str, text: str) -> Json:
    if not text.startswith(title) or text.count("\n") != 2:
        raise WireError(f"not a title {title[:-1]!r} and one line")
    return parse_canonical(text[len(title) : -1].encode())


def _bounded(note: str, most: int) -> str:
    if len(note.encode()) > most:
        raise WireError(f"longer than {most} bytes")
    return note
