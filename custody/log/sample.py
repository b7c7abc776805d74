"""Which recordings a seed picks: a rule that everybody can follow from public things alone
(docs/formats/statements.md).

Every clip that was admitted under a checkpoint has a rank made of the checkpoint's root, its own
entry and the seed; a sample of N are the N lowest. Nobody who does not know the seed can tell which
they will be, nor steer it once the checkpoint is fixed.
"""

import hashlib
import heapq
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from custody.log import forms
from custody.log.entry import Entry
from custody.log.errors import EntryError, SampleError

#: Clips in one sample, at most.
MAX_SAMPLE = 100_000
MAX_SEED = 256

_ADMITTED = "clip.admitted"
_DOMAIN = b"liuhen sample v1\n"
_COUNT = re.compile(r"[1-9][0-9]{0,5}")
_PERCENT = re.compile(r"(0|[1-9][0-9]{0,2})(?:\.([0-9]{0,2}[1-9]))?%")
#: A percentage is kept in thousandths.
_WHOLE = 100_000


@dataclass(frozen=True, slots=True)
class Asked:
    """How many clips are wanted: ``count`` of them, or so many ``thousandths`` of a percent."""

    count: int | None
    thousandths: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """``200``, ``5%``, ``0.125%``; each number has one spelling. Raises `SampleError`."""
        if _COUNT.fullmatch(text) and int(text) <= MAX_SAMPLE:
            return cls(int(text), None)
        found = _PERCENT.fullmatch(text)
        if found is not None:
            parts = int(found[1]) * 1000 + int((found[2] or "").ljust(3, "0"))
            if 0 < parts <= _WHOLE:
                return cls(None, parts)
        raise SampleError(f"a number from 1 to {MAX_SAMPLE}, or a percentage: {text[:40]!r}")

    def __str__(self) -> str:
        if self.count is not None:
            return str(self.count)
        whole, part = divmod(self.thousandths or 0, 1000)
        return f"{whole}.{part:03}".rstrip("0").rstrip(".") + "%"

    def of(self, population: int) -> int:
        """How many clips that is out of ``population``; a part of one is one."""
        if self.count is not None:
            return min(self.count, population)
        return -(-population * (self.thousandths or 0) // _WHOLE)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A clip as the entry at ``index`` of the log admitted it."""

    index: int
    clip_id: str
    sha256: str
    size_bytes: int
    at: datetime
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample, lowest rank first: the ``chosen`` by seed alone, and those ``added`` for somebody
    who had none among them."""

    chosen: tuple[Admitted, ...]
    added: tuple[Admitted, ...] = ()

    @property
    def all(self) -> tuple[Admitted, ...]:
        return self.chosen + self.added


def check_seed(seed: str) -> str:
    """``seed``, if it is one: 1 to 256 characters, none of them a control. Raises `SampleError`."""
    if not 0 < len(seed) <= MAX_SEED or any(one < " " or "\x7f" <= one < "\xa0" for one in seed):
        raise SampleError(f"a seed is 1 to {MAX_SEED} characters on one line")
    try:
        seed.encode()
    except UnicodeEncodeError as error:
        raise SampleError("a seed is Unicode text") from error
    return seed


def find_admission(entry: Entry, index: int, leaf_hash: bytes) -> Admitted | None:
    """The clip that this entry admitted; None for any other entry.

    Only the first entry of an item admits: whatever says so later changes no sample.
    """
    if (entry.kind, entry.outcome, entry.item_seq) != (_ADMITTED, "ok", 0):
        return None
    facts = entry.facts
    try:
        clip_id = forms.id_of(facts.get("clip"))
        sha256, size_bytes = (
            forms.digest_of(facts.get("sha256")),
            forms.count_of(facts.get("size_bytes")),
        )
    except EntryError:
        return None
    if entry.item != f"clip:{clip_id}":
        return None
    return Admitted(index, clip_id, sha256, size_bytes, entry.at, leaf_hash)


def rank_of(root: bytes, leaf_hash: bytes, seed: str) -> bytes:
    """The place of a clip in the draw; nobody's is likelier to be low than anybody else's."""
    return hashlib.sha256(_DOMAIN + root + leaf_hash + seed.encode()).digest()


def draw(admitted: Iterable[Admitted], root: bytes, seed: str, size: int) -> tuple[Admitted, ...]:
    """The ``size`` clips of lowest rank, lowest first, in whatever order they are given.

    What is asked of a larger sample begins with the smaller one. Memory grows with ``size`` only.
    """
    return tuple(
        heapq.nsmallest(
            size, admitted, key=lambda one: (rank_of(root, one.leaf_hash, seed), one.index)
        )
    )
