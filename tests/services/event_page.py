"""`docs/formats/events.md`, read back: what it says of each kind, and whether an entry is so."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from custody.log.canonical import parse_time
from custody.log.entry import Json
from custody.log.errors import LogError

PAGE = Path(__file__).parents[2] / "docs/formats/events.md"
_KIND = re.compile(r"### `([a-z_.]+)`\n(.*?)(?=\n##|\Z)", re.DOTALL)
_ROW = re.compile(r"^\| `(\w+)` \| (facts|details) \| ([a-z/ ]+) \| (.+) \|$", re.MULTILINE)
_ITEM = re.compile(r"`(\w+)(?::<[^`]*>)?`")
_FORMS = {
    "id": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "word": re.compile(r"[a-z0-9_.-]+"),
    "digest": re.compile(r"[0-9a-f]{64}"),
    "day": re.compile(r"\d{4}-\d\d-\d\d"),
    "text": re.compile(r".*", re.DOTALL),
}


@dataclass(frozen=True)
class Kind:
    """One kind: what is said of it, and its fields with their types."""

    text: str
    facts: dict[str, str] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)

    @property
    def items(self) -> set[str]:
        """The sorts of item that its first sentence names."""
        return set(_ITEM.findall(self.text.partition("\n\n")[0]))


def read_page() -> dict[str, Kind]:
    """Every kind that the page describes."""
    kinds = {}
    for name, text in _KIND.findall(PAGE.read_text(encoding="utf-8")):
        kind = kinds[name] = Kind(text)
        rows = _ROW.findall(text)
        assert len(rows) == text.count("\n| `"), f"{name}: a row that is none"
        for key, place, of_type, meaning in rows:
            assert meaning.strip(), f"{name}: {key}"
            fields = kind.facts if place == "facts" else kind.details
            assert key not in fields, f"{name}: {key} stands twice"
            fields[key] = of_type
    return kinds


def complaints(values: Mapping[str, Json], fields: Mapping[str, str]) -> list[str]:
    """What of ``values`` is not as ``fields`` has it."""
    found = [f"{key}: not on the page" for key in values.keys() - fields.keys()]
    for key, of_type in fields.items():
        ways = of_type.split(" or ")
        if key not in values:
            if "absent" not in ways:
                found.append(f"{key}: missing")
        elif not any(_fits(values[key], way) for way in ways):
            found.append(f"{key}: {values[key]!r:.80} is no {of_type}")
    return found


def _fits(value: Json, way: str) -> bool:
    match way:
        case "null":
            return value is None
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case "yes/no":
            return isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case "absent":
            return False
        case "time":
            return isinstance(value, str) and _is_time(value)
    if way.startswith("list of "):
        one = way.removeprefix("list of ")
        return isinstance(value, list) and all(_fits(part, one) for part in value)
    return isinstance(value, str) and _FORMS[way].fullmatch(value) is not None


def _is_time(text: str) -> bool:
    try:
        parse_time(text)
    except LogError:
        return False
    return True
