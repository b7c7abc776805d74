"""The forms of single values in canonical JSON, asked of whatever comes from outside."""

import re
from datetime import datetime

from custody.log.canonical import Json, parse_time
from custody.log.encoding import decode_base64
from custody.log.errors import EntryError

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def fields_of(value: Json, names: frozenset[str]) -> dict[str, Json]:
    """An object with exactly these keys. Raises `EntryError`, as everything here does."""
    if not isinstance(value, dict) or value.keys() != names:
        raise EntryError(f"not an object of {' '.join(sorted(names))}")
    return value


def list_of(value: Json, most: int) -> list[Json]:
    """A list of at most ``most`` values."""
    if not isinstance(value, list) or len(value) > most:
        raise EntryError(f"a list of at most {most} expected")
    return value


def text_of(value: Json, most: int) -> str:
    """Text of 1 to ``most`` characters."""
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise EntryError(f"text of 1 to {most} characters expected")
    return value


def count_of(value: Json) -> int:
    """An integer from 0 on; true is none."""
    if type(value) is not int or value < 0:
        raise EntryError("an integer from 0 on expected")
    return value


def digest_of(value: Json) -> str:
    """64 lower-case hex digits."""
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise EntryError("64 hex digits expected")
    return value


def id_of(value: Json) -> str:
    """An identifier: 1 to 64 ASCII letters, digits, hyphens and underscores."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise EntryError("an identifier expected")
    return value


def time_of(value: Json) -> datetime:
    """A time as `format_time` writes it."""
    return parse_time(text_of(value, 24))


def bytes_of(value: Json, most: int) -> bytes:
    """At most ``most`` bytes in base64."""
    if not isinstance(value, str):
        raise EntryError("base64 expected")
    try:
        data = decode_base64(value)
    except ValueError as error:
        raise EntryError("base64 expected") from error
    if len(data) > most:
        raise EntryError(f"{len(data)} bytes, at most {most}")
    return data
