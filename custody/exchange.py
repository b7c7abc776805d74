"""One POST to somebody outside the house, bounded in size and time whatever is at the other end."""

import http.client
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit


class ExchangeError(Exception):
    """No whole answer that could be read came back."""


class ExchangeSlowError(ExchangeError):
    """The answer was not whole in time."""


class ExchangeTooLongError(ExchangeError):
    """The answer is longer than any that is read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``media_type`` without its parameters."""

    status: int
    media_type: str
    body: bytes


def exchange(
    address: str, body: bytes, headers: Mapping[str, str], *, max_bytes: int, limit_s: float
) -> Answer:
    """Post ``body`` to an http or https ``address``; redirects are an answer like another.

    Bounded and raises as `exchange_over`.
    """
    parts = urlsplit(address)
    is_secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    connection = kind(parts.hostname or "", parts.port, timeout=limit_s)
    return exchange_over(connection, path, body, headers, max_bytes=max_bytes, limit_s=limit_s)


def exchange_over(
    connection: http.client.HTTPConnection,
    path: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    max_bytes: int,
    limit_s: float,
) -> Answer:
    """Post ``body`` over a connection that is not open yet, and close it.

    ``limit_s`` is for the whole of it once the name is looked up, ``max_bytes`` for the answer's
    body. Raises `ExchangeSlowError`, `ExchangeTooLongError`, else `ExchangeError`.
    """
    try:
        with _deadline(connection, limit_s):
            connection.request("POST", path, body, {**headers, "Connection": "close"})
            with connection.getresponse() as response:
                data = response.read(max_bytes + 1)
                whole = not response.length
                answer = Answer(response.status, response.headers.get_content_type(), data)
    except TimeoutError as error:
        raise ExchangeSlowError(f"no whole answer within {limit_s:g} s") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ExchangeError(str(error) or type(error).__name__) from error
    finally:
        connection.close()
    if len(data) > max_bytes:
        raise ExchangeTooLongError(f"an answer of more than {max_bytes} bytes")
    if not whole:
        raise ExchangeError("the answer broke off")
    return answer


class UnixConnection(http.client.HTTPConnection):
    """To a server on this machine that listens on a socket in the file system."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@contextmanager
def _deadline(connection: http.client.HTTPConnection, limit_s: float) -> Iterator[None]:
    """Connect, and cut the connection once the time is over: who sends a byte now and then never
    times out. Raises `TimeoutError` then, whatever the cut looked like from inside.
    """
    late = threading.Event()
    connection.connect()
    # Kept here: the connection forgets its socket once it has the headers.
    sock = connection.sock

    def cut() -> None:
        late.set()
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(limit_s, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, ValueError, http.client.HTTPException) as error:
        if late.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError
