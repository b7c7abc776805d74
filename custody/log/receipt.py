"""Receipts: the archive's signed word that a clip is in the log (docs/formats/receipts.md).

Who opens one needs two public keys and no database; everything it says is checked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from custody.log import forms
from custody.log.canonical import Json, canonical_json, format_time, to_milliseconds
from custody.log.checkpoint import LogTrust, open_checkpoint
from custody.log.encoding import encode_base64
from custody.log.entry import MAX_ENTRY_BYTES, SALT_BYTES
from custody.log.errors import ReceiptError
from custody.log.merkle import HASH_BYTES
from custody.log.note import NoteSigner, NoteVerifier
from custody.log.proof import MAX_PROOF_HASHES
from custody.log.statement import open_statement, sign_statement
from custody.log.verify import verify_commitment, verify_entry_in_tree

MAX_RECEIPT_BYTES = 1 << 20
ADMITTED = "clip.admitted"

_TITLE = "liuhen receipt v1"
_CLIP_KEYS = ("clip_id", "sha256", "sm3", "size_bytes")
_LOG_KEYS = ("origin", "index", "entry", "salt", "details", "checkpoint", "proof", "issued_at")
_KEYS = frozenset(_CLIP_KEYS + _LOG_KEYS)


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
    value: dict[str, Json] = {
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
        "proof": [encode_base64(hash_) for hash_ in receipt.proof],
        "issued_at": format_time(receipt.issued_at),
    }
    _read_receipt(value)
    return sign_statement(_TITLE, value, signer, max_bytes=MAX_RECEIPT_BYTES)


def open_receipt(
    note: str | bytes,
    receipts: NoteVerifier | Sequence[NoteVerifier],
    log: NoteVerifier | LogTrust,
) -> Receipt:
    """The receipt, if every word of it holds. Raises `LogError`.

    ``receipts`` are the keys of which any may have signed it. Whether it is for a certain file is
    asked by `check_receipt_for`.
    """
    # 1. A receipts' key of the archive has signed it.
    value = open_statement(note, _TITLE, receipts, max_bytes=MAX_RECEIPT_BYTES)
    # 2. It is a receipt, in the one form there is.
    receipt = _read_receipt(value)
    # 3. The log's key has signed the checkpoint, and it is of the log the receipt names.
    checkpoint = open_checkpoint(receipt.checkpoint, log)
    if checkpoint.origin != receipt.origin:
        raise ReceiptError(f"of log {receipt.origin[:80]!r}, checkpoint of {checkpoint.origin}")
    # 4. The bytes of the entry are canonical and stand in the tree of that checkpoint.
    entry = verify_entry_in_tree(receipt.entry, receipt.index, receipt.proof, checkpoint)
    # 5. The entry admits this clip.
    if (entry.kind, entry.outcome) != (ADMITTED, "ok"):
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


def _read_receipt(stated: Json) -> Receipt:
    # 1. Exactly these keys.
    value = forms.fields_of(stated, _KEYS)
    # 2. Each of its form and within its bounds.
    details = value["details"]
    if not isinstance(details, dict):
        raise ReceiptError("details are an object")
    salt = forms.bytes_of(value["salt"], SALT_BYTES)
    if len(salt) != SALT_BYTES:
        raise ReceiptError(f"a salt has {SALT_BYTES} bytes")
    return Receipt(
        clip_id=forms.id_of(value["clip_id"]),
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
