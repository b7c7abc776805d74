"""A small HTTP server for programs that answer a few short questions: bounded in every respect."""

import logging
import socket
import sys
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

#: Bytes of too large a body that are read and forgotten.
MAX_PASSED_OVER = 1 << 20
#: So much of them at a time.
_AT_A_TIME = 65_536
TEXT = "text/plain; charset=utf-8"


class PlainServer(ThreadingHTTPServer):
    """Bound and not yet serving; a thread for each of at most ``connections``. Raises `OSError`."""

    daemon_threads = True

    def __init__(
        self, address: Any, handler: type["PlainHandler"], *, connections: int
    ) -> None:  # the address of a socket of whatever family
        self.log = handler.log
        self._places = threading.BoundedSemaphore(connections)
        super().__init__(address, handler)

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

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """An asker that went away is no trouble of ours; anything else is told with its trace."""
        del request, client_address
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            self.log.info("a connection broke off: %s", error)
        else:
            self.log.error("a request could not be answered", exc_info=error)


class PlainHandler(BaseHTTPRequestHandler):
    """Reads a body of a declared length and answers in plain text."""

    #: The longest body that is read.
    max_body_bytes: ClassVar[int]
    #: Seconds that a request may take to come, however busy it looks; None: for ever.
    deadline_s: ClassVar[float | None] = None
    log: ClassVar[logging.Logger]

    protocol_version = "HTTP/1.1"
    sys_version = ""

    def handle_one_request(self) -> None:
        """One request; whoever sends a byte now and then is cut off all the same."""
        if self.deadline_s is None:
            super().handle_one_request()
            return
        self._clock = threading.Timer(self.deadline_s, self._cut)
        self._clock.daemon = True
        self._clock.start()
        try:
            super().handle_one_request()
        finally:
            self._clock.cancel()

    def body(self) -> bytes | None:
        """The body; None, and the request answered, where it has no length or too large a one."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or len(length) > 18:
            self.refuse(HTTPStatus.LENGTH_REQUIRED)
            return None
        if int(length) > self.max_body_bytes:
            # A connection that is closed on unread bytes takes the answer with it.
            left = min(int(length), MAX_PASSED_OVER)
            while left > 0 and (passed := self.rfile.read(min(left, _AT_A_TIME))):
                left -= len(passed)
            self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        body = self.rfile.read(int(length))
        if self.deadline_s is not None:
            self._clock.cancel()  # it has come; what is done about it takes its own time
        if len(body) < int(length):
            self.close_connection = True
            return None
        return body

    def refuse(self, status: HTTPStatus) -> None:
        """Answer, and end: what follows on this connection may be the body that was not read."""
        self.close_connection = True
        self.answer(status, f"{status.phrase}\n")

    def answer(self, status: HTTPStatus, text: str, media_type: str = TEXT) -> None:
        data = text.encode(errors="backslashreplace")
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        self.log.info(format, *args)

    def _cut(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
