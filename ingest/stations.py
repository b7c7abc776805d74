"""Collection stations: how one is enrolled, proves who it is, and says how it is doing.

A station owns an Ed25519 key. Enrolment binds it to a name by a one-time token; after that the
station signs a challenge and gets a bearer token for some hours. Of every secret only the SHA-256
is kept.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from sqlalchemy.engine import Connection

from custody.actors import Actor, Role, Via
from custody.clock import Clock
from custody.events import EventKind
from custody.first_writer import insert_first
from custody.ids import new_id
from custody.ledger import Event, Ledger
from custody.log.canonical import format_time
from custody.log.errors import NoteError
from custody.log.note import NoteVerifier
from ingest.errors import (
    EnrolmentError,
    StationAuthError,
    StationExistsError,
    StationKeyError,
    StationNameError,
    StationNotFoundError,
)
from ingest.station_rows import Station, is_sound, read_station, station_columns
from ingest.tables import enrolment_tokens, station_sessions, stations
from station_agent import wire

TOKEN_LIFE = timedelta(days=7)
CHALLENGE_LIFE = timedelta(minutes=2)
SESSION_LIFE = timedelta(hours=12)
MAX_NAME_CHARACTERS = 128
#: The item of an invitation: this and the first digits of its token's SHA-256.
INVITATION, INVITATION_DIGITS = "token:", 16
_ID = re.compile(r"[0-9a-f-]{36}")


def create_enrolment_token(
    tx: Connection, clock: Clock, ledger: Ledger, actor: Actor, name: str
) -> str:
    """Give out a token with which one station can enrol once as ``name`` within seven days.

    The token itself is shown this once; an earlier one for this name that nobody used ends. Raises
    `StationNameError` for a name that can't be used and `StationExistsError` for one that is taken.
    """
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
        raise StationNameError(repr(name[:MAX_NAME_CHARACTERS]) if name else "")
    if tx.scalar(sa.select(stations.c.id).where(stations.c.name == name)) is not None:
        raise StationExistsError(name)
    # Hexadecimal: it is typed and passed on command lines, where a leading dash is an option.
    token, now = secrets.token_hex(24), clock.now()
    # Whoever asks again has lost the first one, or fears that somebody else has it.
    tx.execute(
        enrolment_tokens.update()
        .where(
            enrolment_tokens.c.station_name == name,
            enrolment_tokens.c.used_at.is_(None),
            enrolment_tokens.c.expires_at > now,
        )
        .values(expires_at=now)
    )
    ends = now + TOKEN_LIFE
    tx.execute(
        enrolment_tokens.insert().values(
            token_sha256=_sha256(token), station_name=name, created_at=now, expires_at=ends
        )
    )
    event = Event(
        EventKind.STATION_INVITED,
        f"{INVITATION}{_sha256(token)[:INVITATION_DIGITS]}",
        facts={"expires_at": format_time(ends)},
        details={"name": name},
    )
    ledger.append(tx, actor, event)
    return token


def enrol(
    tx: Connection,
    ledger: Ledger,
    clock: Clock,
    *,
    token: str,
    name: str,
    verifier_key: str,
    origin: str,
) -> Station:
    """Bind a station's public key to the name its token was made for; append ``station.enrolled``.

    ``name`` is what the station calls itself and goes into the details; the token's name counts.
    Done again with the same token and key, also while the first time is under way, it gives the
    same station, so an answer that was lost does no harm. Raises `EnrolmentError`,
    `StationKeyError`, `StationExistsError`.
    """
    verifier = _verifier(verifier_key)
    now = clock.now()
    invitation = tx.execute(
        sa.select(enrolment_tokens)
        .where(enrolment_tokens.c.token_sha256 == _sha256(token))
        .with_for_update()  # of two at once the second sees what the first has made of it
    ).first()
    if invitation is None:
        raise EnrolmentError
    if invitation.used_at is not None:
        return _enrolled_before(tx, verifier_key, invitation.station_name)
    used = tx.execute(
        enrolment_tokens.update()
        .where(
            enrolment_tokens.c.token_sha256 == invitation.token_sha256,
            enrolment_tokens.c.used_at.is_(None),
            enrolment_tokens.c.expires_at > now,
        )
        .values(used_at=now)
    )
    if used.rowcount != 1:
        raise EnrolmentError
    station = Station(new_id(), invitation.station_name, verifier_key, now, None, now, None)
    given = {column.name: getattr(station, column.name) for column in stations.columns}
    values = {name: value for name, value in given.items() if value is not None}
    if not insert_first(tx, stations, values):
        raise StationExistsError(station.name)
    ledger.append(
        tx,
        _actor(station, origin),
        Event(
            EventKind.STATION_ENROLLED,
            f"station:{station.id}",
            facts={"station": station.id, "key": verifier_key, "key_name": verifier.name},
            details={"name": station.name, "announced_name": name[:MAX_NAME_CHARACTERS]},
        ),
    )
    return station


def _enrolled_before(tx: Connection, verifier_key: str, name: str) -> Station:
    row = tx.execute(
        sa.select(*station_columns(tx)).where(
            stations.c.verifier_key == verifier_key, stations.c.name == name
        )
    ).mappings()
    known = row.all()
    if len(known) != 1:  # of two rows under one name, nobody knows which is the station's
        raise EnrolmentError
    return read_station(known[0])


def challenge(tx: Connection, clock: Clock, station_id: str) -> str:
    """A nonce to sign, good once and for two minutes. Raises `StationAuthError`."""
    get_standing(tx, station_id)
    now = clock.now()
    tx.execute(station_sessions.delete().where(station_sessions.c.expires_at <= now))
    return _remember(tx, station_id, "challenge", now, CHALLENGE_LIFE)


def open_session(
    tx: Connection, clock: Clock, *, station_id: str, nonce: str, signature: bytes
) -> str | None:
    """Give a bearer token for a signed challenge, or None where the signature is not the station's.

    The challenge is used up either way, so commit either way. Raises `StationAuthError` for an
    unknown or revoked station, and for a nonce that was not given to it, was used or is too old.
    """
    station = get_standing(tx, station_id)
    now = clock.now()
    used = tx.execute(
        station_sessions.delete().where(
            station_sessions.c.token_sha256 == _sha256(nonce),
            station_sessions.c.station_id == station_id,
            station_sessions.c.kind == "challenge",
            station_sessions.c.expires_at > now,
        )
    )
    if used.rowcount != 1:
        raise StationAuthError("no such challenge")
    verifier = _verifier(station.verifier_key)
    try:
        verifier.public.verify(signature, wire.challenge_message(nonce))
    except InvalidSignature:
        return None
    return _remember(tx, station_id, "bearer", now, SESSION_LIFE)


def authenticate(tx: Connection, clock: Clock, bearer: str, *, origin: str = "") -> Actor:
    """The station a bearer token was given to. Raises `StationAuthError`."""
    row = tx.execute(
        sa.select(*station_columns(tx))
        .join(station_sessions, station_sessions.c.station_id == stations.c.id)
        .where(
            station_sessions.c.token_sha256 == _sha256(bearer),
            station_sessions.c.kind == "bearer",
            station_sessions.c.expires_at > clock.now(),
            stations.c.revoked_at.is_(None),
        )
    )
    found = row.mappings().first()
    station = None if found is None else read_station(found)
    if station is None or not is_sound(station):
        raise StationAuthError
    return _actor(station, origin)


def update_status(tx: Connection, clock: Clock, actor: Actor, status: Mapping[str, Any]) -> None:
    """Keep what the station says of itself, for the stations page. ``status`` is plain JSON."""
    tx.execute(
        stations.update()
        .where(stations.c.id == actor.id)
        .values(status=dict(status), last_seen_at=clock.now())
    )


def revoke(tx: Connection, ledger: Ledger, clock: Clock, actor: Actor, station_id: str) -> None:
    """Shut a station out at once; its key is refused from now on. Raises as `get_standing`."""
    station = get_standing(tx, station_id)
    tx.execute(stations.update().where(stations.c.id == station_id).values(revoked_at=clock.now()))
    tx.execute(station_sessions.delete().where(station_sessions.c.station_id == station_id))
    ledger.append(
        tx,
        actor,
        Event(
            EventKind.STATION_REVOKED,
            f"station:{station_id}",
            facts={"station": station_id},
            details={"name": station.name},
        ),
    )


def find_station(tx: Connection, station_id: str) -> Station | None:
    """One station, revoked or not."""
    if not _ID.fullmatch(station_id):
        return None  # and PostgreSQL is not asked about a NUL
    rows = tx.execute(sa.select(*station_columns(tx)).where(stations.c.id == station_id))
    found = rows.mappings().first()
    return None if found is None else read_station(found)


def get_station(tx: Connection, station_id: str) -> Station:
    """One station, revoked or not. Raises `StationNotFoundError`."""
    station = find_station(tx, station_id)
    if station is None:
        raise StationNotFoundError(station_id[:64])
    return station


def get_standing(tx: Connection, station_id: str) -> Station:
    """A station that is not revoked. Raises `StationAuthError` (unknown, revoked or altered)."""
    station = find_station(tx, station_id)
    if station is None or station.revoked_at is not None or not is_sound(station):
        raise StationAuthError
    return station


def list_stations(tx: Connection) -> list[Station]:
    """All stations by name, those whose rows were altered among them (`Station.altered`)."""
    rows = tx.execute(sa.select(*station_columns(tx)).order_by(stations.c.name))
    return [read_station(row) for row in rows.mappings()]


def _remember(tx: Connection, station_id: str, kind: str, now: datetime, life: timedelta) -> str:
    token = secrets.token_urlsafe(32)
    tx.execute(
        station_sessions.insert().values(
            token_sha256=_sha256(token),
            station_id=station_id,
            kind=kind,
            created_at=now,
            expires_at=now + life,
        )
    )
    return token


def _verifier(verifier_key: str) -> NoteVerifier:
    try:
        verifier = NoteVerifier.parse(verifier_key)
    except NoteError as error:
        raise StationKeyError(str(error)) from error
    if verifier.name != wire.station_key_name(verifier.public):
        raise StationKeyError("its name is not the fingerprint of the key")
    return verifier


def _actor(station: Station, origin: str) -> Actor:
    return Actor(station.id, Role.STATION, Via.STATION_KEY, origin, name=station.name)


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", errors="surrogatepass")).hexdigest()
