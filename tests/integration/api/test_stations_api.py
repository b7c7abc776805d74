"""Stations over HTTP: enrolment, sessions, manifests, status, and what is refused."""

import base64
import json
import logging

import pytest
from fastapi import FastAPI
from starlette.types import Message

from api.cli.announcements import announce_keys
from api.services import Services
from custody.actors import service_actor
from custody.log.note import NoteVerifier
from custody.log.trust import parse_log_key
from ingest import stations
from station_agent.wire import Manifest, sign_manifest
from tests.services.event_loops import run_alone
from tests.services.http_server import client_of
from tests.services.station_client import StationClient, new_station_key


def token(services: Services, name: str) -> str:
    with services.database.write() as tx:
        return stations.create_enrolment_token(
            tx, services.clock, services.ledger, service_actor("test"), name
        )


def manifest_note(station: StationClient, services: Services, **changes: object) -> str:
    values: dict[str, object] = {
        "session_id": "01939b7e-0000-7000-8000-000000000000",
        "station": station.key.name,
        "source": "/media/recorder",
        "opened_at": services.clock.now(),
        "free_bytes": None,
        "previous_sha256": None,
    }
    return sign_manifest(Manifest(**(values | changes)), station.key)  # type: ignore[arg-type]


def test_enrolment_tells_the_archives_keys(services: Services, address: str) -> None:
    announce_keys(services, service_actor("test"))
    services.publisher.run_once()
    key = new_station_key()
    body = {"token": token(services, "采集站 9"), "name": "x", "verifier_key": key.verifier.vkey}
    with client_of(address) as http:
        answer = http.post("/api/stations/enrol", json=body)
        assert answer.status_code == 201
        told = answer.json()
        assert NoteVerifier.parse(told["log_key"]).name == told["origin"] == services.config.origin
        assert NoteVerifier.parse(told["receipt_key"]).name == f"{told['origin']}/receipts"
        first, second = told["log_keys"]
        assert first == {"key": told["log_key"], "since": 0, "until": None}
        assert parse_log_key(second["key"]) == services.keys.newest.key_set.ml_dsa
        assert second["since"] == 1
        assert http.post("/api/stations/enrol", json=body).json() == told
        other = body | {"verifier_key": new_station_key().verifier.vkey}
        assert http.post("/api/stations/enrol", json=other).status_code == 422


def test_a_session_needs_the_stations_signature(services: Services, station: StationClient) -> None:
    nonce = station.challenge()
    assert station.open_session(nonce, key=new_station_key()).status_code == 401
    assert station.open_session(nonce).status_code == 401  # used up by the wrong try
    answer = station.open_session(station.challenge())
    assert answer.status_code == 200
    assert answer.json()["expires_in_s"] == 12 * 3600
    with services.database.write() as tx:
        stations.revoke(tx, services.ledger, services.clock, service_actor("test"), station.id)
    assert station.http.post("/api/stations/status", json={}).status_code == 401
    unknown = {"station_id": station.id}
    assert station.http.post("/api/stations/challenge", json=unknown).status_code == 401


def test_a_manifest_is_taken_once(services: Services, station: StationClient) -> None:
    note = manifest_note(station, services)
    answers = [station.http.post("/api/dock-sessions", content=note.encode()) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert {answer.json()["id"] for answer in answers} == {"01939b7e-0000-7000-8000-000000000000"}
    other = manifest_note(station, services, source="/media/other")
    assert station.http.post("/api/dock-sessions", content=other.encode()).status_code == 409
    for wrong in (b"", b"\xff", note.replace("media", "mediA").encode()):
        assert 400 <= station.http.post("/api/dock-sessions", content=wrong).status_code < 500


def test_a_status_is_shown(services: Services, station: StationClient) -> None:
    # The second name only looks like an escaped NUL.
    names = [{"name": "执法.mp4"}, {"name": "\\u0000"}]
    status = {"version": "0.1.0", "files": {"sending": 3}, "current": names, "share": 1e300}
    assert station.http.post("/api/stations/status", json=status).status_code == 204
    with services.database.read() as tx:
        assert stations.get_station(tx, station.id).status == status


def test_a_body_that_is_no_object_is_refused(station: StationClient) -> None:
    for body in (
        b"",
        b"[]",
        b"null",
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
        b"\xff\xfe{}",
        b'{"a": 1e999}',
        b'{"a": [-1e999]}',
        b'{"a": {"b": ["x\\u0000y"]}}',
        b'{"a\\u0000": 1}',
    ):
        answer = station.http.post("/api/stations/status", content=body)
        assert answer.status_code == 400, body[:40]


def test_a_sender_that_hangs_up_is_no_error_of_ours(
    app: FastAPI, station: StationClient, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[Message] = []

    for path in ("/api/stations/status", "/api/dock-sessions"):
        headers = {"content-length": "100", "authorization": f"Bearer {station.bearer}"}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        messages: list[Message] = [
            {"type": "http.request", "body": b'{"a":', "more_body": True},
            {"type": "http.disconnect"},
        ]

        async def receive(messages: list[Message] = messages) -> Message:
            return messages.pop(0)

        async def send(message: Message) -> None:
            sent.append(message)

        run_alone(app(scope, receive, send))
    assert [message["status"] for message in sent if "status" in message] == [499, 499]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_bodies_are_bounded(station: StationClient) -> None:
    large = json.dumps({"a": "x" * 300_000}).encode()
    parts = (large[start : start + 1000] for start in range(0, len(large), 1000))
    assert station.http.post("/api/stations/status", content=large).status_code == 413
    assert station.http.post("/api/stations/status", content=parts).status_code == 413
    for path in ("enrol", "challenge", "session"):
        assert station.http.post(f"/api/stations/{path}", content=large).status_code == 413


def test_credentials_must_be_texts(station: StationClient) -> None:
    post = station.http.post
    for body in ({}, {"station_id": 5}, {"station_id": ""}, {"station_id": "x" * 2000}):
        assert post("/api/stations/challenge", json=body).status_code == 400
    assert post("/api/stations/challenge", json={"station_id": "\x00"}).status_code == 400
    for station_id in ("x", station.id.upper()):
        answer = post("/api/stations/challenge", json={"station_id": station_id})
        assert answer.status_code == 401
    session = {"station_id": station.id, "nonce": station.challenge()}
    assert post("/api/stations/session", json=session | {"signature": "*"}).status_code == 400
    short = base64.b64encode(b"short").decode()
    assert post("/api/stations/session", json=session | {"signature": short}).status_code == 401
    wrong = {"token": "x", "name": "x", "verifier_key": "x"}
    assert 400 <= post("/api/stations/enrol", json=wrong).status_code < 500


def test_without_a_token_nothing_is_taken(services: Services, address: str) -> None:
    with client_of(address) as http:
        for authorization in (b"", b"Bearer", b"Basic x", b"Bearer wrong", b"bearer \xff"):
            headers = {"Authorization": authorization}
            for path in ("/api/stations/status", "/api/dock-sessions"):
                answer = http.post(path, headers=headers, content=b"{}")
                assert answer.status_code == 401, authorization
