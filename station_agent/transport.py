"""What the station says to the archive: enrolment, sessions, manifests, uploads, receipts, log.

Uploads are tus 1.0.0 (core, creation, termination) under ``/api/uploads``. Every call raises
`ServerAwayError` where trying again may help and `RefusedError` where it won't. Each thread has a
connection of its own; the bearer token is shared and renewed when the server forgot it.
"""

import base64
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from custody.log.canonical import format_time
from custody.log.errors import LogError
from custody.log.note import NoteSigner
from station_agent.answers import is_upload_path, object_in, offset_in, text_in, upload_path_in
from station_agent.connection import Answer, Connection, checked, retry_after
from station_agent.enrolment import Enrolment
from station_agent.errors import (
    NotAcceptedError,
    NotEnrolledError,
    RefusedError,
    ServerAwayError,
)
from station_agent.wire import announcement_digest, challenge_message

_TUS = {"Tus-Resumable": "1.0.0"}
#: How fast we expect an archive to store and read back, at worst, once it has the last byte.
_SLOWEST_ARCHIVE_BYTES_PER_S = 10 * 1024 * 1024
#: How long the archive may let us wait for a receipt before it answers "not yet" (RFC 7240).
_RECEIPT_WAIT_S = 2


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is told before the bytes: ``name`` is the raw base name."""

    name: bytes
    size_bytes: int
    sha256: str
    sm3: str
    modified_at: datetime
    dock_session: str | None


@dataclass(frozen=True, slots=True)
class Upload:
    """Where the bytes go, and how many are there (all of them, if the archive has the file)."""

    path: str
    offset: int


@dataclass(frozen=True, slots=True)
class NotYet:
    """The receipt is not there yet; ask again after ``retry_after_s``."""

    retry_after_s: float


class Transport:
    """See the module. ``credentials`` are None until the station is enrolled."""

    def __init__(
        self,
        server: str,
        *,
        timeout_s: float = 60.0,
        ca_file: str = "",
        credentials: tuple[Enrolment, NoteSigner] | None = None,
    ) -> None:
        self._server = server
        self._prefix = urlsplit(server).path.rstrip("/")
        self._timeout_s = timeout_s
        self._ca_file = ca_file
        self._credentials = credentials
        self._local = threading.local()
        self._connections: list[Connection] = []
        self._connections_lock = threading.Lock()
        self._session_lock = threading.Lock()
        self._bearer: str | None = None
        self._stopped = False

    def enrol(self, token: str, name: str, verifier_key: str) -> dict[str, Any]:
        """Spend a one-time token; the answer names the station and the archive's keys."""
        return self._post_json(
            "/api/stations/enrol", {"token": token, "name": name, "verifier_key": verifier_key}
        )

    def send_manifest(self, note: str) -> str:
        """Hand in a signed manifest; the archive's id for the dock session (the same each time)."""
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        answer = checked(self._request("POST", "/api/dock-sessions", headers, note.encode()))
        return text_in(object_in(answer), "id")

    def announce(self, announcement: Announcement) -> Upload:
        """Create an upload (tus creation).

        What the archive understood comes back as a digest; an upload of anything else is given up.
        """
        digest = announcement_digest(
            name=announcement.name,
            size_bytes=announcement.size_bytes,
            sha256=announcement.sha256,
            sm3=announcement.sm3,
            modified_at=announcement.modified_at,
            dock_session=announcement.dock_session,
        )
        values = {
            "filename": announcement.name,
            "sha256": announcement.sha256.encode(),
            "sm3": announcement.sm3.encode(),
            "modified_at": format_time(announcement.modified_at).encode(),
            "announcement": digest.encode(),
        }
        if announcement.dock_session is not None:
            values["dock_session"] = announcement.dock_session.encode()
        metadata = ",".join(
            f"{key} {base64.b64encode(value).decode()}" for key, value in values.items()
        )
        headers = {
            **_TUS,
            "Upload-Length": str(announcement.size_bytes),
            "Upload-Metadata": metadata,
        }
        answer = checked(self._request("POST", "/api/uploads", headers))
        path = upload_path_in(answer, self._prefix)
        if answer.headers.get("upload-announcement") != digest:
            self.terminate(path)
            raise ServerAwayError("the server understood another announcement than was sent")
        offset = answer.headers.get("upload-offset", "0")
        return Upload(path, offset_in(offset, announcement.size_bytes))

    def offset(self, upload_path: str, size_bytes: int) -> int | None:
        """How many bytes of an upload the server has for sure; None if it knows it no more."""
        if not is_upload_path(upload_path):
            return None
        try:
            answer = checked(self._request("HEAD", upload_path, _TUS))
        except RefusedError as error:
            if error.status in {404, 410}:
                return None
            raise
        return offset_in(answer.headers.get("upload-offset", ""), size_bytes)

    def send(
        self, upload_path: str, offset: int, size_bytes: int, parts: Iterable[memoryview]
    ) -> None:
        """Send everything from ``offset`` on in one PATCH; returns once the archive holds it.

        ``parts`` are the bytes from ``offset`` to the end. Raises `RefusedError` with status 409
        and the true ``upload-offset`` in its headers where the server is somewhere else.
        """
        headers = {
            **_TUS,
            **self._authorization(),
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
        }
        answer = self._connection().send(
            "PATCH",
            self._prefix + upload_path,
            headers,
            size_bytes - offset,
            parts,
            answer_timeout_s=self._timeout_s + size_bytes / _SLOWEST_ARCHIVE_BYTES_PER_S,
        )
        if answer.status == 401:
            self._forget_bearer(headers["Authorization"])
            raise ServerAwayError("signed out in the middle", status=401)
        checked(answer)
        if offset_in(answer.headers.get("upload-offset", ""), size_bytes) != size_bytes:
            raise ServerAwayError("the server took less than was sent", status=answer.status)

    def terminate(self, upload_path: str) -> None:
        """Give an upload up, so that the server need not keep its bytes."""
        if not is_upload_path(upload_path):
            return
        try:
            checked(self._request("DELETE", upload_path, _TUS))
        except RefusedError as error:
            if error.status not in {403, 404, 409, 410}:  # gone, or archived: nothing to give up
                raise

    def receipt(self, upload_path: str) -> str | NotYet | None:
        """The signed receipt as it came; `NotYet`; None if the server knows no such upload."""
        if not is_upload_path(upload_path):
            return None
        prefer = {"Prefer": f"wait={_RECEIPT_WAIT_S}"}
        answer = self._request("GET", f"{upload_path}/receipt", prefer)
        if answer.status in {404, 410}:
            return None
        checked(answer)
        if answer.status == 202:
            return NotYet(1.0 if (wish := retry_after(answer)) is None else wish)
        return answer.body.decode("utf-8", "replace")

    def post_status(self, status: Mapping[str, Any]) -> None:
        """Tell the archive how we are."""
        headers = {"Content-Type": "application/json"}
        body = json.dumps(status, ensure_ascii=True).encode()
        checked(self._request("POST", "/api/stations/status", headers, body))

    def post_cosignature(self, size: int, line: str) -> None:
        """Hand in our cosignature on the checkpoint of ``size`` entries."""
        body = json.dumps({"size": size, "cosignature": line}).encode()
        headers = {"Content-Type": "application/json"}
        checked(self._request("POST", "/api/stations/cosignatures", headers, body))

    def fetch_log(self, path: str) -> bytes:
        """A file of the public log, ``tile/…`` or ``checkpoint``."""
        answer = self._connection().request("GET", f"{self._prefix}/log/{path}", {})
        return checked(answer).body

    def abort(self) -> None:
        """From another thread: end what is under way; nothing can be sent any more."""
        with self._connections_lock:
            self._stopped = True
            for connection in self._connections:
                connection.abort()

    def close(self) -> None:
        """Close every connection; their threads have ended."""
        for connection in self._connections:
            connection.close()

    # --- sessions ----------------------------------------------------------------------------

    def _request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """One exchange as this station; signs in (again) where that is needed."""
        for _ in range(2):
            authorization = self._authorization()
            answer = self._connection().request(
                method, self._prefix + path, {**headers, **authorization}, body
            )
            if answer.status != 401:
                return answer
            self._forget_bearer(authorization["Authorization"])
        raise NotAcceptedError("401", status=401)

    def _authorization(self) -> dict[str, str]:
        with self._session_lock:
            if self._bearer is None:
                self._bearer = self._sign_in()
            return {"Authorization": f"Bearer {self._bearer}"}

    def _forget_bearer(self, authorization: str) -> None:
        with self._session_lock:
            if authorization == f"Bearer {self._bearer}":  # nobody renewed it meanwhile
                self._bearer = None

    def _sign_in(self) -> str:
        """Answer the server's challenge with our key. No clock is asked, only its nonce."""
        if self._credentials is None:
            raise NotEnrolledError
        enrolment, signer = self._credentials
        try:
            station = {"station_id": enrolment.station_id}
            nonce = text_in(self._post_json("/api/stations/challenge", station), "nonce")
            signature = base64.b64encode(signer.private.sign(challenge_message(nonce))).decode()
            answer = self._post_json(
                "/api/stations/session", {**station, "nonce": nonce, "signature": signature}
            )
        except RefusedError as error:
            # Revoked, or a server that does not know us: a matter for people, and for later.
            detail = f"{error.status} {error.detail}".strip()
            raise NotAcceptedError(detail, status=error.status) from error
        except LogError as error:
            raise ServerAwayError(f"the server's challenge: {error}") from error
        return text_in(answer, "token")

    def _post_json(self, path: str, value: Mapping[str, str]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        body = json.dumps(value).encode()
        answer = self._connection().request("POST", self._prefix + path, headers, body)
        return object_in(checked(answer))

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = Connection(self._server, self._timeout_s, self._ca_file)
            self._local.connection = connection
            with self._connections_lock:
                self._connections.append(connection)
                if self._stopped:
                    connection.abort()
        return connection
