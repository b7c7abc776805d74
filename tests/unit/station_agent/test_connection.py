"""What the server's answers mean."""

import pytest

from station_agent.connection import Answer, checked, retry_after
from station_agent.errors import RefusedError, ServerAwayError


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, names, body)


@pytest.mark.parametrize("status", [408, 423, 425, 429, 500, 502, 503, 504, 507])
def test_try_again(status: int) -> None:
    with pytest.raises(ServerAwayError) as caught:
        checked(answer(status, retry_after="7"))
    assert (caught.value.status, caught.value.retry_after_s) == (status, 7.0)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 410, 412, 413, 415, 460])
def test_no(status: int) -> None:
    with pytest.raises(RefusedError) as caught:
        checked(answer(status, b'{"error": "x", "detail": "because\\n so"}'))
    assert (caught.value.status, caught.value.detail) == (status, "because  so")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5.0),
        ("0.25", 0.25),
        ("-1", 0.0),
        ("99999999", 3600.0),
        ("nan", None),
        ("Wed, 21 Oct 2099 07:28:00 GMT", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_of_seconds_within_reason(
    header: str, seconds: float | None
) -> None:
    assert retry_after(answer(503, retry_after=header)) == seconds


def test_an_answer_that_is_no_text_is_shown_all_the_same() -> None:
    with pytest.raises(RefusedError) as caught:
        checked(answer(404, b"<html>\x00\xff\n" + b"x" * 5000))
    assert caught.value.detail.isprintable()
    assert len(caught.value.detail) <= 300


@pytest.mark.parametrize(
    ("body", "is_own"),
    [
        (b'{"error": "header", "detail": "Upload-Length is missing"}', True),
        (b'{"detail": "Not Found"}', False),
        (b'{"error": 7, "detail": "x"}', False),
        (b'["error", "detail"]', False),
        (b"Invalid HTTP request received.", False),
        (b"<html>413 Request Entity Too Large</html>", False),
        (b"[" * 100_000, False),
        (b"", False),
    ],
)
def test_whose_refusal_it_is(body: bytes, is_own: bool) -> None:
    with pytest.raises(RefusedError) as caught:
        checked(answer(400, body))
    assert caught.value.is_own is is_own
