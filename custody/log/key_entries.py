"""Entries that announce and retire a log's keys, signed by keys that are trusted already.

Whoever can write the database can append an entry of any kind, and it is published like a true one.
So an entry about keys carries signatures of its own, of both kinds, over what it says and for
which log: none counts by its place in the log alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from custody.log import forms
from custody.log.canonical import Json, canonical_json
from custody.log.cosignature import CosignatureVerifier, Cosigner
from custody.log.encoding import encode_base64
from custody.log.entry import Entry
from custody.log.errors import KeyEntryError, LogError
from custody.log.note import NoteSigner, NoteVerifier
from custody.log.trust import MAX_VKEY

ANNOUNCED = "key.announced"
RETIRED = "key.retired"

#: Stands before what is signed (Ed25519) and is its context (ML-DSA-44). A checkpoint never begins
#: like this: a key's name, which is the log's, has no space.
_LABEL = b"liuhen key entry v1"
_LOG_KEY, _ML_DSA_KEY, _RECEIPT_KEY = "log_key", "log_key_ml_dsa", "receipt_key"
_SIGNATURES = "signatures"
_ED25519_BYTES, _ML_DSA_BYTES = 64, 2420


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of one generation: two sign checkpoints, one signs receipts."""

    log: NoteVerifier
    ml_dsa: CosignatureVerifier
    receipts: NoteVerifier

    @classmethod
    def of(cls, facts: Mapping[str, Json], origin: str) -> Self:
        """The keys that ``facts`` name, of the log ``origin``. Raises `LogError`."""
        log, receipts = (
            NoteVerifier.parse(forms.text_of(facts[name], MAX_VKEY))
            for name in (_LOG_KEY, _RECEIPT_KEY)
        )
        ml_dsa = CosignatureVerifier.parse(forms.text_of(facts[_ML_DSA_KEY], MAX_VKEY))
        names = (log.name, ml_dsa.name, receipts.name)
        if names != (origin, origin, f"{origin}/receipts"):
            raise KeyEntryError(f"keys of {' '.join(names)[:80]}")
        if not isinstance(ml_dsa.public, MLDSA44PublicKey):
            raise KeyEntryError("not an ML-DSA-44 key")
        return cls(log, ml_dsa, receipts)


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """An entry about keys, taken apart; nothing is verified yet but that it has the form.

    ``signer`` is the Ed25519 verifier key of those who sign it: of an announcement those whom
    ``keys`` follow (themselves, where a log announces its first), of a retirement those who stay.
    """

    kind: str
    keys: KeySet
    signer: str
    message: bytes
    ed25519: bytes
    ml_dsa: bytes

    def verify(self, log: NoteVerifier, ml_dsa: CosignatureVerifier) -> None:
        """Raise `KeyEntryError` unless both these keys have signed it."""
        if not isinstance(ml_dsa.public, MLDSA44PublicKey):
            raise KeyEntryError("not an ML-DSA-44 key")
        try:
            log.public.verify(self.ed25519, _LABEL + b"\n" + self.message)
            ml_dsa.public.verify(self.ml_dsa, self.message, _LABEL)
        except InvalidSignature as error:
            raise KeyEntryError("not signed by the key that it names") from error


def facts_of_announcement(keys: KeySet, log: NoteSigner, ml_dsa: Cosigner) -> dict[str, Json]:
    """The facts by which ``log`` and ``ml_dsa`` announce ``keys``: their successors, or their own.

    Raises `KeyEntryError`.
    """
    facts = _facts_of(keys) | {"follows": log.verifier.vkey}
    return facts | {"signatures": _sign(ANNOUNCED, facts, log, ml_dsa)}


def facts_of_retirement(keys: KeySet, log: NoteSigner, ml_dsa: Cosigner) -> dict[str, Json]:
    """The facts by which ``log`` and ``ml_dsa``, which stay, retire ``keys``.

    Raises `KeyEntryError`.
    """
    facts = _facts_of(keys) | {"by": log.verifier.vkey}
    return facts | {"signatures": _sign(RETIRED, facts, log, ml_dsa)}


def _facts_of(keys: KeySet) -> dict[str, Json]:
    return {
        "log_key": keys.log.vkey,
        "log_key_ml_dsa": keys.ml_dsa.vkey,
        "receipt_key": keys.receipts.vkey,
    }


def is_plain(entry: Entry) -> bool:
    """Whether this is an announcement of before entries about keys were signed: it names the first
    Ed25519 key and the receipts' key, both of which one must have from elsewhere."""
    return entry.kind == ANNOUNCED and entry.facts.keys() == {_LOG_KEY, _RECEIPT_KEY}


def read_key_entry(entry: Entry, origin: str) -> KeyEntry:
    """Take an entry about the keys of the log ``origin`` apart. Raises `KeyEntryError`."""
    # 1. It happened, and to the log.
    if (entry.item, entry.outcome) != ("log", "ok"):
        raise KeyEntryError(f"{entry.item} {entry.outcome}")
    name = _signer_name(entry.kind)
    try:
        # 2. It has the keys of its kind and no other.
        names = frozenset({_LOG_KEY, _ML_DSA_KEY, _RECEIPT_KEY, name, _SIGNATURES})
        facts = forms.fields_of(dict(entry.facts), names)
        # 3. Each is what it should be.
        ed25519, ml_dsa = _both(forms.list_of(facts[_SIGNATURES], 2))
        return KeyEntry(
            entry.kind,
            KeySet.of(facts, origin),
            forms.text_of(facts[name], MAX_VKEY),
            _message(entry.kind, origin, facts),
            forms.bytes_of(ed25519, _ED25519_BYTES),
            forms.bytes_of(ml_dsa, _ML_DSA_BYTES),
        )
    except KeyEntryError:
        raise
    except LogError as error:
        raise KeyEntryError(error.args[0] if error.args else str(error)) from error


def _sign(kind: str, facts: Mapping[str, Json], log: NoteSigner, ml_dsa: Cosigner) -> list[Json]:
    if not isinstance(ml_dsa.private, MLDSA44PrivateKey):
        raise KeyEntryError("not an ML-DSA-44 key")
    message = _message(kind, log.name, facts)
    return [
        encode_base64(log.private.sign(_LABEL + b"\n" + message)),
        encode_base64(ml_dsa.private.sign(message, _LABEL)),
    ]


def _message(kind: str, origin: str, facts: Mapping[str, Json]) -> bytes:
    said = {name: value for name, value in facts.items() if name != _SIGNATURES}
    return canonical_json({"kind": kind, "origin": origin} | said)


def _both(signatures: list[Json]) -> tuple[Json, Json]:
    if len(signatures) != 2:
        raise KeyEntryError("two signatures expected")
    return signatures[0], signatures[1]


def _signer_name(kind: str) -> str:
    names = {ANNOUNCED: "follows", RETIRED: "by"}
    if kind not in names:
        raise KeyEntryError(kind)
    return names[kind]
