"""One POST to a witness, bounded in size and time whatever is at the other end."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from custody.errors import WitnessAwayError
from custody.log.witness import MAX_ANSWER_BYTES

#: Seconds for a whole exchange, from the connection to the last byte.
TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``media_type`` without its parameters."""

    status: int
    media_type: str
    body: bytes


def post(address: str, body: bytes, *, timeout_s: float = TIMEOUT_S) -> Answer:
    """Post ``body`` to an http or https ``address``; redirects are an answer like another.

    Raises `WitnessAwayError` where no whole answer comes in time, or a longer one than any.
    """
    parts = urlsplit(address)
    is_secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
    headers = {"Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
    try:
        with _deadline(connection, timeout_s):
            connection.request("POST", parts.path, body, headers)
            with connection.getresponse() as response:
                data = response.read(MAX_ANSWER_BYTES + 1)
                whole = not response.length
                media_type = response.headers.get_content_type()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise WitnessAwayError(str(error) or type(error).__name__) from error
    finally:
        connection.close()
    if len(data) > MAX_ANSWER_BYTES:
        raise WitnessAwayError(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
    if not whole:
        raise WitnessAwayError("the answer broke off")
    return Answer(response.status, media_type, data)


@contextmanager
def _deadline(connection: http.client.HTTPConnection, timeout_s: float) -> Iterator[None]:
    """Connect, and cut the connection once the time is over: who sends a byte now and then never
    times out. Raises `TimeoutError` then.
    """
    late = threading.Event()
    connection.connect()
    # Kept here: the connection forgets its socket once it has the headers.
    sock = connection.sock

    def cut() -> None:
        late.set()
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(timeout_s, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError(f"no whole answer within {timeout_s:g} s")
