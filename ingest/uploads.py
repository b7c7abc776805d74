"""Uploads as rows, and the rules about them: what may be announced, where one stands, how it ends.

An upload is ``receiving`` until it ends as ``admitted`` (its clip is archived), ``refused`` (its
bytes are not what was announced) or ``terminated`` (given up). ``offset_bytes`` never says more
than what is durable in staging. ``clip_id`` of an upload that is receiving names the clip whose
object the store has lost, and which these bytes will restore.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.cells import fitting_rows, raw_columns
from custody.clips import find_clip_by_digest
from custody.clock import Clock
from custody.ids import new_id
from custody.ledger import Ledger
from ingest.admission import note_name
from ingest.announcements import Announcement
from ingest.errors import (
    AnnouncementError,
    DigestMismatchError,
    DockSessionMissingError,
    UploadGoneError,
    UploadNotFoundError,
    UploadTooLargeError,
)
from ingest.tables import dock_sessions, stations, uploads

RECEIVING, ADMITTED, REFUSED, TERMINATED = "receiving", "admitted", "refused", "terminated"

#: As many as one statement asks for; SQLite takes 32,766 parameters.
MAX_IDS = 1000
_ID = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A row of uploads."""

    id: str
    station_id: str | None
    size_bytes: int
    sha256: str
    sm3: str | None
    name_raw: bytes
    file_modified_at: datetime | None
    dock_session_id: str | None
    offset_bytes: int
    state: str
    clip_id: str | None
    reason: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def announcement(self) -> Announcement:
        """What was said when the upload began."""
        return Announcement(
            size_bytes=self.size_bytes,
            sha256=self.sha256,
            sm3=self.sm3,
            name_raw=self.name_raw,
            file_modified_at=self.file_modified_at,
            dock_session_id=self.dock_session_id,
        )

    @property
    def is_complete(self) -> bool:
        """Every byte is here; what is left is to admit them."""
        return self.offset_bytes == self.size_bytes


def announce(
    tx: Connection,
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    announcement: Announcement,
    max_bytes: int,
    *,
    lost: bool = False,
) -> Upload:
    """Begin an upload for station ``actor``; one whose bytes are archived already begins admitted,
    and their clip is known under this name from now on too.

    With ``lost`` their object is not in the store any more (`ingest.admission.stands`): they must
    come again.

    The same announcement again, before a byte has come, gives the same upload: its sender has not
    heard the answer, or was killed and asks anew while we are at it. Raises `AnnouncementError`,
    `DockSessionMissingError` for a session whose manifest is not here, `UploadTooLargeError`, and
    `DigestMismatchError` where the archive knows these bytes under another SM3.
    """
    if announcement.size_bytes == 0:
        raise AnnouncementError("the file is empty")
    if announcement.size_bytes > max_bytes:
        raise UploadTooLargeError(f"at most {max_bytes} bytes")
    if announcement.dock_session_id is not None:
        owner = tx.scalar(
            sa.select(dock_sessions.c.station_id).where(
                dock_sessions.c.id == announcement.dock_session_id
            )
        )
        # Under a session that nobody has a list of, nothing would show what is missing. The station
        # keeps the file and the manifest: it costs no evidence to ask for that first.
        if owner is None:
            raise DockSessionMissingError(announcement.dock_session_id)
        if owner != actor.id:
            raise AnnouncementError("the dock session is another station's")
    # One announcement of a station after the other: of two at once neither would see the other's.
    tx.execute(
        sa.select(stations.c.id).where(stations.c.id == actor.id).with_for_update(key_share=True)
    )
    known = find_clip_by_digest(tx, announcement.sha256)
    if known is not None:
        if announcement.size_bytes != known.size_bytes:
            raise AnnouncementError("the archive knows these bytes with another size")
        if announcement.sm3 not in {None, known.sm3}:
            raise DigestMismatchError("the archive knows these bytes with another SM3")
    archived = known is not None and not lost
    if known is not None and archived:
        note_name(tx, ledger, actor, known, announcement.name_raw)
    if not archived and (begun := _find_begun(tx, actor, announcement)) is not None:
        return begun
    now = clock.now()
    upload = Upload(
        id=new_id(),
        station_id=actor.id,
        size_bytes=announcement.size_bytes,
        sha256=announcement.sha256,
        sm3=announcement.sm3,
        name_raw=announcement.name_raw,
        file_modified_at=announcement.file_modified_at,
        dock_session_id=announcement.dock_session_id,
        offset_bytes=announcement.size_bytes if archived else 0,
        state=ADMITTED if archived else RECEIVING,
        clip_id=known.id if known else None,
        reason=None,
        created_at=now,
        updated_at=now,
    )
    tx.execute(
        uploads.insert().values(
            {column.name: getattr(upload, column.name) for column in uploads.columns}
        )
    )
    return upload


def _find_begun(tx: Connection, actor: Actor, announcement: Announcement) -> Upload | None:
    wanted = (
        sa.select(*raw_columns(tx, uploads))
        .where(
            uploads.c.sha256 == announcement.sha256,
            uploads.c.station_id == actor.id,
            uploads.c.state == RECEIVING,
            uploads.c.offset_bytes == 0,
        )
        .order_by(uploads.c.id)
    )
    return next(
        (upload for upload in _read(tx, wanted) if upload.announcement == announcement), None
    )


def get_upload(tx: Connection, upload_id: str, station_id: str | None = None) -> Upload:
    """One upload, of ``station_id`` if that is given.

    Raises `UploadNotFoundError`, also where its row was altered: its sender announces it anew.
    """
    if not _ID.fullmatch(upload_id):
        raise UploadNotFoundError(upload_id[:64])
    wanted = sa.select(*raw_columns(tx, uploads)).where(uploads.c.id == upload_id)
    if station_id is not None:
        wanted = wanted.where(uploads.c.station_id == station_id)
    upload = next(_read(tx, wanted), None)
    if upload is None:
        raise UploadNotFoundError(upload_id[:64])
    return upload


def get_standing(tx: Connection, upload_id: str, station_id: str | None = None) -> Upload:
    """As `get_upload`, and raises `UploadGoneError` for one that was refused or terminated."""
    upload = get_upload(tx, upload_id, station_id)
    if upload.state in {REFUSED, TERMINATED}:
        raise UploadGoneError(upload.reason or upload.state)
    return upload


def set_offset(tx: Connection, clock: Clock, upload_id: str, offset_bytes: int) -> None:
    """Say that the upload's first ``offset_bytes`` are durable. Raises `UploadGoneError`."""
    _change(tx, clock, upload_id, offset_bytes=offset_bytes)


def touch(tx: Connection, clock: Clock, upload_id: str) -> None:
    """Note that work was done on the upload, so that the sweep turns to others first."""
    _change(tx, clock, upload_id)


def finish(tx: Connection, clock: Clock, upload_id: str, clip_id: str) -> None:
    """The clip is admitted. Raises `UploadGoneError` where the upload is no longer receiving."""
    _change(tx, clock, upload_id, state=ADMITTED, clip_id=clip_id)


def refuse(tx: Connection, clock: Clock, upload_id: str, reason: str) -> None:
    """The bytes are not what was announced. Raises as `finish`."""
    _change(tx, clock, upload_id, state=REFUSED, reason=reason)


def terminate(tx: Connection, clock: Clock, upload_id: str, reason: str) -> None:
    """Given up, by the sender or by the sweep. Raises as `finish`."""
    _change(tx, clock, upload_id, state=TERMINATED, reason=reason)


def find_complete(tx: Connection, before: datetime, limit: int) -> list[Upload]:
    """Uploads whose bytes are all here, left alone since ``before``, oldest first."""
    return _receiving(tx, uploads.c.offset_bytes == uploads.c.size_bytes, before, limit)


def find_stale(tx: Connection, before: datetime, limit: int) -> list[Upload]:
    """Unfinished uploads, left alone since ``before``, oldest first."""
    return _receiving(tx, uploads.c.offset_bytes < uploads.c.size_bytes, before, limit)


def states_of(tx: Connection, upload_ids: Sequence[str]) -> dict[str, str]:
    """The state of each of these uploads that there is."""
    found: dict[str, str] = {}
    for start in range(0, len(upload_ids), MAX_IDS):
        wanted = upload_ids[start : start + MAX_IDS]
        rows = tx.execute(sa.select(uploads.c.id, uploads.c.state).where(uploads.c.id.in_(wanted)))
        found.update((row.id, row.state) for row in rows)
    return found


def _receiving(
    tx: Connection, condition: sa.ColumnElement[bool], before: datetime, limit: int
) -> list[Upload]:
    wanted = (
        sa.select(*raw_columns(tx, uploads))
        .where(uploads.c.state == RECEIVING, uploads.c.updated_at < before, condition)
        .order_by(uploads.c.updated_at)
        .limit(limit)
    )
    return list(_read(tx, wanted))


def _read(tx: Connection, wanted: sa.Select[Any]) -> Iterator[Upload]:
    """An upload whose row was altered is left alone, and holds up no other."""
    rows = tx.execute(wanted).mappings().all()
    return (Upload(**cells) for cells in fitting_rows(uploads, rows))


def _change(tx: Connection, clock: Clock, upload_id: str, **values: object) -> None:
    changed = tx.execute(
        uploads.update()
        .where(uploads.c.id == upload_id, uploads.c.state == RECEIVING)
        .values(updated_at=clock.now(), **values)
    )
    if changed.rowcount != 1:
        raise UploadGoneError(upload_id[:64])
