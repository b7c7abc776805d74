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

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from custody.cells import as_bytes, as_text, raw, read_cell
from custody.events import EventKind
from custody.history import HistoryEvent, events_at
from custody.ids import looks_like_id
from custody.log.errors import LogError
from custody.log.note import NoteVerifier
from custody.tables import clips
from ingest.dock_session_rows import DockSession, read_session, session_columns
from ingest.errors import DockSessionNotFoundError, ManifestError
from ingest.tables import dock_sessions, stations, uploads
from ingest.uploads import ADMITTED, RECEIVING, REFUSED
from station_agent import wire

#: Files looked up in one query; SQLite takes 32,766 parameters.
MAX_LOOKED_UP = 5_000
_ID = re.compile(r"[0-9a-f-]{36}")


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
    wanted = sa.select(*session_columns(tx)).where(dock_sessions.c.id == session_id)
    row = tx.execute(wanted).mappings().first()
    return None if row is None else read_session(row)


def get_dock_session(tx: Connection, station_id: str, session_id: str) -> DockSession:
    """One session of this station. Raises `DockSessionNotFoundError`."""
    session = find_dock_session(tx, session_id)
    if session is None or session.station_id != station_id:
        raise DockSessionNotFoundError(session_id[:64])
    return session


def list_dock_sessions(
    tx: Connection, station_id: str, offset: int, limit: int
) -> tuple[list[DockSession], int]:
    """The sessions of a station, the newest first, and how many there are.

    Rows that were altered stand among them (`DockSession.altered`).
    """
    of_station = dock_sessions.c.station_id == station_id
    rows = tx.execute(
        sa.select(*session_columns(tx))
        .where(of_station)
        .order_by(dock_sessions.c.opened_at.desc(), dock_sessions.c.id)
        .offset(offset)
        .limit(limit)
    )
    total = tx.scalar(sa.select(sa.func.count()).select_from(dock_sessions).where(of_station))
    return [read_session(row) for row in rows.mappings()], total or 0


def count_dock_sessions(tx: Connection) -> dict[str, int]:
    """How many sessions each station has had, by its id; stations without one are left out."""
    rows = tx.execute(
        sa.select(dock_sessions.c.station_id, sa.func.count()).group_by(dock_sessions.c.station_id)
    )
    return {row[0]: row[1] for row in rows}


def dockings_of(tx: Connection, session_ids: Iterable[str]) -> dict[str, HistoryEvent]:
    """The ``dock_session.opened`` entry of each session, by its id, in two queries.

    A session whose list never came has none; neither has one whose row points to another entry,
    or to none, which a verification finds.
    """
    wanted = sorted(filter(looks_like_id, set(session_ids)))
    if not wanted:
        return {}
    columns = (dock_sessions.c.id, dock_sessions.c.station_id, dock_sessions.c.entry_seq)
    rows = tx.execute(
        sa.select(*columns).where(
            dock_sessions.c.id.in_(wanted), dock_sessions.c.entry_seq.is_not(None)
        )
    )
    places = {
        row.id: (f"station:{row.station_id}", row.entry_seq)
        for row in rows
        if looks_like_id(str(row.station_id)) and isinstance(row.entry_seq, int)
    }
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
    rows = tx.execute(
        sa.select(raw(tx, dock_sessions.c.manifest), raw(tx, stations.c.verifier_key))
        .join(stations, stations.c.id == dock_sessions.c.station_id)
        .where(dock_sessions.c.id == session.id)
    ).all()
    if not rows:
        raise ManifestError("its station is gone")
    if len(rows) > 1:
        raise ManifestError("another row stands under its id, or under its station's")
    row = rows[0]
    if not (isinstance(row.manifest, str) and isinstance(row.verifier_key, str)):
        raise ManifestError("the list or its station's key is no text")
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
    came: dict[tuple[int, datetime, bytes], list[_Came]] = {}
    if keys:
        place = sa.tuple_(uploads.c.size_bytes, uploads.c.file_modified_at)
        rows = tx.execute(
            sa.select(*(raw(tx, uploads.c[name]) for name in _CAME))
            .where(uploads.c.station_id == session.station_id, place.in_(sorted(keys)))
            .order_by(uploads.c.created_at, uploads.c.id)
        )
        for row in rows.mappings():
            key, upload = _read_came(row)
            came.setdefault(key, []).append(upload)
    for several in came.values():
        # What is archived stays so; else the newest tells how it stands. The last one counts.
        several.sort(key=lambda one: (one.dock_session_id == session.id, one.state == ADMITTED))
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


@dataclass(frozen=True, slots=True)
class _Came:
    """What the row of an upload tells of a file; a cell that was altered tells nothing."""

    state: str
    clip_id: str | None
    offset_bytes: int
    reason: str | None
    dock_session_id: str | None


_CAME = ("size_bytes", "file_modified_at", "name_raw", *_Came.__slots__)


def _read_came(row: RowMapping) -> tuple[tuple[int, datetime, bytes], _Came]:
    cells = {name: read_cell(uploads.c[name], row[name]) for name in _CAME}
    offset, clip_id, reason = cells["offset_bytes"], cells["clip_id"], cells["reason"]
    upload = _Came(
        state=as_text(cells["state"]),
        clip_id=clip_id if isinstance(clip_id, str) and looks_like_id(clip_id) else None,
        offset_bytes=offset if isinstance(offset, int) else 0,
        reason=None if reason is None else as_text(reason),
        dock_session_id=as_text(cells["dock_session_id"]),
    )
    return (cells["size_bytes"], cells["file_modified_at"], as_bytes(cells["name_raw"])), upload


def _listed(file: wire.ManifestFile, upload: _Came | None) -> ListedFile:
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
