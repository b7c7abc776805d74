"""The tables ingest owns: stations and what they bring, uploads on their way, work to be done."""

import sqlalchemy as sa

from custody.tables import Big, Id, Sha256Hex
from storage.database import UtcDateTime, metadata

stations = sa.Table(
    "stations",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(128), nullable=False, unique=True),
    sa.Column("verifier_key", sa.Text, nullable=False, unique=True),  # signed-note form
    sa.Column("enrolled_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime, nullable=True),
    sa.Column("last_seen_at", UtcDateTime, nullable=True),
    sa.Column("status", sa.JSON, nullable=True),  # the last status the station sent of itself
)

#: One-time enrolment tokens; only their SHA-256 is kept.
enrolment_tokens = sa.Table(
    "enrolment_tokens",
    metadata,
    sa.Column("token_sha256", Sha256Hex, primary_key=True),
    sa.Column("station_name", sa.String(128), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime, nullable=True),
)

#: Challenges to sign (one use) and the bearer tokens given for them; only SHA-256 is kept.
station_sessions = sa.Table(
    "station_sessions",
    metadata,
    sa.Column("token_sha256", Sha256Hex, primary_key=True),
    sa.Column("station_id", Id, sa.ForeignKey("stations.id"), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),  # challenge bearer
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Index("ix_station_sessions_expires_at", "expires_at"),
)

recorders = sa.Table(
    "recorders",
    metadata,
    sa.Column("code", sa.String(64), primary_key=True),
    sa.Column("first_seen_at", UtcDateTime, nullable=False),
    sa.Column("last_seen_at", UtcDateTime, nullable=False),
    sa.Column("station_id", Id, sa.ForeignKey("stations.id"), nullable=True),
)

dock_sessions = sa.Table(
    "dock_sessions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("station_id", Id, sa.ForeignKey("stations.id"), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),  # by the station's clock
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("manifest", sa.Text, nullable=False),  # the signed note as sent
    sa.Column("manifest_sha256", Sha256Hex, nullable=False, unique=True),
    sa.Column("previous_sha256", Sha256Hex, nullable=True),
    sa.Column("file_count", Big, nullable=False),
    sa.Column("total_bytes", Big, nullable=False),
    sa.Column("entry_seq", Big, nullable=True),  # its entry's place in the station's history
    sa.Index("ix_dock_sessions_station_id_opened_at", "station_id", "opened_at"),
)

#: ``offset_bytes`` is what is durable in staging; more may lie there after a crash and is cut off.
uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("station_id", Id, sa.ForeignKey("stations.id"), nullable=True),
    sa.Column("size_bytes", Big, nullable=False),
    sa.Column("sha256", Sha256Hex, nullable=False),
    sa.Column("sm3", Sha256Hex, nullable=True),
    sa.Column("name_raw", sa.LargeBinary, nullable=False),
    sa.Column("file_modified_at", UtcDateTime, nullable=True),
    sa.Column("dock_session_id", Id, nullable=True),
    sa.Column("offset_bytes", Big, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),  # receiving admitted refused terminated
    sa.Column("clip_id", Id, sa.ForeignKey("clips.id"), nullable=True),
    sa.Column("reason", sa.Text, nullable=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Index("ix_uploads_state_updated_at", "state", "updated_at"),
    sa.Index("ix_uploads_sha256", "sha256"),
    # What became of a file of a dock session: nothing else of a file is as rare as these together.
    sa.Index(
        "ix_uploads_station_id_size_bytes_file_modified_at",
        "station_id",
        "size_bytes",
        "file_modified_at",
    ),
)

#: Work a clip still needs: a row exists from admission until the clip is ready, damaged or
#: quarantined. A lease keeps two workers apart and runs out if its holder dies.
clip_work = sa.Table(
    "clip_work",
    metadata,
    sa.Column("clip_id", Id, sa.ForeignKey("clips.id"), primary_key=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("not_before", UtcDateTime, nullable=False),
    sa.Column("lease_owner", sa.String(64), nullable=True),
    sa.Column("lease_until", UtcDateTime, nullable=True),
    sa.Column("last_error", sa.Text, nullable=True),
    sa.Index("ix_clip_work_not_before", "not_before"),
)
