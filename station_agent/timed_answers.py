"""Answers that have to end: a time-out of silence alone lets one last for ever, a byte at a time.

The deadline is of the whole answer, its head and whatever comes before it (``100 Continue``)
included. Times are `time.monotonic` seconds.
"""

import http.client
import io
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any, cast


class _Timed(io.RawIOBase):
    """What the socket brings, until ``deadline``; closing it lets the socket go."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, deadline: float) -> None:
        self._sock = sock
        self._raw = raw
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer does not end")
        self._sock.settimeout(left_s)
        try:
            return cast("Callable[[Any], int | None]", self._raw.readinto)(buffer)
        except TimeoutError as error:
            raise TimeoutError("no whole answer in time") from error

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *named: Any, deadline: float, **options: Any) -> None:
        super().__init__(sock, *named, **options)
        self.fp.close()
        raw = cast("io.RawIOBase", sock.makefile("rb", buffering=0))
        self.fp = io.BufferedReader(_Timed(sock, raw, deadline))


def read_response(
    connection: http.client.HTTPConnection, timeout_s: float
) -> http.client.HTTPResponse:
    """The head of the answer; it and its body raise `TimeoutError` once ``timeout_s`` are over.

    The socket's own time-out is another afterwards. Raises as `HTTPConnection.getresponse`.
    """
    made = partial(_Response, deadline=time.monotonic() + timeout_s)
    connection.response_class = cast("type[http.client.HTTPResponse]", made)
    return connection.getresponse()
