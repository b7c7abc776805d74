"""The one spelling of a value: RFC 8785 JSON, kept to the part the standard library writes exactly.

No floats, keys of ASCII only (so that sorting by code point and by UTF-16 unit agree), integers
within ±(2**53 - 1), at most `MAX_DEPTH` levels. Times are text, UTC, to the millisecond.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NoReturn

from custody.log.errors import EntryError

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]

MAX_DEPTH = 16
MAX_INTEGER = 2**53 - 1

#: The calendar of the house. At either end of Python's own, a time can't be shown in every zone:
#: what lies outside is no time to us, whoever says it.
EARLIEST = datetime(2, 1, 1, tzinfo=UTC)
LATEST = datetime(9998, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)

#: Hours end at 23: some versions of the library read 24:00:00 as well.
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


def _refuse(text: str) -> NoReturn:
    raise EntryError(f"no such number: {text[:40]}")


_encode = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode
_decode = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse).decode


def _check(value: object, depth: int) -> None:
    kind = type(value)
    if kind is str or value is None or kind is bool or isinstance(value, str):
        return
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise EntryError("integer beyond 2**53 - 1")
        return
    if depth >= MAX_DEPTH:
        raise EntryError(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise EntryError("keys are ASCII text")
            if type(inner) is not str:  # most are, and a call for each would be felt
                _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)
    else:
        raise EntryError(f"no place in canonical JSON for {type(value).__name__}")


def canonical_json(value: Json | Mapping[str, Json]) -> bytes:
    """The canonical UTF-8 bytes of ``value``. Raises `EntryError` if it has none."""
    if isinstance(value, Mapping) and not isinstance(value, dict):
        value = dict(value)
    _check(value, 0)
    try:
        return _encode(value).encode()
    except UnicodeEncodeError as error:
        raise EntryError("text that is not Unicode (a lone surrogate)") from error


def parse_canonical(data: bytes) -> Json:
    """Read canonical JSON. Raises `EntryError` unless writing the value again gives the same bytes.

    That one comparison refuses everything else: white space, other escapes, other order,
    a key twice, a leading zero or minus zero.
    """
    try:
        value: Json = _decode(data.decode())
    except EntryError:
        raise
    except (ValueError, RecursionError) as error:
        raise EntryError("not JSON") from error
    if canonical_json(value) != data:
        raise EntryError("not in canonical form")
    return value


def to_milliseconds(at: datetime) -> datetime:
    """``at`` in UTC, cut to the millisecond. Raises `EntryError` for a time without a zone."""
    if at.tzinfo is None:
        raise EntryError("a time without a zone")
    if at.tzinfo is not UTC:
        try:
            at = at.astimezone(UTC)
        except OverflowError as error:
            raise EntryError("a time before the year 1 or after 9999") from error
    rest = at.microsecond % 1000
    return at.replace(microsecond=at.microsecond - rest) if rest else at


def format_time(at: datetime) -> str:
    """``2026-11-22T09:21:38.123Z``; finer parts are cut off. Raises `EntryError` without a zone."""
    return to_milliseconds(at).isoformat(timespec="milliseconds")[:23] + "Z"


def parse_time(text: str) -> datetime:
    """The inverse of `format_time`, and of nothing else. Raises `EntryError`."""
    if not _TIME.fullmatch(text):
        raise EntryError(f"not a time: {text[:40]!r}")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise EntryError(f"not a time: {text!r}") from error
