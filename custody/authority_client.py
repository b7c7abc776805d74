"""One request to a time-stamping authority over HTTP: bounded in bytes and in time."""

import http.client
import socket
import ssl
import threading
from urllib.parse import urlsplit

from custody.authorities import Authority
from custody.errors import CustodyError
from custody.timestamp_tokens import MAX_ANSWER_BYTES

#: For the whole exchange, once the name is looked up; an authority answers in a second or two.
ASK_LIMIT_S = 15.0


class AuthorityError(CustodyError):
    """The time-stamping authority gave no answer that could be read."""


class AuthorityAwayError(AuthorityError):
    """The time-stamping authority can't be reached."""


class AuthoritySlowError(AuthorityError):
    """The time-stamping authority did not answer in time."""


class AuthorityStatusError(AuthorityError):
    """The time-stamping authority answered with an error of HTTP, or from another place."""


class AuthorityTooLongError(AuthorityError):
    """The time-stamping authority's answer is longer than any token."""


def ask(authority: Authority, request: bytes, *, limit_s: float = ASK_LIMIT_S) -> bytes:
    """POST an RFC 3161 request; the answer's body, believed by nobody yet.

    Redirects are not followed. Raises an `AuthorityError`.
    """
    parts = urlsplit(authority.url)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=limit_s, context=context
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=limit_s)
    headers = {
        "Content-Type": "application/timestamp-query",
        "Accept": "application/timestamp-reply",
        "Connection": "close",
    }
    late = threading.Event()
    try:
        connection.connect()
        # A socket's own limit begins anew with every byte that drips in.
        hang_up = threading.Timer(limit_s, _hang_up, (connection.sock, late))
        hang_up.daemon = True
        hang_up.start()
        try:
            connection.request("POST", path, request, headers)
            with connection.getresponse() as answer:
                data = answer.read(MAX_ANSWER_BYTES + 1)
                status = answer.status
        finally:
            hang_up.cancel()
    except TimeoutError as error:
        raise AuthoritySlowError from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        if late.is_set():
            raise AuthoritySlowError from error
        raise AuthorityAwayError(str(error)) from error
    finally:
        connection.close()
    if late.is_set():
        raise AuthoritySlowError
    if status != 200:
        raise AuthorityStatusError(str(status))
    if len(data) > MAX_ANSWER_BYTES:
        raise AuthorityTooLongError
    return data


def _hang_up(connected: socket.socket, late: threading.Event) -> None:
    late.set()
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was quicker
