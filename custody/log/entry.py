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
    parse_time,
    to_milliseconds,
)
from custody.log.errors import CommitmentError, EntryError

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
OUTCOMES = frozenset({"ok", "denied", "failed"})

_VERSION = 1
_KEYS = frozenset(
    "v kind item item_seq item_prev at actor outcome facts commitment".split()  # noqa: SIM905
)
_ACTOR_KEYS = frozenset({"id", "role", "via", "origin"})
_KIND = re.compile(r"(?=.{1,64}\Z)[a-z_]+(?:\.[a-z_]+)+")
_ITEM = re.compile(r"(?=.{1,128}\Z)[a-z_]+(?::[\x21-\x7e]+)?")
_HASH = re.compile(r"[0-9a-f]{64}")
_MAX_ACTOR_TEXT = 255


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
        value = parse_canonical(data)
        if not isinstance(value, dict) or value.keys() != _KEYS:
            raise EntryError("not the keys of an entry")
        # True == 1, so the type is asked as well.
        if type(value["v"]) is not int or value["v"] != _VERSION:
            raise EntryError("unknown version")
        actor = value["actor"]
        if not isinstance(actor, dict) or actor.keys() != _ACTOR_KEYS:
            raise EntryError("not the keys of an actor")
        facts = value["facts"]
        if not isinstance(facts, dict):
            raise EntryError("facts are an object")
        item_seq = value["item_seq"]
        if type(item_seq) is not int:
            raise EntryError("item_seq is an integer")
        entry = cls(
            kind=_text(value["kind"]),
            item=_text(value["item"]),
            item_seq=item_seq,
            item_prev=_optional_text(value["item_prev"]),
            at=parse_time(_text(value["at"])),
            actor=ActorSnapshot(
                id=_text(actor["id"]),
                role=_text(actor["role"]),
                via=_text(actor["via"]),
                origin=_text(actor["origin"]),
            ),
            outcome=_text(value["outcome"]),
            facts=facts,
            commitment=_optional_text(value["commitment"]),
        )
        _check_form(entry)
        return entry


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise EntryError("text expected")
    return value


def _optional_text(value: Json) -> str | None:
    return None if value is None else _text(value)


def _check_form(entry: Entry) -> None:
    if not _KIND.fullmatch(entry.kind):
        raise EntryError(f"kind {entry.kind[:80]!r}")
    if not _ITEM.fullmatch(entry.item):
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
        if not text or len(text) > _MAX_ACTOR_TEXT or not text.isprintable():
            raise EntryError(f"actor {text[:40]!r}")


def commit_details(details: Mapping[str, Json], salt: bytes) -> str:
    """Hex HMAC-SHA256 under ``salt`` (32 random bytes) over the canonical JSON of ``details``.

    Without the salt the details can't be guessed from the entry; with salt and details gone,
    nothing is left of them. Raises `EntryError`; `CommitmentError` for a salt of another length.
    """
    if len(salt) != SALT_BYTES:
        raise CommitmentError(f"a salt has {SALT_BYTES} bytes")
    return hmac.digest(salt, canonical_json(details), hashlib.sha256).hex()
