"""How the facts and details of an entry are read: each key has a word, each value its kind.

Facts and details are whatever was written then, also by a version before or after this one: a key
without a word and a value of no known kind are shown as they stand. Pure functions.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from custody.events import case_item, clip_item, is_item
from custody.log.entry import Json

#: Values that are words of a family of the catalogue, by key; the first family that has one.
FAMILIES: dict[str, tuple[str, ...]] = {
    "changed": ("case.",),
    "code": ("finding.",),
    "kind": ("rendition.", "grant.", "event."),
    "media_kind": ("kind.",),
    "procedure": ("procedure.",),
    "right": ("right.",),
    "role": ("role.",),
    "scope": ("scope.",),
    "stage": ("stage.",),
    "state": ("state.",),
    "what": ("what.",),
    "why": ("why.",),
}
SIZES = frozenset({"size_bytes", "total_bytes", "payload_bytes", "bytes_read", "bytes_sent"}) | {
    "bytes",
    "ever_bytes",
    "year_bytes",
}
#: Keys that name clips or cases, one or several.
CLIPS, CASES = frozenset({"clip", "clips", "read", "unread", "oldest"}), frozenset({"case"})
#: Of a long list, as many are shown; the entry's own text has all of them.
MAX_LISTED = 100

_DIGEST = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True, slots=True)
class Part:
    """One value to show. ``kind`` says how: ``nothing yes no time digest size duration number word
    reason item session text object list``.

    ``value`` is what is shown in that way; of an ``object`` it is its own parts by key, of a
    ``list`` inside another value they follow each other. ``raw`` is the value as the entry has it,
    for a word.
    """

    kind: str
    value: object = None
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One key with its values; more than one where it is a list, of which ``left_off`` are not
    shown."""

    key: str
    parts: tuple[Part, ...]
    left_off: int = 0


def read_values(values: Mapping[str, Json], words: Iterable[str], item: str = "") -> list[Reading]:
    """``values`` in order of their keys; ``words`` are the keys of the catalogue.

    ``item`` is the entry's own: a dock session is one of its station.
    """
    known = frozenset(words)
    readings = []
    for key in sorted(values):
        value = values[key]
        listed = value if isinstance(value, list) and value else [value]
        parts = tuple(_read(key, one, known, item) for one in listed[:MAX_LISTED])
        readings.append(Reading(key, parts, max(0, len(listed) - MAX_LISTED)))
    return readings


def items_of(values: Mapping[str, Json]) -> list[str]:
    """The clips and cases that ``values`` name, as items."""
    return [
        str(part.value)
        for reading in read_values(values, ())
        for part in reading.parts
        if part.kind == "item"
    ]


def _read(key: str, value: Json, words: frozenset[str], item: str) -> Part:
    match value:
        case None | "" | []:
            return Part("nothing")
        case bool():
            return Part("yes" if value else "no")
        case int():
            return Part(_number(key), value)
        case dict():
            inner = {name: _read(name, one, words, item) for name, one in value.items()}
            return Part("object", inner)
        case list():
            return Part("list", tuple(_read(key, one, words, item) for one in value[:MAX_LISTED]))
        case str():
            return _read_text(key, value, words, item)


def _number(key: str) -> str:
    if key in SIZES:
        return "size"
    return "duration" if key == "duration_ms" else "number"


def _read_text(key: str, value: str, words: frozenset[str], item: str) -> Part:
    for family in FAMILIES.get(key, ()):
        if family + value in words:
            return Part("word", family + value, value)
    if key in CLIPS and is_item(clip_item(value)):
        return Part("item", clip_item(value))
    if key in CASES and is_item(case_item(value)):
        return Part("item", case_item(value))
    if key == "dock_session" and item.startswith("station:"):
        return Part("session", f"/stations/{item.removeprefix('station:')}/sessions/{value}", value)
    if key == "reason":
        return Part("reason", value)
    if _DIGEST.fullmatch(value):
        return Part("digest", value, "SM3" if key == "sm3" else "SHA-256")
    if _TIME.fullmatch(value):
        try:
            return Part("time", datetime.fromisoformat(value))
        except ValueError:
            pass  # a day that no calendar has
    return Part("text", value)
