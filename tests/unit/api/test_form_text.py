"""NUL in a form's text, wherever the parts of the body happen to be cut."""

from urllib.parse import parse_qs, urlencode

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.web.form_text import FormText
from tests.services.event_loops import run_alone

URLENCODED = b"application/x-www-form-urlencoded"


def passed_on(parts: list[bytes], kind: bytes, path: str = "/clips") -> bytes:
    """What an application behind `FormText` reads of ``parts``."""
    waiting = list(parts)
    read = bytearray()

    async def receive() -> Message:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        more = True
        while more:
            message = await receive()
            read.extend(message["body"])
            more = message["more_body"]

    scope = {"type": "http", "path": path, "headers": [(b"content-type", kind)]}
    run_alone(FormText(app)(scope, receive, send))
    return bytes(read)


FORM = {"a\x00": "\x00复\x00\x00核", "b": "100%00 %2500 %0", "c": "%"}


@pytest.mark.parametrize("size", [1, 2, 3, 4, 1000])
def test_only_nul_is_replaced_however_the_body_is_cut(size: int) -> None:
    body = urlencode(FORM).encode()
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    read = parse_qs(passed_on(parts, URLENCODED).decode(), strict_parsing=True)
    wanted = {name.replace("\x00", "�"): [text.replace("\x00", "�")] for name, text in FORM.items()}
    assert read == wanted


def test_a_raw_nul_is_replaced_in_both_kinds_of_form() -> None:
    assert passed_on([b"a=\x00"], URLENCODED + b"; charset=utf-8") == "a=�".encode()
    assert passed_on([b"x\x00%00"], b"Multipart/form-data; boundary=y") == "x�%00".encode()


def test_an_open_escape_at_the_end_stays() -> None:
    assert passed_on([b"a=%0", b""], URLENCODED) == b"a=%0"


def test_what_is_no_form_of_a_page_is_left_alone() -> None:
    assert passed_on([b"%00\x00"], b"application/octet-stream") == b"%00\x00"
    assert passed_on([b"%00\x00"], URLENCODED, "/api/uploads") == b"%00\x00"
