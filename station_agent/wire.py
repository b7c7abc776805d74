"""What a station and the archive say to each other, byte for byte: the contract both sides share.

Manifests and receipts are signed notes over a title line and one line of canonical JSON
(docs/formats/receipts.md). Whoever opens one gets all of it verified or a `LogError`. Receipts are
made in the kernel, for offline verifiers as well; they are part of the contract all the same.
"""

import hashlib
import itertools
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from custody.log import forms
from custody.log.canonical import Json, canonical_json, format_time, to_milliseconds
from custody.log.encoding import encode_base64
from custody.log.errors import LogError, ReceiptError
from custody.log.note import NoteSigner, NoteVerifier
from custody.log.receipt import Receipt, check_receipt_for, open_receipt, sign_receipt
from custody.log.statement import open_statement, sign_statement

__all__ = [
    "Manifest",
    "ManifestFile",
    "ManifestFormError",
    "Receipt",
    "ReceiptError",
    "WireError",
    "announcement_digest",
    "challenge_message",
    "check_receipt_for",
    "open_manifest",
    "open_receipt",
    "sign_manifest",
    "sign_receipt",
    "station_key_name",
]

MAX_MANIFEST_BYTES = 32 << 20
MAX_MANIFEST_FILES = 100_000
#: Commas and opening brackets: a list of so many files has half of it, the rest is for its texts.
MAX_MANIFEST_MARKS = 1_000_000
MAX_PATH_BYTES = 4096

_MANIFEST_TITLE = "liuhen manifest v1"
_ANNOUNCEMENT_TITLE = b"liuhen announcement v1\n"
_CHALLENGE_TITLE = b"liuhen station session v1\n"
_MANIFEST_KEYS = frozenset(
    ("session_id", "station", "source", "opened_at", "free_bytes", "previous_sha256", "files")
)
_FILE_KEYS = frozenset({"path_b64", "size_bytes", "modified_at", "skipped"})
_NONCE = re.compile(r"[\x21-\x7e]{16,256}")


class WireError(LogError):
    """This is not what a station and the archive say to each other."""


class ManifestFormError(WireError):
    """This is not a manifest."""


def station_key_name(public_key: Ed25519PublicKey) -> str:
    """What a station's key signs under: ``liuhen-station/`` and 16 hex digits of its SHA-256."""
    return f"liuhen-station/{hashlib.sha256(public_key.public_bytes_raw()).hexdigest()[:16]}"


def challenge_message(nonce: str) -> bytes:
    """What a station signs to open a session. Raises `WireError` unless the nonce is one."""
    if not _NONCE.fullmatch(nonce):
        raise WireError("a nonce has 16 to 256 visible ASCII characters")
    return _CHALLENGE_TITLE + nonce.encode()


def announcement_digest(
    *,
    name: bytes,
    size_bytes: int,
    sha256: str,
    sm3: str | None,
    modified_at: datetime | None,
    dock_session: str | None,
) -> str:
    """Hex SHA-256 over what is said of a file before its bytes come.

    The sender gives it along and the archive answers with that of what it understood: header fields
    have no checksum of their own. Raises `LogError` for what no canonical JSON can hold.
    """
    value: dict[str, Json] = {
        "name_b64": encode_base64(name),
        "size_bytes": size_bytes,
        "sha256": sha256,
        "sm3": sm3,
        "modified_at": None if modified_at is None else format_time(modified_at),
        "dock_session": dock_session,
    }
    return hashlib.sha256(_ANNOUNCEMENT_TITLE + canonical_json(value) + b"\n").hexdigest()


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
    value: dict[str, Json] = {
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
    }
    _check_station(_read_manifest(value), signer.name)
    return sign_statement(
        _MANIFEST_TITLE,
        value,
        signer,
        max_bytes=MAX_MANIFEST_BYTES,
        max_marks=MAX_MANIFEST_MARKS,
    )


def open_manifest(note: str | bytes, verifier: NoteVerifier) -> Manifest:
    """The manifest of the station that ``verifier`` stands for. Raises `LogError`."""
    # 1. The station's key has signed it.
    value = open_statement(
        note,
        _MANIFEST_TITLE,
        verifier,
        max_bytes=MAX_MANIFEST_BYTES,
        max_marks=MAX_MANIFEST_MARKS,
    )
    # 2. It is a manifest, in the one form there is.
    manifest = _read_manifest(value)
    # 3. It is this station's own.
    _check_station(manifest, verifier.name)
    return manifest


def _check_station(manifest: Manifest, key_name: str) -> None:
    if manifest.station != key_name:
        raise ManifestFormError(f"of {manifest.station[:80]!r}, signed by {key_name}")


def _read_manifest(stated: Json) -> Manifest:
    # 1. Exactly these keys.
    value = forms.fields_of(stated, _MANIFEST_KEYS)
    # 2. A bounded list of files.
    files = tuple(_read_file(item) for item in forms.list_of(value["files"], MAX_MANIFEST_FILES))
    # 3. In order of path, and so none of them twice.
    for file, following in itertools.pairwise(files):
        if file.path_b64 >= following.path_b64:
            raise ManifestFormError("files out of order, or one of them twice")
    free_bytes, previous = value["free_bytes"], value["previous_sha256"]
    return Manifest(
        session_id=forms.id_of(value["session_id"]),
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
