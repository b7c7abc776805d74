"""A station that speaks plain HTTP, so that a test can say anything, right or wrong."""

import base64
import hashlib
import http.client
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from api.services import Services
from custody.actors import service_actor
from custody.log.note import NoteSigner, generate
from ingest.stations import create_enrolment_token
from station_agent.wire import challenge_message, station_key_name
from storage.memory import MemoryStore
from tests.services.http_server import client_of

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sm3(data: bytes) -> str:
    return hashlib.new("sm3", data).hexdigest()


def lose(store: MemoryStore, key: str) -> None:
    """What no rule allows and disks do: the object is gone, retention or not."""
    del store._objects[key]


def metadata(**values: bytes | str) -> str:
    """``Upload-Metadata`` of these names and values."""
    pairs = []
    for name, value in values.items():
        raw = value.encode() if isinstance(value, str) else value
        pairs.append(f"{name} {base64.b64encode(raw).decode()}")
    return ",".join(pairs)


def new_station_key() -> NoteSigner:
    """A key under the name that its own fingerprint gives."""
    signer = generate("liuhen-station/new")
    return NoteSigner(station_key_name(signer.private.public_key()), signer.private)


@dataclass
class StationClient:
    """One station; ``http`` is signed in once `sign_in` has been called."""

    http: httpx.Client
    key: NoteSigner
    id: str = ""
    bearer: str = ""

    def enrol(self, token: str, name: str) -> httpx.Response:
        body = {"token": token, "name": name, "verifier_key": self.key.verifier.vkey}
        return self.http.post("/api/stations/enrol", json=body)

    def challenge(self) -> str:
        answer = self.http.post("/api/stations/challenge", json={"station_id": self.id})
        nonce: str = answer.json()["nonce"]
        return nonce

    def open_session(self, nonce: str, *, key: NoteSigner | None = None) -> httpx.Response:
        signature = (key or self.key).private.sign(challenge_message(nonce))
        body = {
            "station_id": self.id,
            "nonce": nonce,
            "signature": base64.b64encode(signature).decode(),
        }
        return self.http.post("/api/stations/session", json=body)

    def sign_in(self) -> None:
        self.bearer = self.open_session(self.challenge()).json()["token"]
        self.http.headers["Authorization"] = f"Bearer {self.bearer}"

    def announce(self, data: bytes, **changes: Any) -> httpx.Response:
        """POST for ``data``; ``changes`` are metadata (None leaves one out) or ``length``."""
        length = changes.pop("length", len(data))
        values: dict[str, Any] = {"filename": "MOV_0001.mp4", "sha256": sha256(data), "sm3": None}
        values |= changes
        given = {name: value for name, value in values.items() if value is not None}
        headers = TUS | {"Upload-Length": str(length), "Upload-Metadata": metadata(**given)}
        return self.http.post("/api/uploads", headers=headers)

    def begin(self, data: bytes, **changes: Any) -> str:
        """The address of a new upload."""
        answer = self.announce(data, **changes)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["Location"])

    def patch(
        self, address: str, offset: int, data: bytes, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        sent = TUS | BYTES | {"Upload-Offset": str(offset)} | (headers or {})
        return self.http.patch(address, headers=sent, content=data)

    def head(self, address: str) -> httpx.Response:
        return self.http.head(address, headers=TUS)

    def offset(self, address: str) -> int:
        return int(self.head(address).headers["Upload-Offset"])

    def send_part(self, address: str, data: bytes, total: int) -> http.client.HTTPConnection:
        """A PATCH from 0 that announces ``total`` bytes, has sent ``data`` and waits."""
        where = urlsplit(str(self.http.base_url))
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
        connection.putrequest("PATCH", address)
        headers = TUS | BYTES | {"Upload-Offset": "0", "Content-Length": str(total)}
        for name, value in (headers | {"Authorization": f"Bearer {self.bearer}"}).items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(data)
        return connection

    def wait_for_offset(self, address: str, offset: int) -> None:
        deadline = time.monotonic() + 20
        while (found := self.offset(address)) != offset:
            assert time.monotonic() < deadline, f"stands at {found}, not at {offset}"
            time.sleep(0.02)


def enrolled_station(services: Services, address: str, name: str) -> StationClient:
    """A station that is enrolled and signed in; its client is closed by the caller."""
    with services.database.write() as tx:
        token = create_enrolment_token(
            tx, services.clock, services.ledger, service_actor("test"), name
        )
    client = StationClient(client_of(address), new_station_key())
    client.id = client.enrol(token, name).json()["station_id"]
    client.sign_in()
    return client
