"""A witness at the auditor's or the prosecutor's office: C2SP tlog-witness over HTTP.

It needs the base install, a key, the keys of the logs it watches, and a folder. Nobody signs in:
a request is worth what its checkpoint's signature is worth.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from custody.errors import CustodyError
from custody.log.cosignature import Cosigner
from custody.log.trust import LogVerifier
from custody.log.witness import (
    MAX_REQUEST_BYTES,
    PATH,
    SIZE_TYPE,
    Seen,
    WitnessRefusedError,
    judge,
    parse_request,
)
from custody.outside.witness_state import WitnessState

log = logging.getLogger("liuhen.witness")

#: Seconds in which a request must have come.
REQUEST_TIMEOUT_S = 30.0
#: Bytes of too large a body that are read and forgotten.
MAX_PASSED_OVER = 1 << 20
#: Connections at one time; a log needs one.
MAX_CONNECTIONS = 64
_TEXT = "text/plain; charset=utf-8"


class Witness:
    """Cosigns what continues the history it has seen; for any number of threads."""

    def __init__(
        self,
        cosigners: Sequence[Cosigner],
        logs: Mapping[str, Sequence[LogVerifier]],
        state: WitnessState,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.cosigners = cosigners
        self._logs = logs
        self._state = state
        self._now = now

    def add_checkpoint(self, body: bytes) -> str:
        """The cosignature lines for a request's body, remembered durably before they are given.

        Raises `WitnessRefusedError`, `WitnessStateError`, `OSError`.
        """
        request, origin = parse_request(body)
        with self._state.hold(origin if origin in self._logs else "") as held:
            checkpoint = judge(request, origin, self._logs, held.seen)
            text = checkpoint.encode()
            timestamp = int(self._now())
            lines = "".join(cosigner.cosign(text, timestamp) for cosigner in self.cosigners)
            held.keep(Seen(checkpoint.size, checkpoint.root), request.checkpoint)
        return lines


class WitnessServer(ThreadingHTTPServer):
    """Bound and not yet serving; port 0 takes a free one. Raises `OSError`."""

    daemon_threads = True

    def __init__(self, witness: Witness, host: str, port: int) -> None:
        class Handler(_Handler):
            served = witness

        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__((host, port), Handler)

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """A thread for the connection, or its end where there are too many."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()


class _Handler(BaseHTTPRequestHandler):
    served: Witness
    protocol_version = "HTTP/1.1"
    timeout = REQUEST_TIMEOUT_S
    server_version = "liuhen-witness"
    sys_version = ""

    def do_GET(self) -> None:
        """The verifier keys, for whoever writes a policy."""
        if self.path not in {"/", "/keys"}:
            self._answer(HTTPStatus.NOT_FOUND, "there is nothing here\n")
            return
        keys = "".join(f"{cosigner.verifier.vkey}\n" for cosigner in self.served.cosigners)
        self._answer(HTTPStatus.OK, keys)

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        if self.path != PATH:
            self._answer(HTTPStatus.NOT_FOUND, "there is nothing here\n")
            return
        try:
            self._answer(HTTPStatus.OK, self.served.add_checkpoint(body))
        except WitnessRefusedError as refused:
            log.warning("refused (%d): %s", refused.status, refused)
            if refused.known_size is not None:
                self._answer(refused.status, f"{refused.known_size}\n", SIZE_TYPE)
            else:
                self._answer(refused.status, f"{refused}\n")
        except (CustodyError, OSError):
            log.exception("a checkpoint could not be judged")
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, "the witness can't remember\n")

    def _body(self) -> bytes | None:
        """The body; None, and the request answered, where it has no length or too large a one."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
            return None
        if int(length) > MAX_REQUEST_BYTES:
            # A connection that is closed on unread bytes takes the answer with it.
            left = min(int(length), MAX_PASSED_OVER)
            while left > 0 and (passed := self.rfile.read(min(left, MAX_REQUEST_BYTES))):
                left -= len(passed)
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None
        return body

    def _refuse(self, status: HTTPStatus) -> None:
        # What follows on this connection may be the body that was not read.
        self.close_connection = True
        self._answer(status, f"{status.phrase}\n")

    def _answer(self, status: HTTPStatus, text: str, media_type: str = _TEXT) -> None:
        data = text.encode(errors="backslashreplace")
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        log.info(format, *args)
