"""Dock sessions: a station's signed list of everything a recorder held when it was docked.

The list is what later proves that nothing is missing, so it is kept as signed, byte for byte.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.clock import Clock
from custody.events import EventKind
from custody.first_writer import insert_first
from custody.ledger import Event, Ledger
from custody.log.canonical import EARLIEST, LATEST
from custody.log.errors import LogError
from custody.log.note import NoteVerifier
from ingest.errors import ManifestError
from ingest.filenames import decode_name, parse_filename
from ingest.stations import get_standing
from ingest.tables import dock_sessions, recorders
from station_agent import wire

#: The largest whole number an entry of the log can hold.
MAX_TOTAL_BYTES = 2**53 - 1


@dataclass(frozen=True, slots=True)
class ReceivedManifest:
    """``created`` is False where exactly this manifest was received before."""

    session_id: str
    created: bool


def receive_manifest(
    tx: Connection, ledger: Ledger, clock: Clock, actor: Actor, note: str
) -> ReceivedManifest:
    """Keep a manifest that station ``actor`` signed, log it, and note the recorders it names.

    Idempotent by the digest of the note. Raises `ManifestError` where the signature is not that
    station's, the text is no manifest, or its session's id belongs to another manifest, and
    `StationAuthError` for a station that was revoked meanwhile.
    """
    verifier = NoteVerifier.parse(get_standing(tx, actor.id).verifier_key)
    try:
        manifest = wire.open_manifest(note, verifier)
        digest = hashlib.sha256(note.encode()).hexdigest()
    except (LogError, UnicodeError) as error:
        raise ManifestError(str(error)) from error
    if "\x00" in manifest.source:
        raise ManifestError("its source holds a NUL")
    total_bytes = sum(file.size_bytes for file in manifest.files)
    if total_bytes > MAX_TOTAL_BYTES:
        raise ManifestError("more bytes than there are")
    times = [manifest.opened_at, *(file.modified_at for file in manifest.files)]
    if not all(EARLIEST <= time <= LATEST for time in times):
        raise ManifestError(f"a time outside the years {EARLIEST.year} to {LATEST.year}")
    now = clock.now()
    created = insert_first(
        tx,
        dock_sessions,
        {
            "id": _checked_id(manifest.session_id),
            "station_id": actor.id,
            "source": manifest.source,
            "opened_at": manifest.opened_at,
            "received_at": now,
            "manifest": note,
            "manifest_sha256": digest,
            "previous_sha256": manifest.previous_sha256,
            "file_count": len(manifest.files),
            "total_bytes": total_bytes,
        },
    )
    if not created:
        return ReceivedManifest(_known_session(tx, digest, manifest.session_id), created=False)
    _note_recorders(tx, actor.id, now, manifest)
    appended = ledger.append(
        tx,
        actor,
        Event(
            EventKind.DOCK_SESSION_OPENED,
            f"station:{actor.id}",
            facts={
                "dock_session": manifest.session_id,
                "manifest_sha256": digest,
                "files": len(manifest.files),
                "total_bytes": total_bytes,
                "previous": manifest.previous_sha256,
            },
            details={"source": manifest.source},
        ),
    )
    # So that the entry of a session is found among the many of its station.
    tx.execute(
        dock_sessions.update()
        .where(dock_sessions.c.id == manifest.session_id)
        .values(entry_seq=appended.item_seq)
    )
    return ReceivedManifest(manifest.session_id, created=True)


def _known_session(tx: Connection, digest: str, session_id: str) -> str:
    known: str | None = tx.scalar(
        sa.select(dock_sessions.c.id).where(dock_sessions.c.manifest_sha256 == digest)
    )
    if known is None:
        raise ManifestError(f"another manifest was received for session {session_id}")
    return known


def _note_recorders(
    tx: Connection, station_id: str, now: datetime, manifest: wire.Manifest
) -> None:
    # The zone plays no part here: only the recorder's code is taken from the name.
    names = (file.path_b64.rpartition(b"/")[2] for file in manifest.files)
    parsed = (parse_filename(decode_name(name), UTC) for name in names)
    codes = {found.recorder for found in parsed if found is not None and found.recorder}
    if not codes:
        return
    # The same words on both engines, but each dialect has a class of its own.
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    statement = insert(recorders)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=[recorders.c.code],
            set_={
                "last_seen_at": statement.excluded.last_seen_at,
                "station_id": statement.excluded.station_id,
            },
        ),
        # In one order everywhere, so that two stations with the same recorders can't deadlock.
        [
            {"code": code, "first_seen_at": now, "last_seen_at": now, "station_id": station_id}
            for code in sorted(codes)
        ],
    )


def _checked_id(session_id: str) -> str:
    try:
        canonical = str(uuid.UUID(session_id))
    except ValueError as error:
        raise ManifestError("the session's id is no UUID") from error
    if canonical != session_id:
        raise ManifestError("the session's id is no UUID in its usual form")
    return session_id
