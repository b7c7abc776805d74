"""Dock sessions read back: which there were, what each listed, and what became of every file.

The list is the station's signed word, verified anew at each reading. What became of a file is in
no list: it is looked up among the uploads of the station, by name, size and time, for a file that
came with an earlier session is listed again by each later one.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from custody.events import EventKind
from custody.history import HistoryEvent, events_at
from custody.log.errors import LogError
from custody.log.note import NoteVerifier
from custody.tables import clips
from ingest.errors import DockSessionNotFoundError, ManifestError
from ingest.tables import dock_sessions, stations, uploads
from ingest.uploads import ADMITTED, RECEIVING, REFUSED
from station_agent import wire

#: Files looked up in one query; SQLite takes 32,766 parameters.
MAX_LOOKED_UP = 5_000
_ID = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class DockSession:
    """One visit of a recorder to a station. ``opened_at`` is by the station's clock."""

    id: str
    station_id: str
    source: str
    opened_at: datetime
    received_at: datetime
    manifest_sha256: str
    previous_sha256: str | None
    file_count: int
    total_bytes: int
    entry_seq: int | None


class FileFate(StrEnum):
    """What became of a listed file."""

    ARCHIVED = "archived"
    COMING = "coming"  # announced, its bytes are on their way
    REFUSED = "refused"  # its bytes were not what was announced
    SKIPPED = "skipped"  # the station saw it and does not send it
    MISSING = "missing"  # listed, and not announced until now


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of a list. ``path`` is relative to the source, its parts parted by ``/``.

    ``clip_id`` is set where it is archived, ``sent_bytes`` where it is coming, ``reason`` where it
    was skipped or refused (``code: detail``).
    """

    path: bytes
    size_bytes: int
    modified_at: datetime
    fate: FileFate
    clip_id: str | None = None
    sent_bytes: int = 0
    reason: str | None = None


def find_dock_session(tx: Connection, session_id: str) -> DockSession | None:
    """One session; None if its list never came."""
    if not _ID.fullmatch(session_id):
        return None  # and PostgreSQL is not asked about a NUL
    row = tx.execute(_SESSIONS.where(dock_sessions.c.id == session_id)).one_or_none()
    return None if row is None else _to_session(row)


def get_dock_session(tx: Connection, station_id: str, session_id: str) -> DockSession:
    """One session of this station. Raises `DockSessionNotFoundError`."""
    session = find_dock_session(tx, session_id)
    if session is None or session.station_id != station_id:
        raise DockSessionNotFoundError(session_id[:64])
    return session


def list_dock_sessions(
    tx: Connection, station_id: str, offset: int, limit: int
) -> tuple[list[DockSession], int]:
    """The sessions of a station, the newest first, and how many there are."""
    of_station = dock_sessions.c.station_id == station_id
    rows = tx.execute(
        _SESSIONS.where(of_station)
        .order_by(dock_sessions.c.opened_at.desc(), dock_sessions.c.id)
        .offset(offset)
        .limit(limit)
    )
    total = tx.scalar(sa.select(sa.func.count()).select_from(dock_sessions).where(of_station))
    return [_to_session(row) for row in rows], total or 0


def count_dock_sessions(tx: Connection) -> dict[str, int]:
    """How many sessions each station has had, by its id; stations without one are left out."""
    rows = tx.execute(
        sa.select(dock_sessions.c.station_id, sa.func.count()).group_by(dock_sessions.c.station_id)
    )
    return {row[0]: row[1] for row in rows}


def dockings_of(tx: Connection, session_ids: Iterable[str]) -> dict[str, HistoryEvent]:
    """The ``dock_session.opened`` entry of each session, by its id, in two queries.

    A session whose list never came has none; neither has one whose row points to another entry,
    which a verification finds.
    """
    wanted = sorted(set(session_ids))
    if not wanted:
        return {}
    columns = (dock_sessions.c.id, dock_sessions.c.station_id, dock_sessions.c.entry_seq)
    rows = tx.execute(
        sa.select(*columns).where(
            dock_sessions.c.id.in_(wanted), dock_sessions.c.entry_seq.is_not(None)
        )
    )
    places = {row.id: (f"station:{row.station_id}", row.entry_seq) for row in rows}
    events = events_at(tx, places.values())
    found = {session_id: events.get(place) for session_id, place in places.items()}
    return {
        session_id: event
        for session_id, event in found.items()
        if event is not None
        and event.kind == EventKind.DOCK_SESSION_OPENED
        and event.facts.get("dock_session") == session_id
    }


def read_manifest(tx: Connection, session: DockSession) -> wire.Manifest:
    """The list as its station signed it. Raises `ManifestError` where it no longer is."""
    row = tx.execute(
        sa.select(dock_sessions.c.manifest, stations.c.verifier_key)
        .join(stations, stations.c.id == dock_sessions.c.station_id)
        .where(dock_sessions.c.id == session.id)
    ).one()
    try:
        if hashlib.sha256(row.manifest.encode()).hexdigest() != session.manifest_sha256:
            raise ManifestError("it has another digest than the one that was logged")
        return wire.open_manifest(row.manifest, NoteVerifier.parse(row.verifier_key))
    except (LogError, UnicodeError) as error:
        raise ManifestError(str(error)) from error


def fates_of(
    tx: Connection, session: DockSession, files: Sequence[wire.ManifestFile]
) -> list[ListedFile]:
    """What became of each of ``files`` (at most `MAX_LOOKED_UP`), in their order, in one query."""
    if len(files) > MAX_LOOKED_UP:
        raise ValueError(f"{len(files)} files, at most {MAX_LOOKED_UP} at once")
    keys = {(one.size_bytes, one.modified_at) for one in files if one.skipped is None}
    came: dict[tuple[int, datetime, bytes], list[Row[Any]]] = {}
    if keys:
        place = sa.tuple_(uploads.c.size_bytes, uploads.c.file_modified_at)
        rows = tx.execute(
            sa.select(uploads)
            .where(uploads.c.station_id == session.station_id, place.in_(sorted(keys)))
            .order_by(uploads.c.created_at, uploads.c.id)
        )
        for row in rows:
            key = (row.size_bytes, row.file_modified_at, bytes(row.name_raw))
            came.setdefault(key, []).append(row)
    for several in came.values():
        # What is archived stays so; else the newest tells how it stands. The last one counts.
        several.sort(key=lambda row: (row.dock_session_id == session.id, row.state == ADMITTED))
    listed = []
    for one in files:
        # Files alike in all three, in two folders, have an upload each: none stands for both.
        several = came.get(_key(one), [])
        listed.append(_listed(one, several.pop() if several and one.skipped is None else None))
    return listed


def count_archived_before(
    tx: Connection, session: DockSession, listed: Sequence[ListedFile]
) -> int:
    """How many of ``listed`` (at most `MAX_LOOKED_UP`) brought the archive nothing new.

    The bytes of one are a clip that came before this session, or that another file of it is too.
    """
    archived = [one.clip_id for one in listed if one.clip_id is not None]
    new = sa.select(sa.func.count()).where(
        clips.c.id.in_(set(archived)), clips.c.dock_session_id == session.id
    )
    return len(archived) - (tx.scalar(new) or 0 if archived else 0)


def _key(file: wire.ManifestFile) -> tuple[int, datetime, bytes]:
    return file.size_bytes, file.modified_at, file.path_b64.rpartition(b"/")[2]


def _listed(file: wire.ManifestFile, upload: Row[Any] | None) -> ListedFile:
    common = (file.path_b64, file.size_bytes, file.modified_at)
    if file.skipped is not None:
        return ListedFile(*common, FileFate.SKIPPED, reason=file.skipped)
    if upload is not None and upload.state == ADMITTED:
        return ListedFile(*common, FileFate.ARCHIVED, clip_id=upload.clip_id)
    if upload is not None and upload.state == RECEIVING:
        return ListedFile(*common, FileFate.COMING, sent_bytes=upload.offset_bytes)
    if upload is not None and upload.state == REFUSED:
        return ListedFile(*common, FileFate.REFUSED, reason=upload.reason)
    return ListedFile(*common, FileFate.MISSING)


_SESSIONS = sa.select(*(dock_sessions.c[name] for name in DockSession.__slots__))


def _to_session(row: Row[Any]) -> DockSession:
    return DockSession(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
