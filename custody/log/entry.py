"""One entry of the log: what is hashed into the tree, nothing that may ever have to be erased.

The bytes are canonical JSON (`custody.log.canonical`), described in docs/formats/log.md.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from custody.log.canonical import (
    Json,
    canonical_json,
    format_time,
    parse_canonical,
    to_milliseconds,
)
from custody.log.errors import CommitmentError, EntryError
from custody.log.forms import count_of, digest_of, fields_of, text_of, time_of

__all__ = [
    "ActorSnapshot",
    "Entry",
    "Json",
    "canonical_json",
    "commit_details",
    "parse_canonical",
]

#: A bundle writes the length of an entry in two bytes (C2SP tlog-tiles).
MAX_ENTRY_BYTES = 65_535
SALT_BYTES = 32
MAX_KIND = 64
MAX_ITEM = 128
MAX_ACTOR_TEXT = 255
OUTCOMES = frozenset({"ok", "denied", "failed"})

_VERSION = 1
_KEYS = frozenset(
    ("v", "kind", "item", "item_seq", "item_prev", "at", "actor", "outcome", "facts", "commitment")
)
_ACTOR_FIELDS = ("id", "role", "via", "origin")
_ACTOR_KEYS = frozenset(_ACTOR_FIELDS)
_KIND = re.compile(r"[a-z_]+(?:\.[a-z_]+)+")
_ITEM = re.compile(r"[a-z_]+(?::[\x21-\x7e]+)?")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ActorSnapshot:
    """Who acted, as it was then: a pseudonymous id, no name; ``origin`` is an address or host."""

    id: str
    role: str
    via: str
    origin: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened to one item.

    ``item_seq`` counts the entries of an item from 0; ``item_prev`` is the hex leaf hash of the
    entry before it, None for the first. ``at`` is kept in UTC to the millisecond (finer parts are
    cut off when the entry is made). ``facts`` are public for ever and hold nothing personal;
    ``commitment`` is what `commit_details` made of the rest, None where there is no rest.
    """

    kind: str
    item: str
    item_seq: int
    item_prev: str | None
    at: datetime
    actor: ActorSnapshot
    outcome: str
    facts: Mapping[str, Json]
    commitment: str | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", to_milliseconds(self.at))

    def encode(self) -> bytes:
        """The canonical bytes, at most 65,535. Raises `EntryError` if a field breaks its form."""
        _check_form(self)
        actor = self.actor
        data = canonical_json(
            {
                "v": _VERSION,
                "kind": self.kind,
                "item": self.item,
                "item_seq": self.item_seq,
                "item_prev": self.item_prev,
                "at": format_time(self.at),
                "actor": {
                    "id": actor.id,
                    "role": actor.role,
                    "via": actor.via,
                    "origin": actor.origin,
                },
                "outcome": self.outcome,
                "facts": dict(self.facts),
                "commitment": self.commitment,
            }
        )
        if len(data) > MAX_ENTRY_BYTES:
            raise EntryError(f"{len(data)} bytes, at most {MAX_ENTRY_BYTES}")
        return data

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read an entry. Raises `EntryError` unless ``data`` is what `encode` would write."""
        if len(data) > MAX_ENTRY_BYTES:
            raise EntryError(f"{len(data)} bytes, at most {MAX_ENTRY_BYTES}")
        value = fields_of(parse_canonical(data), _KEYS)
        # True == 1, so the type is asked as well.
        if type(value["v"]) is not int or value["v"] != _VERSION:
            raise EntryError("unknown version")
        actor = fields_of(value["actor"], _ACTOR_KEYS)
        facts, item_prev, commitment = value["facts"], value["item_prev"], value["commitment"]
        if not isinstance(facts, dict):
            raise EntryError("facts are an object")
        entry = cls(
            kind=text_of(value["kind"], MAX_KIND),
            item=text_of(value["item"], MAX_ITEM),
            item_seq=count_of(value["item_seq"]),
            item_prev=None if item_prev is None else digest_of(item_prev),
            at=time_of(value["at"]),
            actor=ActorSnapshot(*[text_of(actor[name], MAX_ACTOR_TEXT) for name in _ACTOR_FIELDS]),
            outcome=text_of(value["outcome"], MAX_KIND),
            facts=facts,
            commitment=None if commitment is None else digest_of(commitment),
        )
        _check_form(entry)
        return entry


def _check_form(entry: Entry) -> None:
    if len(entry.kind) > MAX_KIND or not _KIND.fullmatch(entry.kind):
        raise EntryError(f"kind {entry.kind[:80]!r}")
    if len(entry.item) > MAX_ITEM or not _ITEM.fullmatch(entry.item):
        raise EntryError(f"item {entry.item[:140]!r}")
    if entry.item_seq < 0:
        raise EntryError("item_seq below zero")
    if (entry.item_seq == 0) != (entry.item_prev is None):
        raise EntryError("the first entry of an item, and only that, has no item_prev")
    if entry.item_prev is not None and not _HASH.fullmatch(entry.item_prev):
        raise EntryError("item_prev is 64 hex digits")
    if entry.commitment is not None and not _HASH.fullmatch(entry.commitment):
        raise EntryError("commitment is 64 hex digits")
    if entry.outcome not in OUTCOMES:
        raise EntryError(f"outcome {entry.outcome[:40]!r}")
    actor = entry.actor
    for text in (actor.id, actor.role, actor.via, actor.origin):
        if not text or len(text) > MAX_ACTOR_TEXT or not text.isprintable():
            raise EntryError(f"actor {text[:40]!r}")


def commit_details(details: Mapping[str, Json], salt: bytes) -> str:
    """Hex HMAC-SHA256 under ``salt`` (32 random bytes) over the canonical JSON of ``details``.

    Without the salt the details can't be guessed from the entry; with salt and details gone,
    nothing is left of them. Raises `EntryError`; `CommitmentError` for a salt of another length.
    """
    return commit_canonical(canonical_json(details), salt)


def commit_canonical(details: bytes, salt: bytes) -> str:
    """`commit_details` of details that are written canonically already."""
    if len(salt) != SALT_BYTES:
        raise CommitmentError(f"a salt has {SALT_BYTES} bytes")
    return hmac.digest(salt, details, hashlib.sha256).hex()
