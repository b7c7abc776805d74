"""What the line of a history tells of an entry: each value of the sort that its sentence needs.

Facts and details are whatever somebody wrote, and who writes rows can append an entry that holds
anything under any key. Here alone is decided what a sentence can be made of; what fits in none is
told as it stands. Pure functions.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from custody.events import EventKind
from custody.history import HistoryEvent, failed, held
from custody.ids import looks_like_id
from custody.log.entry import Json


class Sort(StrEnum):
    """What a sentence takes in one place."""

    TEXT = "text"
    ID = "id"
    COUNT = "count"  # a whole number, not below zero
    TEXTS = "texts"
    LIST = "list"


#: What sentences are made of (`parts/trace.html`), by key.
FACTS: Mapping[str, Sort] = {
    "bytes_sent": Sort.COUNT,
    "case": Sort.ID,
    "changed": Sort.TEXTS,
    "clips": Sort.LIST,
    "count": Sort.COUNT,
    "days": Sort.COUNT,
    "dock_session": Sort.ID,
    "files": Sort.COUNT,
    "findings": Sort.COUNT,
    "kind": Sort.TEXT,
    "requests": Sort.COUNT,
    "right": Sort.TEXT,
    "role": Sort.TEXT,
    "rule": Sort.TEXT,
    "stage": Sort.TEXT,
    "state": Sort.TEXT,
    "total_bytes": Sort.COUNT,
    "what": Sort.TEXT,
    "why": Sort.TEXT,
}
DETAILS: Mapping[str, Sort] = {
    "destination": Sort.TEXT,
    "name": Sort.TEXT,
    "purpose": Sort.TEXT,
    "reason": Sort.TEXT,
    "subject": Sort.TEXT,
    "title": Sort.TEXT,
}
#: Keys that mean something else in entries of other kinds.
_ONLY: Mapping[str, EventKind] = {"clips": EventKind.CASE_EXPORTED}
#: As much of a value that fits in no sentence stands in the line; the entry's page has all of it.
MAX_STRANGE = 80


@dataclass(frozen=True, slots=True)
class Strange:
    """A value that fits in no sentence, as JSON."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """``facts`` and ``details`` have every key of `FACTS` and `DETAILS`: None where the entry has
    none, or none of its sort; then it stands among ``strange``.

    ``held`` and ``failed`` say of a verification what `custody.history` does.
    """

    facts: dict[str, Json]
    details: dict[str, Json]
    strange: tuple[Strange, ...]
    held: bool
    failed: bool


def told_of(event: HistoryEvent) -> Told:
    """What can be told of ``event``."""
    strange: list[Strange] = []
    facts = _fitting(event, event.facts, FACTS, strange)
    details = _fitting(event, event.details, DETAILS, strange)
    return Told(facts, details, tuple(strange), held(event), failed(event))


def _fitting(
    event: HistoryEvent,
    values: Mapping[str, Json],
    sorts: Mapping[str, Sort],
    strange: list[Strange],
) -> dict[str, Json]:
    fitting: dict[str, Json] = dict.fromkeys(sorts)
    for key, sort in sorts.items():
        value = values.get(key)
        if value is None or _ONLY.get(key, event.kind) != event.kind:
            continue
        if _fits(value, sort):
            fitting[key] = value
        else:
            strange.append(Strange(key, _as_it_stands(value)))
    return fitting


def _fits(value: Json, sort: Sort) -> bool:
    match sort:
        case Sort.TEXT:
            return isinstance(value, str)
        case Sort.ID:
            return isinstance(value, str) and looks_like_id(value)
        case Sort.COUNT:
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case Sort.TEXTS:
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
        case Sort.LIST:
            return isinstance(value, list)


def _as_it_stands(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_STRANGE else f"{text[:MAX_STRANGE]}…"
