"""One kept-alive HTTP connection to the archive, and what its answers mean for us.

`http.client` with `TCP_NODELAY`; no redirects, no proxies, no cookies. Everything that goes wrong
on the way is a `ServerAwayError` (try again), everything the server rejects a `RefusedError`.
"""

import http.client
import select
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from custody.log.plain_json import read_json_object
from station_agent.errors import RefusedError, ServerAwayError
from station_agent.reasons import printable
from station_agent.timed_answers import read_response

#: Answers are small (a receipt is a few kB, a tile 8 KiB); more is an attack or a mistake.
MAX_ANSWER_BYTES = 4 * 1024 * 1024
#: Longest pause a server may ask for.
MAX_RETRY_AFTER_S = 3600.0
_CONNECT_TIMEOUT_S = 10.0
#: So much of what a server says is shown.
_SHOWN = 300
#: Request timeout, conflict by another writer, too early, too many requests: come again.
_TRY_AGAIN = frozenset({408, 423, 425, 429})
#: X509_V_FLAG_NO_CHECK_TIME of OpenSSL.
_NO_CHECK_TIME = 0x200000


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: ``headers`` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def tls_context(ca_file: str) -> ssl.SSLContext:
    """Verified TLS; with a certificate authority of the bureau's own, whatever our clock says.

    The station's clock may be years off (a flat battery on the board), and with only one pinned
    authority the dates of its certificates add little. Raises `OSError` for an unusable file.
    """
    context = ssl.create_default_context(cafile=ca_file or None)
    if ca_file:
        context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
    return context


class Connection:
    """Not for several threads at once, except for `abort`."""

    def __init__(self, server: str, timeout_s: float, ca_file: str = "") -> None:
        parts = urlsplit(server)
        self._secure = parts.scheme == "https"
        self._address = (parts.hostname or "", parts.port)
        self._context = tls_context(ca_file) if self._secure else None
        self._timeout_s = timeout_s
        self._http: http.client.HTTPConnection | None = None
        self._aborted = threading.Event()

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> Answer:
        """One exchange. A kept-alive connection that turns out dead is replaced once.

        Every request of the protocol may be repeated, so that is safe. Raises `ServerAwayError`
        if there is no whole answer in time; whatever answer comes is returned.
        """
        while True:
            kept = self._http is not None
            try:
                connection = self._connect()
                connection.request(method, path, body=body or None, headers=dict(headers))
                return self._read(connection, max_bytes, self._timeout_s)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if kept and not isinstance(error, TimeoutError) and not self._aborted.is_set():
                    continue
                raise ServerAwayError(_describe(error)) from error

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        length: int,
        parts: Iterable[memoryview],
        *,
        answer_timeout_s: float,
    ) -> Answer:
        """One exchange with a large body. An answer that comes early ends the sending.

        Sending may take as long as each part gets through within the time-out.

        Raises `ServerAwayError`, and what ``parts`` raises (then the connection is cut, so that
        the server does not wait for the rest).
        """
        connection = self._connect()
        try:
            connection.putrequest(method, path)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(length))
            connection.endheaders()
            whole = self._send_parts(connection, parts)
            answer = self._read(connection, MAX_ANSWER_BYTES, answer_timeout_s)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise ServerAwayError(_describe(error)) from error
        except BaseException:
            self.close()
            raise
        if not whole:
            self.close()
        return answer

    def _send_parts(
        self, connection: http.client.HTTPConnection, parts: Iterable[memoryview]
    ) -> bool:
        """Whether all was sent; False where the server answered before the end."""
        sock = connection.sock
        for part in parts:
            # Under TLS, bytes may be waiting that are no answer (session tickets).
            if not self._secure and select.select([sock], [], [], 0)[0]:
                return False
            try:
                sock.sendall(part)
            except TimeoutError:
                raise
            except OSError:
                # The server hung up; its answer may have arrived before that.
                if select.select([sock], [], [], 0.2)[0]:
                    return False
                raise
        return True

    def _connect(self) -> http.client.HTTPConnection:
        if self._aborted.is_set():
            raise ServerAwayError("stopping")
        if self._http is None:
            host, port = self._address
            if self._context is not None:
                self._http = http.client.HTTPSConnection(
                    host, port, timeout=_CONNECT_TIMEOUT_S, context=self._context
                )
            else:
                self._http = http.client.HTTPConnection(host, port, timeout=_CONNECT_TIMEOUT_S)
            try:
                self._http.connect()
            except (OSError, http.client.HTTPException) as error:
                self.close()
                raise ServerAwayError(_describe(error)) from error
        if self._http.sock is not None:
            self._http.sock.settimeout(self._timeout_s)  # reading an answer leaves another one
        return self._http

    def _read(
        self, connection: http.client.HTTPConnection, max_bytes: int, timeout_s: float
    ) -> Answer:
        response = read_response(connection, timeout_s)
        body = response.read(max_bytes + 1)
        if len(body) > max_bytes:
            raise http.client.HTTPException(f"an answer of more than {max_bytes} bytes")
        expected = response.headers.get("Content-Length")
        if expected is not None and response.length:
            raise http.client.IncompleteRead(body, response.length)
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.will_close:
            self.close()
        return Answer(response.status, headers, body)

    def abort(self) -> None:
        """From another thread: make whatever is under way fail now, and everything after it."""
        self._aborted.set()
        connection = self._http
        sock = connection.sock if connection is not None else None
        if sock is not None:
            with suppress(OSError):  # it may be closed by now, which is what we want
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Drop the connection; the next request opens a new one."""
        if self._http is not None:
            self._http.close()
            self._http = None


def checked(answer: Answer) -> Answer:
    """The answer, if it is a success. Raises `ServerAwayError` or `RefusedError` by its status."""
    if 200 <= answer.status < 300:
        return answer
    detail = f"{answer.status} {_excerpt(answer)}".strip()
    if answer.status >= 500 or answer.status in _TRY_AGAIN:
        raise ServerAwayError(detail, retry_after_s=retry_after(answer), status=answer.status)
    raise RefusedError(
        answer.status, _excerpt(answer), dict(answer.headers), is_own=_is_own(answer)
    )


def retry_after(answer: Answer) -> float | None:
    """The pause the server asks for in seconds. A date is passed over: our clock may be off."""
    try:
        seconds = float(answer.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S) if seconds == seconds else None  # noqa: PLR0124


def _is_own(answer: Answer) -> bool:
    """Whether a refusal is the archive's: ``{"error": …, "detail": …}``, both of them text."""
    try:
        value = read_json_object(answer.body)
        return isinstance(value["error"], str) and isinstance(value["detail"], str)
    except (ValueError, KeyError):
        return False


def _excerpt(answer: Answer) -> str:
    text = answer.body[:_SHOWN].decode("utf-8", "replace")
    # Our own archive answers {"detail": …}.
    with suppress(ValueError, KeyError):
        text = str(read_json_object(answer.body)["detail"])[:_SHOWN]
    return "".join(character if character.isprintable() else " " for character in text).strip()


def _describe(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return printable(str(error)[:_SHOWN]) or type(error).__name__
