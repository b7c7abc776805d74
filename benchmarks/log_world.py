"""A log like a bureau's, of any size: clips that were admitted, made ready and looked at.

Of a clip there are `A_CLIP` entries of 400 to 600 bytes: it was admitted, became ready, and was
opened and closed again by one officer after another. Its row stands beside them. Ended viewings
have no row any more, as after their sweep. The objects that rows and entries name are not made:
nothing here reads a recording.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from api.config import load_config
from api.services import Services, create_home, open_services
from custody.actors import Actor, Role, Via
from custody.clip_details import admitted_details, admitted_facts
from custody.clip_rows import Clip, ClipState
from custody.clock import FixedClock
from custody.events import EventKind, clip_item
from custody.ledger import Event
from custody.log.canonical import format_time
from custody.object_keys import original_key
from custody.tables import clips
from storage.database import Database

#: Entries of one clip.
A_CLIP = 10
#: Clips in one transaction: `Ledger.append_many` is meant for so many items.
AT_A_TIME = 400
NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
VIEWER = Actor("b7b0a7f0-0000-7000-8000-000000000001", Role.LEGAL, Via.PASSWORD, "10.0.0.7", "bob")
WORKER = Actor("worker", Role.SYSTEM, Via.SERVICE, "local", "worker")


@contextmanager
def open_log(home: Path, database_url: str | None = None) -> Iterator[Services]:
    """The services over an empty home, on its own SQLite or on ``database_url``."""
    config = load_config(home, environment={}, database_url=database_url)
    create_home(config)
    with open_services(config, clock=FixedClock(NOW)) as services:
        yield services


def append_entries(services: Services, count: int) -> None:
    """Commit ``count`` entries, those of whole clips; pending.

    Through the ledger, as every entry comes in; several clips share a transaction to save time.
    """
    end = count // A_CLIP
    for start in range(0, end, AT_A_TIME):
        with services.database.write() as tx:
            _append_clips(tx, services, range(start, min(start + AT_A_TIME, end)))


def analyze(database: Database) -> None:
    """Give the planner its statistics, as PostgreSQL's own sweep would have by now."""
    if not database.is_sqlite:
        with database.write() as tx:
            tx.exec_driver_sql("ANALYZE")


def _append_clips(tx: Connection, services: Services, numbers: range) -> None:
    made = [a_clip(number) for number in numbers]
    tx.execute(clips.insert(), [row_of(clip) for clip in made])
    ledger = services.ledger
    for actor, events in ((WORKER, _arrivals), (VIEWER, viewings)):
        ledger.append_many(tx, actor, [event for clip in made for event in events(clip)])


def a_clip(number: int) -> Clip:
    """The clip of this number, always the same."""
    digest = sha256(number.to_bytes(8, "big")).hexdigest()
    name = f"TA{number % 99_999:05}_JX{number % 500:04}_20261122093621.MOV"
    return Clip(
        id=_id("clip", number),
        sha256=digest,
        sm3=digest[::-1],
        size_bytes=1_234_567_890 + number,
        object_key=original_key(digest),
        name=name,
        name_raw=name.encode(),
        media_kind="unknown",  # no entry here says what a probe found
        recorded_at=NOW,
        file_modified_at=NOW,
        officer=f"JX{number % 500:04}",
        recorder=f"TA{number % 99_999:05}",
        important=False,
        station_id=_id("station", number % 7),
        station_name="一号站",
        dock_session_id=_id("session", number // 40),
        admitted_at=NOW,
        state=ClipState.READY.value,
        reason=None,
        duration_ms=None,
        media=None,
        recorder_clock_at=NOW,
    )


def row_of(clip: Clip) -> dict[str, Any]:
    """Its row in `custody.tables.clips`."""
    row = asdict(clip)
    return {column.name: row[column.name] for column in clips.c if column.name in row}


def _arrivals(clip: Clip) -> Iterator[Event]:
    item = clip_item(clip.id)
    yield Event(EventKind.CLIP_ADMITTED, item, admitted_facts(clip), admitted_details(clip))
    state = {"clip": clip.id, "state": ClipState.READY.value}
    yield Event(EventKind.CLIP_STATE_CHANGED, item, state, {"reason": None})


def viewings(clip: Clip) -> Iterator[Event]:
    """What the log says of those who looked at ``clip``."""
    item = clip_item(clip.id)
    for number in range((A_CLIP - 2) // 2):
        grant = _id(clip.id, number)
        opened = {"grant": grant, "expires_at": format_time(NOW)}
        yield Event(EventKind.CLIP_OPENED, item, opened, {"purpose": "案件办理：占道经营复核"})
        closed = {"grant": grant, "kind": "viewing", "requests": 12, "bytes_sent": 73_400_320}
        yield Event(EventKind.CLIP_VIEWED, item, closed, {"viewer": VIEWER.id})


def _id(sort: str, number: int) -> str:
    return str(uuid.UUID(bytes=sha256(f"{sort}/{number}".encode()).digest()[:16]))
