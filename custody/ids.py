"""Identifiers: UUIDv7 (RFC 9562 section 5.7), so that they sort by the time they were made."""

import re
import secrets
import time
import uuid

_ID = re.compile(r"[0-9a-f-]{1,36}")


def new_id() -> str:
    """A fresh UUIDv7 in its 36-character text form."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76 | secrets.randbits(12) << 64
    value |= 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def looks_like_id(text: str) -> bool:
    """Whether ``text`` has the letters of an identifier: what an altered row calls itself may have
    any, also such as no database takes."""
    return _ID.fullmatch(text) is not None
