"""What an entry changed of a clip or a case: the old value and the new one of each field. Pure.

Entries written before an old value was kept in them say only the new one. What they commit to may
be of any version, or destroyed: what can't be read as a change is none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from api.web.entry_values import Part
from custody.cases import CASE_FIELDS, Procedure
from custody.events import EventKind
from custody.history import HistoryEvent
from custody.log.canonical import parse_time
from custody.log.entry import Json
from custody.log.errors import LogError

#: What an assignment says, in the order of the form.
ASSIGNED_FIELDS = ("officer", "recorder", "recorded_at")


@dataclass(frozen=True, slots=True)
class Change:
    """One field: ``word`` is its key in the catalogue, ``was`` None where the entry has none."""

    word: str
    was: Part | None
    now: Part


def changes_of(event: HistoryEvent) -> list[Change]:
    """What ``event`` changed, in the order of the form; empty for one that changes no field."""
    details = event.details
    was = details.get("was")
    before = was if isinstance(was, dict) else None
    if event.kind == EventKind.CLIP_ASSIGNED:
        names = [name for name in ASSIGNED_FIELDS if _is_new(name, details, before)]
        return _changes("clip.", names, before, details)
    if event.kind == EventKind.CASE_CHANGED:
        said = event.facts.get("changed")
        changed = said if isinstance(said, list) else []
        now = {**details, "procedure": event.facts.get("procedure")}
        names = [name for name in CASE_FIELDS if name in changed and name in now]
        return _changes("case.", names, before, now)
    return []


def _is_new(name: str, now: Mapping[str, Json], was: Mapping[str, Json] | None) -> bool:
    """Whether it was said anew; of an entry without the old values, all that is something."""
    return now.get(name) is not None if was is None else was.get(name) != now.get(name)


def _changes(
    family: str,
    names: Iterable[str],
    was: Mapping[str, Json] | None,
    now: Mapping[str, Json],
) -> list[Change]:
    return [
        Change(
            family + name,
            None if was is None or name not in was else _part(name, was[name]),
            _part(name, now.get(name)),
        )
        for name in names
    ]


def _part(name: str, value: Json) -> Part:
    if value in (None, "", []):
        return Part("nothing")
    if name == "procedure" and value in list(Procedure):
        return Part("word", f"procedure.{value}", str(value))
    if name == "officers" and isinstance(value, list):
        return Part("list", tuple(Part("text", _officer(one)) for one in value))
    if name == "recorded_at" and isinstance(value, str):
        moment = _time(value)
        return Part("text", value) if moment is None else Part("time", moment)
    return Part("text", str(value))


def _officer(one: Json) -> str:
    if not isinstance(one, dict):
        return str(one)
    return f"{one.get('officer') or ''} {one.get('certificate_number') or ''}".strip()


def _time(text: str) -> datetime | None:
    try:
        return parse_time(text)
    except LogError:
        return None
