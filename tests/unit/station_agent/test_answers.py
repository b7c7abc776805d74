"""What an answer may say, and what is never believed of it."""

import pytest

from station_agent.answers import is_upload_path, object_in, offset_in, text_in, upload_path_in
from station_agent.connection import Answer
from station_agent.errors import ServerAwayError

ID = "0c9ff3b4-3a51-4c58-9c05-1d4b5a3a1f6e"
PATH = f"/api/uploads/{ID}"


def located(location: str) -> Answer:
    return Answer(201, {"location": location}, b"")


@pytest.mark.parametrize(
    ("location", "prefix"),
    [
        (PATH, ""),
        (f"http://archive.test:8470{PATH}", ""),
        (f"/liuhen{PATH}", "/liuhen"),
        (f"https://archive.test/liuhen{PATH}", "/liuhen"),
    ],
)
def test_the_place_of_an_upload(location: str, prefix: str) -> None:
    assert upload_path_in(located(location), prefix) == PATH


@pytest.mark.parametrize(
    "location",
    [
        "",
        "/",
        "http://[",
        "http://[::1/api/uploads/x",
        "/api/uploads/",
        PATH.upper(),
        PATH + "/receipt",
        PATH[:-1],
        PATH + "\n",
        *(PATH[:20] + character + PATH[21:] for character in " \x01\xe9/?[#\x7f"),
        PATH.replace("uploads", "upload;"),
    ],
)
def test_no_other_place_is_kept(location: str) -> None:
    with pytest.raises(ServerAwayError):
        upload_path_in(located(location), "")
    assert not is_upload_path(location)


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1_0", "\u0661", "11", "9" * 5000])
def test_an_offset_is_a_count_within_the_file(text: str) -> None:
    with pytest.raises(ServerAwayError):
        offset_in(text, 10)
    assert offset_in("10", 10) == 10


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"7", b"\xff", b"[" * 200_000, b'{"id": ' + b"9" * 5000 + b"}"]
)
def test_a_body_that_is_no_object_is_asked_for_again(body: bytes) -> None:
    with pytest.raises(ServerAwayError):
        object_in(Answer(200, {}, body))


@pytest.mark.parametrize("value", [None, 7, "", "a\nb", "ä"])
def test_a_member_is_readable_text(value: object) -> None:
    with pytest.raises(ServerAwayError):
        text_in({"id": value}, "id")
