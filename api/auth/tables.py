"""Who may sign in, and who has."""

import sqlalchemy as sa

from custody.tables import Id, Sha256Hex
from storage.database import UtcDateTime, metadata

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),  # what is typed at sign-in
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),  # argon2id
    sa.Column("must_change_password", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("disabled_at", UtcDateTime, nullable=True),
)

#: Server-side, so that they can be revoked; only the SHA-256 of the cookie is kept.
#: ``log_read_at`` is when this session's last ``log.read`` entry was appended (one a minute); that
#: entry is looked for in the log.
sign_in_sessions = sa.Table(
    "sign_in_sessions",
    metadata,
    sa.Column("token_sha256", Sha256Hex, primary_key=True),
    sa.Column("user_id", Id, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("csrf_token", sa.String(64), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_seen_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("log_read_at", UtcDateTime, nullable=True),
    sa.Index("ix_sign_in_sessions_user_id", "user_id"),
)

#: Failed sign-ins by name and address, to slow down guessing. What was typed may be a password in
#: the wrong field, so only the SHA-256 of the name stands here.
sign_in_failures = sa.Table(
    "sign_in_failures",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name_sha256", Sha256Hex, nullable=False),
    sa.Column("origin", sa.String(64), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("ix_sign_in_failures_name_sha256_at", "name_sha256", "at"),
    sa.Index("ix_sign_in_failures_origin_at", "origin", "at"),
)
