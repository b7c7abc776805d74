"""The row of an upload of a file on a dock session's list."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ingest.tables import dock_sessions, uploads


def add_admitted_upload(
    tx: Connection, upload_id: str, clip_id: str, taken: timedelta = timedelta()
) -> None:
    """As if the file ``a.mp4`` of the first session had become the clip, so long after docking."""
    session = tx.execute(sa.select(dock_sessions)).first()
    assert session is not None
    tx.execute(
        uploads.insert().values(
            id=upload_id,
            station_id=session.station_id,
            size_bytes=7,
            sha256="0" * 64,
            name_raw=b"a.mp4",
            file_modified_at=session.opened_at,
            dock_session_id=session.id,
            offset_bytes=7,
            state="admitted",
            clip_id=clip_id,
            created_at=session.opened_at,
            updated_at=session.opened_at + taken,
        )
    )
