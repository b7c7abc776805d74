"""Whatever is at the other end of an exchange, it ends in time and in bounds."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from custody.errors import WitnessAwayError
from custody.exchange import Answer
from custody.log.witness import MAX_ANSWER_BYTES
from custody.witnesses.exchange import post


@contextmanager
def answering(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of somebody who takes one connection and does with it what ``behave`` does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                behave(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/w/add-checkpoint"
        thread.join(20)
        assert not thread.is_alive()


def saying(data: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(data)

    return behave


def test_an_answer_as_it_is() -> None:
    head = b"HTTP/1.1 409 Conflict\r\nContent-Type: text/x.tlog.size; a=b\r\n"
    data = head + b"Content-Length: 2\r\n\r\n4\n"
    with answering(saying(data)) as address:
        assert post(address, b"body") == Answer(409, "text/x.tlog.size", b"4\n")


def test_a_redirect_is_not_followed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        there = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/"
        data = f"HTTP/1.1 307 Go\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n".encode()
        with answering(saying(data)) as address:
            assert post(address, b"body").status == 307
        elsewhere.setblocking(False)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAX_ANSWER_BYTES + 1),
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["nothing", "no HTTP", "cut off", "endless", "headers", "chunks"],
)
def test_what_is_no_answer_is_told(data: bytes) -> None:
    with answering(saying(data)) as address, pytest.raises(WitnessAwayError):
        post(address, b"body")


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["headers", "body"])
def test_one_that_never_ends_is_cut(beginning: bytes) -> None:
    """A byte now and then keeps every single read alive; the exchange ends all the same."""

    def drip(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(beginning or b"HTTP/1.1 200 OK\r\nA: ")
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    with answering(drip) as address, pytest.raises(WitnessAwayError, match="no whole answer"):
        post(address, b"body", timeout_s=0.3)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/add-checkpoint"
    with pytest.raises(WitnessAwayError):
        post(address, b"body")
