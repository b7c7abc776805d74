"""A digest as people type or paste it: grouped with spaces, in capitals, with its middle left out.

Pages show ``SHA-256 3f9a 21c4 … 88d0`` and copy the whole; both must find what they came from.
"""

import re
from dataclasses import dataclass

#: Fewer digits in groups may be anything: a date, a time, an officer's number.
MIN_CHARACTERS = 8
FULL_CHARACTERS = 64

_ALGORITHM = re.compile(r"(?:sha-?256|sm3)[\s:：]*", re.IGNORECASE)
_DIGITS = re.compile(r"([0-9a-f]*)(?:(?:…|\.\.\.)([0-9a-f]+))?")


@dataclass(frozen=True, slots=True)
class TypedDigest:
    """How a digest begins and how it ends, lower-case hex; ``end`` is empty if nothing says."""

    beginning: str
    end: str = ""

    @property
    def is_one(self) -> bool:
        """Whether it can only mean a digest: it is whole, or shown as the pages show one."""
        return len(self.beginning) == FULL_CHARACTERS or bool(self.end)


def read_digest(text: str) -> TypedDigest | None:
    """What ``text`` says of a digest; None where it says too little, or is none."""
    typed = re.sub(r"\s", "", _ALGORITHM.sub("", text.strip(), count=1)).lower()
    match = _DIGITS.fullmatch(typed)
    if match is None:
        return None
    found = TypedDigest(match[1], match[2] or "")
    length = len(found.beginning) + len(found.end)
    return found if MIN_CHARACTERS <= length <= FULL_CHARACTERS else None
