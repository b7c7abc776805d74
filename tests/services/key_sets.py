"""Generations of a log's keys, and the entries in which it speaks of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from custody.log.canonical import Json
from custody.log.cosignature import Cosigner
from custody.log.entry import ActorSnapshot, Entry
from custody.log.key_entries import (
    ANNOUNCED,
    RETIRED,
    KeySet,
    facts_of_announcement,
    facts_of_retirement,
)
from custody.log.merkle import hash_leaf
from custody.log.note import NoteSigner
from custody.publishing.keys import KeyGeneration, LogKeys

ORIGIN = "liuhen.example/log"
_AT = datetime(2026, 11, 22, 1, 21, 38, tzinfo=UTC)


@cache
def generation(number: int, origin: str = ORIGIN) -> KeyGeneration:
    """The same keys for the same number, every time."""

    def seed(kind: int) -> bytes:
        return bytes([number, kind]) * 16

    return KeyGeneration(
        NoteSigner(origin, Ed25519PrivateKey.from_private_bytes(seed(1))),
        Cosigner(origin, MLDSA44PrivateKey.from_seed_bytes(seed(2))),
        NoteSigner(f"{origin}/receipts", Ed25519PrivateKey.from_private_bytes(seed(3))),
    )


def alone(key: NoteSigner) -> Callable[[], LogKeys]:
    """The keys of a log that has no second one."""
    receipts = NoteSigner(f"{key.name}/receipts", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    keys = LogKeys((KeyGeneration(key, None, receipts),))
    return lambda: keys


def keys_of(number: int) -> KeySet:
    return generation(number).key_set


def announced(number: int, by: int) -> Entry:
    """Generation ``number``, announced by the keys of ``by``."""
    signers = generation(by)
    assert signers.ml_dsa is not None
    return entry(ANNOUNCED, facts_of_announcement(keys_of(number), signers.log, signers.ml_dsa))


def retired(number: int, by: int) -> Entry:
    """Generation ``number``, retired by the keys of ``by``."""
    signers = generation(by)
    assert signers.ml_dsa is not None
    return entry(RETIRED, facts_of_retirement(keys_of(number), signers.log, signers.ml_dsa))


def entry(kind: str, facts: dict[str, Json], item: str = "log", outcome: str = "ok") -> Entry:
    """An entry about keys, at the beginning of its item."""
    actor = ActorSnapshot("shell:alice", "operator", "shell", "archive")
    return Entry(kind, item, 0, None, _AT, actor, outcome, facts, None)


def chained(*entries: Entry) -> list[bytes]:
    """Entries of one item, one behind the other."""
    written: list[bytes] = []
    for number, one in enumerate(entries):
        before = hash_leaf(written[-1]).hex() if written else None
        written.append(replace(one, item_seq=number, item_prev=before).encode())
    return written
