"""Stations: enrolled once, known by their key, shut out when revoked."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from custody.actors import Actor, Role
from custody.clock import FixedClock
from custody.ledger import Ledger
from custody.log.note import NoteSigner, generate
from custody.tables import log_entries
from ingest import stations
from ingest.errors import (
    EnrolmentError,
    StationAuthError,
    StationExistsError,
    StationKeyError,
    StationNotFoundError,
)
from ingest.stations import Station
from ingest.tables import enrolment_tokens, station_sessions
from station_agent.wire import challenge_message
from storage.database import Database
from tests.services.station_client import new_station_key, sha256


class Desk:
    """The administrator's and the station's calls, each in a transaction of its own."""

    def __init__(self, database: Database, ledger: Ledger, clock: FixedClock, actor: Actor) -> None:
        self.database, self.ledger, self.clock, self.actor = database, ledger, clock, actor

    def token(self, name: str = "采集站 1") -> str:
        with self.database.write() as tx:
            return stations.create_enrolment_token(tx, self.clock, self.ledger, self.actor, name)

    def enrol(self, token: str, key: NoteSigner) -> Station:
        with self.database.write() as tx:
            return stations.enrol(
                tx,
                self.ledger,
                self.clock,
                token=token,
                name="dock-1",
                verifier_key=key.verifier.vkey,
                origin="10.0.0.7",
            )

    def challenge(self, station_id: str) -> str:
        with self.database.write() as tx:
            return stations.challenge(tx, self.clock, station_id)

    def session(self, station_id: str, nonce: str, signature: bytes) -> str | None:
        with self.database.write() as tx:
            return stations.open_session(
                tx, self.clock, station_id=station_id, nonce=nonce, signature=signature
            )

    def authenticate(self, bearer: str) -> Actor:
        with self.database.read() as tx:
            return stations.authenticate(tx, self.clock, bearer, origin="10.0.0.7")

    def signed_in(self, key: NoteSigner) -> tuple[Station, str]:
        station = self.enrol(self.token(), key)
        nonce = self.challenge(station.id)
        bearer = self.session(station.id, nonce, key.private.sign(challenge_message(nonce)))
        assert bearer is not None
        return station, bearer


@pytest.fixture
def desk(database: Database, ledger: Ledger, clock: FixedClock, alice: Actor) -> Desk:
    return Desk(database, ledger, clock, alice)


@pytest.fixture
def key() -> NoteSigner:
    return new_station_key()


def test_a_token_enrols_one_station_once(desk: Desk, key: NoteSigner) -> None:
    token = desk.token()
    station = desk.enrol(token, key)
    assert (station.name, station.verifier_key) == ("采集站 1", key.verifier.vkey)
    with pytest.raises(EnrolmentError):
        desk.enrol(token, new_station_key())
    # The answer was lost: the same station asks again and is told the same.
    assert desk.enrol(token, key).id == station.id
    with desk.database.read() as tx:
        kinds = tx.scalars(sa.select(log_entries.c.kind).order_by(log_entries.c.id)).all()
        stored = tx.scalar(sa.select(enrolment_tokens.c.token_sha256))
        assert [found.id for found in stations.list_stations(tx)] == [station.id]
    assert kinds == ["station.invited", "station.enrolled"]
    assert stored == sha256(token.encode())


def test_a_station_that_asks_twice_at_once_is_one_station(desk: Desk, key: NoteSigner) -> None:
    """It was stopped in the middle and began anew while its first request was being answered."""
    token = desk.token()
    with ThreadPoolExecutor(1) as pool:
        with desk.database.write() as tx:
            arguments = {"token": token, "name": "a", "verifier_key": key.verifier.vkey}
            first = stations.enrol(tx, desk.ledger, desk.clock, origin="10.0.0.7", **arguments)
            again = pool.submit(desk.enrol, token, key)
            with pytest.raises(TimeoutError):
                again.result(timeout=0.3)
        assert again.result(timeout=20).id == first.id


def test_a_token_runs_out(desk: Desk, key: NoteSigner) -> None:
    token = desk.token()
    desk.clock.moment += stations.TOKEN_LIFE
    with pytest.raises(EnrolmentError):
        desk.enrol(token, key)
    with pytest.raises(EnrolmentError):
        desk.enrol("never given out", key)


def test_a_new_token_replaces_the_one_before_it(desk: Desk, key: NoteSigner) -> None:
    """Of a name's tokens one works; those of other names, and used ones, stay as they are."""
    other = desk.token("采集站 2")
    lost, fresh = desk.token(), desk.token()
    with pytest.raises(EnrolmentError):
        desk.enrol(lost, key)
    station = desk.enrol(fresh, key)
    assert desk.enrol(other, new_station_key()).name == "采集站 2"
    assert desk.enrol(fresh, key).id == station.id


def test_names_and_keys_are_taken_once(desk: Desk, key: NoteSigner) -> None:
    token, other = desk.token(), desk.token("采集站 2")
    desk.enrol(token, key)
    with pytest.raises(StationExistsError):
        desk.enrol(other, key)
    with pytest.raises(StationExistsError):
        desk.token()
    desk.enrol(other, new_station_key())  # the failed try has not used it up


@pytest.mark.parametrize("name", ["", "  ", "n" * 129, "a\nb", "a\x00b"])
def test_a_name_must_be_readable(desk: Desk, name: str) -> None:
    with pytest.raises(EnrolmentError):
        desk.token(name)


def test_a_key_must_carry_its_own_fingerprint(desk: Desk) -> None:
    token = desk.token()
    with pytest.raises(StationKeyError):
        desk.enrol(token, generate("liuhen-station/0000000000000000"))
    with pytest.raises(StationKeyError), desk.database.write() as tx:
        stations.enrol(
            tx, desk.ledger, desk.clock, token=token, name="x", verifier_key="x", origin=""
        )


def test_a_signed_challenge_opens_a_session_for_twelve_hours(desk: Desk, key: NoteSigner) -> None:
    station, bearer = desk.signed_in(key)
    actor = desk.authenticate(bearer)
    assert (actor.id, actor.role, actor.name) == (station.id, Role.STATION, "采集站 1")
    assert actor.origin == "10.0.0.7"
    with desk.database.read() as tx:
        assert tx.scalar(sa.select(station_sessions.c.token_sha256)) == sha256(bearer.encode())
    desk.clock.moment += timedelta(hours=12)
    with pytest.raises(StationAuthError):
        desk.authenticate(bearer)


def test_a_challenge_is_good_once_and_for_its_station_only(desk: Desk, key: NoteSigner) -> None:
    station = desk.enrol(desk.token(), key)
    other_key = new_station_key()
    other = desk.enrol(desk.token("采集站 2"), other_key)
    nonce = desk.challenge(station.id)
    signature = key.private.sign(challenge_message(nonce))
    with pytest.raises(StationAuthError):
        desk.session(other.id, nonce, other_key.private.sign(challenge_message(nonce)))
    assert desk.session(station.id, nonce, signature) is not None
    with pytest.raises(StationAuthError):
        desk.session(station.id, nonce, signature)
    nonce = desk.challenge(station.id)
    desk.clock.moment += stations.CHALLENGE_LIFE
    with pytest.raises(StationAuthError):
        desk.session(station.id, nonce, key.private.sign(challenge_message(nonce)))


def test_a_wrong_signature_uses_the_challenge_up(desk: Desk, key: NoteSigner) -> None:
    station = desk.enrol(desk.token(), key)
    nonce = desk.challenge(station.id)
    right = key.private.sign(challenge_message(nonce))
    for signature in (b"", os.urandom(64), new_station_key().private.sign(b"x")):
        assert desk.session(station.id, nonce, signature) is None
        nonce = desk.challenge(station.id)
    with pytest.raises(StationAuthError):
        desk.session(station.id, nonce + "x", right)


def test_a_challenge_or_bearer_is_not_the_other(desk: Desk, key: NoteSigner) -> None:
    station, bearer = desk.signed_in(key)
    with pytest.raises(StationAuthError):
        desk.authenticate(desk.challenge(station.id))
    with pytest.raises(StationAuthError):
        desk.session(station.id, bearer, key.private.sign(challenge_message(bearer)))


def test_a_revoked_station_is_out_at_once(desk: Desk, key: NoteSigner) -> None:
    station, bearer = desk.signed_in(key)
    with desk.database.write() as tx:
        stations.revoke(tx, desk.ledger, desk.clock, desk.actor, station.id)
    with pytest.raises(StationAuthError):
        desk.authenticate(bearer)
    with pytest.raises(StationAuthError):
        desk.challenge(station.id)
    with desk.database.read() as tx:
        assert stations.get_station(tx, station.id).revoked_at == desk.clock.now()


@pytest.mark.parametrize(
    "station_id", ["", "x", "\x00", "\ud800", "00000000-0000-7000-8000-000000000000"]
)
def test_an_unknown_station_is_not_known(desk: Desk, station_id: str) -> None:
    with pytest.raises(StationAuthError):
        desk.challenge(station_id)
    with pytest.raises(StationNotFoundError), desk.database.read() as tx:
        stations.get_station(tx, station_id)
    with pytest.raises(StationAuthError):
        desk.authenticate(station_id)


def test_a_status_is_kept_as_it_was_said(desk: Desk, key: NoteSigner) -> None:
    station, bearer = desk.signed_in(key)
    desk.clock.moment += timedelta(minutes=5)
    status = {"files": [{"name": "执法.mp4", "progress": 0.5}], "free_bytes": 2**60, "nul": "\x00"}
    with desk.database.write() as tx:
        stations.update_status(tx, desk.clock, desk.authenticate(bearer), status)
    with desk.database.read() as tx:
        found = stations.get_station(tx, station.id)
    assert (found.status, found.last_seen_at) == (status, desk.clock.now())
