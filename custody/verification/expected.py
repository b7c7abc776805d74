"""What the rows must say, from what the log says: pure rules, no I/O.

A column whose details are lost is left out, so that nothing is demanded of it.
"""

import base64
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from custody.events import EventKind
from custody.log.entry import Entry, Json
from custody.object_keys import original_key, rendition_key

Columns = dict[str, object]
#: What an entry commits to; None where that is lost.
Details = Mapping[str, Json] | None

#: What ``clip.admitted`` and ``clip.assigned`` commit to, by the column that repeats it.
ASSIGNED = {name: name for name in ("officer", "recorder", "recorded_at")}
ADMITTED = ASSIGNED | {
    # Only the admission says it: no assignment changes what the recorder's clock said.
    "recorder_clock_at": "recorded_at",
    "name": "name",
    "name_raw": "name_raw",
    "important": "important",
    "station_id": "station",
    "station_name": "station_name",
    "dock_session_id": "dock_session",
    "file_modified_at": "file_modified_at",
}
#: What ``case.created`` and ``case.changed`` commit to.
CASE = {name: name for name in ("number", "title", "party", "occurred_on", "officers")}


@dataclass(slots=True)
class Logged:
    """A row the log speaks of: its columns, the index of its first entry, when that was written.

    An index is None while its entry has none.
    """

    columns: Columns
    index: int | None
    at: datetime
    #: The index of the last entry that said what stands in a column, where the first is not that.
    later: dict[str, int | None] = field(default_factory=dict)

    def change(self, columns: Columns, index: int | None) -> None:
        """Take what a later entry, that of ``index``, says the columns hold now."""
        self.columns |= columns
        self.later |= dict.fromkeys(columns, index)

    def index_of(self, column: str) -> int | None:
        """The index of the entry that says what ``column`` must hold."""
        return self.later.get(column, self.index)


@dataclass(slots=True)
class LoggedLink:
    """A link the log made; ``removed`` once it took it away again."""

    made: Logged
    removed: Logged | None = None


@dataclass(slots=True)
class ExpectedClip:
    """A clip, its renditions (by kind) and its links (by id) as the log has them."""

    clip: Logged | None = None
    renditions: dict[str, Logged] = field(default_factory=dict)
    links: dict[str, LoggedLink] = field(default_factory=dict)
    #: Further names by the id of their row.
    names: dict[str, Logged] = field(default_factory=dict)
    #: Viewings and downloads by the id of their grant, and what was said when they were closed.
    grants: dict[str, Logged] = field(default_factory=dict)
    closed_grants: dict[str, Logged] = field(default_factory=dict)

    def apply(self, entry: Entry, details: Details, index: int | None) -> None:
        """Take the next entry of the clip's item; one that changes no row changes nothing here."""
        if entry.outcome != "ok":
            return
        facts = entry.facts
        match entry.kind:
            case EventKind.CLIP_ADMITTED:
                if self.clip is None:
                    self.clip = Logged(_admitted(facts, details), index, entry.at)
            case EventKind.CLIP_DESCRIBED:
                described = _facts(facts, "media_kind", "duration_ms")
                self._change(described | _details(details, {"media": "media_sha256"}), index)
            case EventKind.CLIP_STATE_CHANGED:
                state = _facts(facts, "state") | _details(details, {"reason": "reason"})
                self._change(state, index)
            case EventKind.CLIP_ASSIGNED:
                self._change(_details(details, ASSIGNED), index)
            case EventKind.CLIP_NAMED:
                named = _named(details) | {"named_by": entry.actor.id}
                self.names[str(facts.get("naming"))] = Logged(named, index, entry.at)
            case EventKind.RENDITION_MADE:
                made = Logged(_rendition(facts, details), index, entry.at)
                self.renditions.setdefault(str(facts.get("kind")), made)
            case EventKind.CLIP_OPENED | EventKind.CLIP_DOWNLOADED:
                kind = "viewing" if entry.kind == EventKind.CLIP_OPENED else "download"
                opened: Columns = {"kind": kind, "actor_id": entry.actor.id, "clip_ids": None}
                opened |= _details(details, {"purpose": "purpose"})
                opened["expires_at"] = facts.get("expires_at")
                self.grants[str(facts.get("grant"))] = Logged(opened, index, entry.at)
            case EventKind.CLIP_VIEWED:
                sent = _facts(facts, "requests", "bytes_sent")
                grant = str(facts.get("grant"))
                # Whoever opens a row that is closed gets it closed again: the first one counts.
                self.closed_grants.setdefault(grant, Logged(sent, index, entry.at))
            case EventKind.LINK_MADE:
                columns: Columns = {
                    "case_id": facts.get("case"),
                    "stage": facts.get("stage"),
                    "linked_by": entry.actor.id,
                }
                self.links[str(facts.get("link"))] = LoggedLink(Logged(columns, index, entry.at))
            case EventKind.LINK_REMOVED:
                link = self.links.get(str(facts.get("link")))
                if link is not None:
                    link.removed = Logged({"unlinked_by": entry.actor.id}, index, entry.at)
            case _:
                return

    def _change(self, columns: Columns, index: int | None) -> None:
        if self.clip is not None:
            self.clip.change(columns, index)


@dataclass(slots=True)
class ExpectedCase:
    """A case as the log has it."""

    case: Logged | None = None

    def apply(self, entry: Entry, details: Details, index: int | None) -> None:
        """Take the next entry of the case's item."""
        if entry.outcome != "ok":
            return
        match entry.kind:
            case EventKind.CASE_CREATED:
                if self.case is None:
                    columns = _case(entry.facts, details) | {"created_by": entry.actor.id}
                    self.case = Logged(columns, index, entry.at)
            case EventKind.CASE_CHANGED:
                # Only what it says it changed: whoever edits a row unseen and waits for somebody
                # to change something else has not changed what the row must say.
                names = entry.facts.get("changed")
                changed = names if isinstance(names, list) else []
                said = _case(entry.facts, details)
                if self.case is not None:
                    new = {name: said[name] for name in said if name in changed}
                    self.case.change(new, index)
            case _:
                return


def _case(facts: Mapping[str, Json], details: Details) -> Columns:
    return _facts(facts, "procedure") | _details(details, CASE)


def _admitted(facts: Mapping[str, Json], details: Details) -> Columns:
    columns = _facts(facts, "sha256", "sm3", "size_bytes")
    columns["object_key"] = original_key(str(facts.get("sha256")))
    # What a clip is until an entry says otherwise.
    columns |= {"state": "archived", "reason": None}
    columns |= {"media_kind": "unknown", "duration_ms": None, "media": None}
    return columns | _details(details, ADMITTED)


def _rendition(facts: Mapping[str, Json], details: Details) -> Columns:
    columns = _facts(facts, "kind", "sha256", "size_bytes", "media_type")
    columns["id"] = facts.get("rendition")
    key = (str(facts.get(name)) for name in ("clip", "kind", "sha256"))
    columns["object_key"] = rendition_key(*key)
    return columns | _details(details, {"made_with": "made_with"})


def _named(details: Details) -> Columns:
    columns = _details(details, {"name": "name", "name_raw": "name_raw"})
    columns["name_sha256"] = ANYTHING
    if isinstance(encoded := columns["name_raw"], str):
        with suppress(ValueError):  # a pending entry may have been written anew, by anybody
            columns["name_sha256"] = hashlib.sha256(base64.b64decode(encoded)).hexdigest()
    return columns


def _facts(facts: Mapping[str, Json], *names: str) -> Columns:
    return {name: facts.get(name) for name in names}


def _details(details: Details, columns: Mapping[str, str]) -> Columns:
    """The columns that repeat ``details``; without them the columns may say anything."""
    if details is None:
        return dict.fromkeys(columns, ANYTHING)
    return {column: details.get(name) for column, name in columns.items()}


#: Stands for a value that nobody knows any more.
ANYTHING = object()
