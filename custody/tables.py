"""The tables custody owns. Only the module named beside a table writes it."""

import sqlalchemy as sa

from storage.database import UtcDateTime, metadata

Id = sa.String(36)
Sha256Hex = sa.String(64)
Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# --- the log (custody.ledger appends, custody.publishing numbers and publishes) ----------

#: One row an entry. ``idx`` is NULL while the entry is pending; the sequencer numbers committed
#: rows in order of ``id`` and nothing ever changes a number again. ``salt`` and ``details`` stand
#: beside the entry and can be destroyed on their legal date (custody.details.destroying): the entry
#: holds only a commitment. ``details_destroyed_at`` is then the time of the entry that says so,
#: ``details_destroyed_under`` its number (``item_seq``) among the entries of the log itself.
log_entries = sa.Table(
    "log_entries",
    metadata,
    sa.Column("id", Big, primary_key=True, autoincrement=True),
    sa.Column("idx", Big, nullable=True),
    sa.Column("leaf_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("item", sa.String(128), nullable=False),
    sa.Column("item_seq", Big, nullable=False),
    sa.Column("actor_id", sa.String(64), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("salt", sa.LargeBinary(32), nullable=True),
    sa.Column("details", sa.Text, nullable=True),
    sa.Column("details_destroyed_at", UtcDateTime, nullable=True),
    sa.Column("details_destroyed_under", sa.Text, nullable=True),
    sa.UniqueConstraint("item", "item_seq"),
    sa.Index("uq_log_entries_idx", "idx", unique=True),
    sa.Index(
        "ix_log_entries_pending",
        "id",
        sqlite_where=sa.text("idx IS NULL"),
        postgresql_where=sa.text("idx IS NULL"),
    ),
    sa.Index("ix_log_entries_kind_idx", "kind", "idx"),
    sa.Index("ix_log_entries_actor_id_idx", "actor_id", "idx"),
    sa.Index("ix_log_entries_at_idx", "at", "idx"),
    # The few entries that say whether an item stands, however long its history is.
    sa.Index(
        "ix_log_entries_verification_runs",
        "item",
        "item_seq",
        sqlite_where=sa.text("kind = 'verification.run'"),
        postgresql_where=sa.text("kind = 'verification.run'"),
    ),
    sqlite_autoincrement=True,
)

#: The one row (id 1) that says how far the log has come: entries numbered, entries in tiles.
log_state = sa.Table(
    "log_state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sequenced", Big, nullable=False),
    sa.Column("integrated", Big, nullable=False),
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("size", Big, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("published_at", UtcDateTime, nullable=False),
)

#: What others signed of our checkpoints (custody.witnesses.cosignatures): one row a key and
#: checkpoint. ``key_id`` is the SHA-256 of ``vkey``, ``line`` the signature line, ``cosigned_at``
#: the POSIX seconds in it; ``station_id`` names the station that brought it. ``archived_at`` is
#: NULL until the object beside the archived checkpoint stands.
cosignatures = sa.Table(
    "cosignatures",
    metadata,
    sa.Column("size", Big, primary_key=True, autoincrement=False),
    sa.Column("key_id", Sha256Hex, primary_key=True),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    sa.Column("vkey", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("cosigned_at", Big, nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("station_id", Id, nullable=True),
    sa.Column("archived_at", UtcDateTime, nullable=True),
    sa.Index("ix_cosignatures_key_id_size", "key_id", "size"),
    sa.Index(
        "ix_cosignatures_waiting",
        "size",
        sqlite_where=sa.text("archived_at IS NULL"),
        postgresql_where=sa.text("archived_at IS NULL"),
    ),
)

#: What time-stamping authorities said of a checkpoint (custody.timestamps.stamps): their answer as
#: it came, the time in it, and when we had it. An object holds the same bytes.
timestamps = sa.Table(
    "timestamps",
    metadata,
    sa.Column("size", Big, primary_key=True, autoincrement=False),
    sa.Column("authority", sa.String(40), primary_key=True),
    sa.Column("token", sa.LargeBinary, nullable=False),
    sa.Column("stamped_at", UtcDateTime, nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
)

#: How asking each witness and authority went last (custody.asked_states); no evidence rests on it.
#: ``failing_since`` and ``trouble`` are NULL while it answers.
asked_states = sa.Table(
    "asked_states",
    metadata,
    sa.Column("sort", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("tried_at", UtcDateTime, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("failing_since", UtcDateTime, nullable=True),
    sa.Column("trouble", sa.String(16), nullable=True),
)

# --- evidence (custody.clips) --------------------------------------------------------------------

#: One original. ``sha256`` is its identity. ``name`` is the file name as readable text,
#: ``name_raw`` the bytes the recorder's file system gave. ``recorder_clock_at`` is when it was
#: made by the recorder's own clock (from the name it was admitted under), never corrected;
#: ``recorded_at`` is the same until somebody sets a time by hand. ``officer`` and ``recorder`` are
#: the codes in use at the bureau.
clips = sa.Table(
    "clips",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("sha256", Sha256Hex, nullable=False, unique=True),
    sa.Column("sm3", Sha256Hex, nullable=False),
    sa.Column("size_bytes", Big, nullable=False),
    sa.Column("object_key", sa.String(512), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_raw", sa.LargeBinary, nullable=False),
    sa.Column("media_kind", sa.String(16), nullable=False),  # as `ingest.containers` has it
    sa.Column("recorded_at", UtcDateTime, nullable=True),
    sa.Column("recorder_clock_at", UtcDateTime, nullable=True),
    sa.Column("file_modified_at", UtcDateTime, nullable=True),
    sa.Column("officer", sa.String(64), nullable=True),
    sa.Column("recorder", sa.String(64), nullable=True),
    sa.Column("important", sa.Boolean, nullable=False),
    sa.Column("station_id", Id, nullable=True),
    sa.Column("station_name", sa.Text, nullable=True),
    sa.Column("dock_session_id", Id, nullable=True),
    sa.Column("admitted_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),  # archived ready damaged quarantined
    sa.Column("reason", sa.Text, nullable=True),
    sa.Column("duration_ms", Big, nullable=True),
    sa.Column("media", sa.JSON, nullable=True),  # what the probe found
    sa.Index("ix_clips_recorded_at", "recorded_at"),
    sa.Index("ix_clips_officer_recorded_at", "officer", "recorded_at"),
    sa.Index("ix_clips_recorder_recorded_at", "recorder", "recorded_at"),
    sa.Index("ix_clips_state", "state"),
    sa.Index("ix_clips_admitted_at", "admitted_at"),
)

#: Further names under which a clip's bytes came (custody.clip_names). ``name_sha256`` is that of
#: ``name_raw``, which can be too long for an index.
clip_names = sa.Table(
    "clip_names",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("clip_id", Id, sa.ForeignKey("clips.id"), nullable=False),
    sa.Column("name_sha256", Sha256Hex, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_raw", sa.LargeBinary, nullable=False),
    sa.Column("named_at", UtcDateTime, nullable=False),
    sa.Column("named_by", sa.String(64), nullable=False),
    sa.UniqueConstraint("clip_id", "name_sha256"),
)

renditions = sa.Table(
    "renditions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("clip_id", Id, sa.ForeignKey("clips.id"), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),  # proxy poster sheet waveform
    sa.Column("object_key", sa.String(512), nullable=False),
    sa.Column("sha256", Sha256Hex, nullable=False),
    sa.Column("size_bytes", Big, nullable=False),
    sa.Column("media_type", sa.String(64), nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("made_with", sa.Text, nullable=False),
    sa.UniqueConstraint("clip_id", "kind"),
)

#: The archive's signed word, kept as issued so that the same clip always gets the same receipt.
receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("clip_id", Id, sa.ForeignKey("clips.id"), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("issued_at", UtcDateTime, nullable=False),
)

# --- cases (custody.cases) -----------------------------------------------------------------------

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("number", sa.String(128), nullable=False, unique=True),
    sa.Column("procedure", sa.String(16), nullable=False),  # summary general
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("party", sa.Text, nullable=True),
    sa.Column("occurred_on", sa.Date, nullable=True),  # in the bureau's zone
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", sa.String(64), nullable=False),
    sa.Index("ix_cases_occurred_on", "occurred_on"),
)

case_officers = sa.Table(
    "case_officers",
    metadata,
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("officer", sa.String(64), primary_key=True),
    sa.Column("certificate_number", sa.String(64), nullable=True),
    sa.Index("ix_case_officers_officer", "officer"),
)

#: Stage: initiation investigation review decision service enforcement (行政处罚法 47).
links = sa.Table(
    "links",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("clip_id", Id, sa.ForeignKey("clips.id"), nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("linked_at", UtcDateTime, nullable=False),
    sa.Column("linked_by", sa.String(64), nullable=False),
    sa.Column("unlinked_at", UtcDateTime, nullable=True),
    sa.Column("unlinked_by", sa.String(64), nullable=True),
    sa.Index(
        "uq_links_standing",
        "case_id",
        "clip_id",
        unique=True,
        sqlite_where=sa.text("unlinked_at IS NULL"),
        postgresql_where=sa.text("unlinked_at IS NULL"),
    ),
    sa.Index("ix_links_clip_id", "clip_id"),
)

# --- access (custody.access) ---------------------------------------------------------------------

#: One viewing (of a clip), one listing (thumbnails of a page of clips) or one download.
#: Byte ranges inside a viewing are counted here and land in its closing entry.
access_grants = sa.Table(
    "access_grants",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),  # viewing listing download
    sa.Column("actor_id", sa.String(64), nullable=False),
    sa.Column("clip_id", Id, sa.ForeignKey("clips.id"), nullable=True),
    sa.Column("clip_ids", sa.JSON, nullable=True),  # of a listing
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("closed_at", UtcDateTime, nullable=True),
    sa.Column("requests", Big, nullable=False, server_default="0"),
    sa.Column("bytes_sent", Big, nullable=False, server_default="0"),
    sa.Index(
        "ix_access_grants_open",
        "expires_at",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    ),
)
