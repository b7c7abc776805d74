"""What commands look up, and how it reads as JSON."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from api.cli.failures import CommandError
from api.cli.output import local
from api.cli.words import say, say_clip_state
from custody.case_numbers import normalize_case_number
from custody.cases import Case, find_case
from custody.clip_search import ClipFilter, search_clips
from custody.clips import Clip
from custody.errors import CaseNotFoundError
from custody.history import HistoryEvent
from custody.recording_times import TimeSource
from custody.tables import cases

PAGE = 500


def all_clips(tx: Connection, wanted: ClipFilter, limit: int | None) -> tuple[list[Clip], int]:
    """Every clip the filter finds, or the first ``limit``, page by page; how many there are."""
    found: list[Clip] = []
    total = 0
    while limit is None or len(found) < limit:
        ask = PAGE if limit is None else min(PAGE, limit - len(found))
        page = search_clips(tx, wanted, offset=len(found), limit=ask)
        found += page.clips
        total = page.total
        if len(page.clips) < ask:
            break
    return found, total


def find_clip(tx: Connection, name: str) -> Clip:
    """The clip with this id, or whose SHA-256 or id begins like this if that is only one.

    Raises `CommandError`.
    """
    page = search_clips(tx, ClipFilter(text=name), limit=20)
    exact = [clip for clip in page.clips if name in (clip.id, clip.sha256)]
    if exact:
        return exact[0]
    begins = [clip for clip in page.clips if clip.sha256.startswith(name.lower())]
    if len(begins) == 1 and len(name) >= 8:
        return begins[0]
    raise CommandError("failure.no_clip", name=name)


def find_case_id(tx: Connection, number: str) -> str:
    """The id of the case with this number, whatever else its row holds.

    Raises `CaseNotFoundError`, `CaseNumberError`.
    """
    wanted = sa.select(cases.c.id).where(cases.c.number == normalize_case_number(number))
    case_id = tx.scalar(wanted)
    if case_id is None:
        raise CaseNotFoundError(number)
    return str(case_id)


def get_case_by_number(tx: Connection, number: str) -> Case:
    """The case with this number in any accepted writing, to be shown, whatever its rows hold.

    Raises `CaseNotFoundError`.
    """
    case = find_case(tx, number)
    if case is None:
        raise CaseNotFoundError(number)
    return case


def clip_json(clip: Clip) -> dict[str, Any]:
    """A clip for programs; times are RFC 3339 in UTC, sizes bytes.

    ``recorded_at_source`` is ``recorder`` (its own clock) or ``hand`` (somebody set it), null where
    there is no time; ``recorder_clock_at`` is what the recorder's own clock said, either way.

    ``altered`` names what its row holds that never was written there; in its place stands null.
    """
    values = {
        "id": clip.id,
        "sha256": clip.sha256,
        "sm3": clip.sm3,
        "name": clip.name,
        "size_bytes": clip.size_bytes,
        "recorded_at": clip.recorded_at,
        "recorded_at_source": clip.recorded_at_source,
        "recorder_clock_at": clip.recorder_clock_at,
        "officer": clip.officer,
        "recorder": clip.recorder,
        "state": clip.state,
        "reason": clip.reason,
        "media_kind": clip.media_kind,
        "duration_ms": clip.duration_ms,
        "important": clip.important,
        "admitted_at": clip.admitted_at,
        "station": clip.station_name,
        "altered": list(clip.altered),
    }
    return values | {name: None for name in clip.altered if name in values}


def row_altered(language: str, columns: Sequence[str]) -> str:
    """Which columns of a row hold what never was written there; empty if none does."""
    return say(language, "row.altered", columns=", ".join(columns)) if columns else ""


def case_title(language: str, case: Case) -> str:
    """What a case is about, and whether its row can be believed; for people."""
    if case.altered:
        return f"{case.title} ({row_altered(language, case.altered)})"
    return case.title


def clip_recorded(language: str, clip: Clip, zone: ZoneInfo) -> str:
    """When a clip was recorded, and that a person says so where one does; for people."""
    if clip.recorded_at_source != TimeSource.HAND:
        return local(clip.recorded_at, zone)
    return say(language, "recorded.by_hand", time=local(clip.recorded_at, zone))


def clip_state(language: str, clip: Clip) -> str:
    """How a clip is, in one word and why; for people."""
    if clip.altered:
        return row_altered(language, clip.altered)
    return say_clip_state(language, clip.state, clip.reason, clip.media_kind)


def case_json(case: Case) -> dict[str, Any]:
    """A case for programs; ``altered`` and what stands in its place are as of `clip_json`."""
    values: dict[str, Any] = {
        "id": case.id,
        "number": case.number,
        "procedure": case.procedure,
        "title": case.title,
        "party": case.party,
        "occurred_on": None if case.occurred_on is None else case.occurred_on.isoformat(),
        "created_at": case.created_at,
        "officers": [
            {"officer": one.officer, "certificate_number": one.certificate_number}
            for one in case.officers
        ],
        "clip_count": case.clip_count,
        "altered": list(case.altered),
    }
    return values | {name: None for name in case.altered if name in values}


def event_json(event: HistoryEvent) -> dict[str, Any]:
    return {
        "index": event.idx,
        "item": event.item,
        "item_seq": event.item_seq,
        "kind": event.kind,
        "at": event.at,
        "actor": {
            "id": event.actor_id,
            "name": event.actor_name,
            "role": event.role,
            "via": event.via,
            "origin": event.origin,
        },
        "outcome": event.outcome,
        "facts": event.facts,
        "details": event.details,
        "details_destroyed": None if event.gone is None else event.gone.as_json(),
        "leaf_hash": event.leaf_hash,
        "published": event.published,
        "intact": event.intact,
    }
