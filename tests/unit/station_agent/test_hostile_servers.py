"""Servers that say what moves a terminal, and servers that never come to an end."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station_agent import reasons
from station_agent.connection import Connection
from station_agent.display import line_of
from station_agent.errors import RefusedError, ServerAwayError, StationError
from station_agent.events import Event

#: Longer than any deadline here, and an end all the same.
_LONG_S = 20.0


@contextmanager
def saying(say: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request, says something and hangs up; for one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                peer, _ = listener.accept()
                with peer:
                    peer.recv(65536)
                    say(peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(_LONG_S)


def dripping(piece: bytes, pause_s: float) -> Callable[[socket.socket], None]:
    def say(peer: socket.socket) -> None:
        ends = time.monotonic() + _LONG_S
        while time.monotonic() < ends:
            peer.sendall(piece)
            time.sleep(pause_s)

    return say


def dripping_body(peer: socket.socket) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    dripping(b"x", 0.02)(peer)


ENDLESS = {
    "status": dripping(b"H", 0.02),
    "continue": dripping(b"HTTP/1.1 100 Continue\r\n\r\n", 0.02),
    "flood": dripping(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0.0),
    "body": dripping_body,
}


@pytest.mark.parametrize("how", ENDLESS)
def test_an_answer_has_to_end(how: str) -> None:
    with saying(ENDLESS[how]) as address:
        connection = Connection(address, 0.3)
        with pytest.raises(ServerAwayError, match=r"in time|does not end"):
            connection.request("GET", "/", {})
        connection.close()


def test_the_answer_to_an_upload_has_to_end() -> None:
    with saying(ENDLESS["continue"]) as address:
        connection = Connection(address, 5)
        with pytest.raises(ServerAwayError, match=r"in time|does not end"):
            connection.send("PATCH", "/", {}, 3, [memoryview(b"abc")], answer_timeout_s=0.3)
        connection.close()


def test_a_slow_answer_that_ends_is_taken_and_the_connection_kept() -> None:
    def say(peer: socket.socket) -> None:
        for _ in range(2):
            for piece in (b"HTTP/1.1 200 OK\r\n", b"Content-Length: 2\r\n\r\n", b"o", b"k"):
                peer.sendall(piece)
                time.sleep(0.05)
            peer.recv(65536)

    with saying(say) as address:
        connection = Connection(address, 5)
        for _ in range(2):
            assert connection.request("GET", "/", {}).body == b"ok"
        connection.close()


def test_a_status_line_draws_nothing_on_a_terminal() -> None:
    line = "\r\x1b[2K✓ archived  clip.mp4  4.9 KiB\x1b[8m".encode()

    def say(peer: socket.socket) -> None:
        peer.sendall(line + b"\r\n\r\n")

    with saying(say) as address:
        connection = Connection(address, 5)
        with pytest.raises(ServerAwayError) as caught:
            connection.request("GET", "/", {})
        connection.close()
    said = str(caught.value.args[0])
    assert said.isprintable()
    assert "␛[2K" in said
    assert len(said) < 2000


@given(st.text())
def test_whatever_was_said_outside_is_one_printable_line(text: str) -> None:
    for error in (StationError(text), ServerAwayError(text), RefusedError(400, text)):
        assert str(error.args[0]).isprintable()
    assert RefusedError(400, text).detail.isprintable()
    assert reasons.compose(reasons.SERVER_ERROR, text).isprintable()
    for state in ("away", "refuses"):
        assert (line_of(Event("server", state=state, reason=text), "zh") or "").isprintable()
    for event in (Event("alarm", reason=text), Event("trouble", b"a", "failed", reason=text)):
        assert (line_of(event, "en") or "").isprintable()


@given(st.text())
def test_what_can_be_shown_is_shown_as_it_is(text: str) -> None:
    shown = reasons.printable(text)
    assert reasons.printable(shown) == shown
    assert shown == text or not text.isprintable()
