"""Senders that stop in the middle of a body, over real sockets: answered, and nothing held."""

import http.client
from urllib.parse import urlsplit

import pytest

from api.routes import upload_stream
from api.services import Services
from api.web import body_limits
from tests.services.station_client import StationClient

FORM = "application/x-www-form-urlencoded"
DATA = b"0123456789abcdef" * 20_000


def send_part(
    address: str, path: str, kind: str, data: bytes, total: int
) -> http.client.HTTPResponse:
    """The answer to a POST that announces ``total`` bytes and sends no more than ``data``."""
    where = urlsplit(address)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    connection.putrequest("POST", path)
    for name, value in {"Content-Type": kind, "Content-Length": str(total)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(data)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


@pytest.mark.parametrize(
    ("path", "kind", "data"),
    [
        ("/sign-in", FORM, b"name=bo"),
        ("/sign-in", "multipart/form-data; boundary=x", b"--x\r\nContent-Disp"),
        ("/api/stations/challenge", "application/json", b'{"station_id": "'),
        ("/api/stations/enrol", "application/json", b""),
    ],
    ids=["form", "multipart", "json", "nothing"],
)
def test_a_body_that_does_not_end_is_answered(
    address: str, monkeypatch: pytest.MonkeyPatch, path: str, kind: str, data: bytes
) -> None:
    monkeypatch.setattr(body_limits, "BODY_S", 0.2)
    answer = send_part(address, path, kind, data, 1000)
    assert answer.status == 408
    assert answer.headers["Connection"] == "close"


def test_a_form_that_is_too_large_is_refused_before_it_is_all_there(address: str) -> None:
    data = b"name=" + b"a" * body_limits.MAX_FORM_BYTES
    answer = send_part(address, "/sign-in", FORM, data, 1 << 40)
    assert answer.status == 413
    assert answer.headers["Connection"] == "close"


def test_a_large_json_is_refused_before_it_is_sent(address: str) -> None:
    answer = send_part(address, "/api/stations/challenge", "application/json", b"", 1 << 40)
    assert answer.status == 413
    assert answer.headers["Connection"] == "close"


def test_an_upload_behind_a_pulled_cable_is_free_again(
    services: Services, station: StationClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_stream, "IDLE_S", 0.3)
    upload = station.begin(DATA)
    connection = station.send_part(upload, DATA[:100_000], len(DATA))  # and is silent from now on
    answer = connection.getresponse()
    assert answer.status == 408
    assert answer.headers["Connection"] == "close"
    # What came is kept, and the next try is let in though the first socket was never closed.
    assert station.offset(upload) == 100_000
    assert station.patch(upload, 100_000, DATA[100_000:]).status_code == 204
    connection.close()


def test_an_upload_takes_longer_than_a_form_may(
    station: StationClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_limits, "BODY_S", 0.0)
    upload = station.begin(DATA)
    assert station.patch(upload, 0, DATA).status_code == 204
