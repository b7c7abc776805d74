"""Receipts: the archive's signed word, written once for each clip and the same ever after."""

from datetime import datetime

from sqlalchemy.engine import Connection

from custody.clock import Clock
from custody.errors import ClipAlteredError, KeyMissingError
from custody.key_rows import read_key_history
from custody.log.checkpoint import open_checkpoint
from custody.log.errors import LogError
from custody.log.note import NoteSigner
from custody.publishing.keys import LogKeys
from custody.receipts import ReceiptParts, find_stored, gather, store_receipt
from station_agent.wire import Receipt, open_receipt, sign_receipt
from storage.objects import ObjectStore


def find_or_issue(
    tx: Connection, store: ObjectStore, keys: LogKeys, clock: Clock, clip_id: str
) -> str:
    """The clip's receipt; issued and kept (in a write transaction) if there is none yet.

    Raises `ClipNotFoundError`, `ReceiptNotReadyError` until the clip's entry is published, and
    `ClipAlteredError`.
    """
    stored = find_stored(tx, clip_id)
    if stored is not None:
        return stored
    now = clock.now()
    return store_receipt(tx, clip_id, make_receipt(tx, store, keys, clip_id, now), now)


def make_receipt(
    tx: Connection, store: ObjectStore, keys: LogKeys, clip_id: str, issued_at: datetime
) -> str:
    """A receipt that counts once it is stored; it reads the store, so no writer should wait for it.

    It is stored with the same ``issued_at``: a verification holds the row against what is signed.
    Every word of it is checked as a station will check it, so that rows which somebody altered get
    no signed word (`ClipAlteredError`). Raises as `find_or_issue`.
    """
    try:
        parts = gather(tx, store, clip_id)
        signer = _signer_of(tx, keys, parts)
        note = _sign(parts, signer, keys.log.name, issued_at)
        open_receipt(note, signer.verifier, keys.any)
    except (LogError, RecursionError, TypeError, ValueError) as error:
        raise ClipAlteredError(f"clip {clip_id}: no receipt, {error}") from error
    return note


def _signer_of(tx: Connection, keys: LogKeys, parts: ReceiptParts) -> NoteSigner:
    """The newest key that the tree of the receipt's own checkpoint announces.

    Raises `KeyMissingError` where that is not at hand.
    """
    if len(keys.generations) == 1:
        return keys.receipts
    size = open_checkpoint(parts.checkpoint, keys.any).size
    newest = read_key_history(tx, keys.first.log.verifier, below=size).newest
    generation = keys.of(newest.log)
    if generation is None:
        raise KeyMissingError(newest.log.vkey)
    return generation.receipts


def _sign(parts: ReceiptParts, signer: NoteSigner, origin: str, issued_at: datetime) -> str:
    receipt = Receipt(
        clip_id=parts.clip.id,
        sha256=parts.clip.sha256,
        sm3=parts.clip.sm3,
        size_bytes=parts.clip.size_bytes,
        origin=origin,
        index=parts.index,
        entry=parts.entry,
        salt=parts.salt,
        details=parts.details,
        checkpoint=parts.checkpoint,
        proof=parts.proof,
        issued_at=issued_at,
    )
    return sign_receipt(receipt, signer)
