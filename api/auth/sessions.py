"""Sign-in sessions: kept on the server so that they can be ended; the cookie is a bare secret."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from api.auth.tables import sign_in_sessions, users
from custody.cells import fitting_rows, raw_columns

#: ``last_seen_at`` is written at most this often, so that reading a page is not always a write.
SEEN_STEP = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser. ``token_sha256`` is the digest of the cookie, hex."""

    token_sha256: str
    user_id: str
    csrf_token: str
    last_seen_at: datetime
    expires_at: datetime
    log_read_at: datetime | None


def open_session(
    tx: Connection, *, user_id: str, origin: str, now: datetime, lifetime: timedelta
) -> tuple[str, Session]:
    """Start a session; returns the cookie's value, of which only the digest is kept."""
    token = secrets.token_urlsafe(32)
    session = Session(
        token_sha256=token_digest(token),
        user_id=user_id,
        csrf_token=secrets.token_urlsafe(32),
        last_seen_at=now,
        expires_at=now + lifetime,
        log_read_at=None,
    )
    # Whoever signs in sweeps what has run out, so that the table stays small.
    tx.execute(sa.delete(sign_in_sessions).where(sign_in_sessions.c.expires_at < now))
    tx.execute(
        sa.insert(sign_in_sessions).values(
            token_sha256=session.token_sha256,
            user_id=user_id,
            csrf_token=session.csrf_token,
            created_at=now,
            last_seen_at=now,
            expires_at=session.expires_at,
            origin=origin,
        )
    )
    return token, session


def find_session(tx: Connection, *, token: str, now: datetime, idle: timedelta) -> Session | None:
    """The session of this cookie if it stands: not ended, not idle, its user not disabled.

    One whose row was altered is none: whoever had it signs in again.
    """
    table = sign_in_sessions
    rows = tx.execute(
        sa.select(*raw_columns(tx, table))
        .join(users, users.c.id == table.c.user_id)
        .where(
            table.c.token_sha256 == token_digest(token),
            table.c.expires_at > now,
            table.c.last_seen_at > now - idle,
            users.c.disabled_at.is_(None),
        )
    )
    cells = next(fitting_rows(table, rows.mappings().all()), None)
    if cells is None or not cells["csrf_token"]:
        return None
    return Session(**{name: cells[name] for name in Session.__slots__})


def touch_session(tx: Connection, session: Session, now: datetime) -> None:
    """Note that the session is in use."""
    _update(tx, session, last_seen_at=now)


def note_log_read(tx: Connection, session: Session, now: datetime) -> None:
    """Note that this session's reading of the log has its entry."""
    _update(tx, session, log_read_at=now)


def end_session(tx: Connection, session: Session) -> None:
    tx.execute(
        sa.delete(sign_in_sessions).where(sign_in_sessions.c.token_sha256 == session.token_sha256)
    )


def end_sessions_of(tx: Connection, user_id: str) -> None:
    """End every session of a user."""
    tx.execute(sa.delete(sign_in_sessions).where(sign_in_sessions.c.user_id == user_id))


def token_digest(token: str) -> str:
    """What is kept of a cookie: SHA-256, hex. The secret has 256 bits, so no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _update(tx: Connection, session: Session, **values: datetime) -> None:
    tx.execute(
        sa.update(sign_in_sessions)
        .where(sign_in_sessions.c.token_sha256 == session.token_sha256)
        .values(**values)
    )
