"""A text original as its page shows it: the encoding it was recognised by, bounded, harmless."""

import pytest

from api.web.text_original import MAX_SHOWN_BYTES, shown_text

TEXT = "09:36:21 开机，执法人员 JX0227\n09:40:02 重点标记\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "UTF-8"),
        (TEXT.encode("utf-8-sig"), "UTF-8"),
        (TEXT.encode("gb18030"), "GB18030"),
        (TEXT.encode("utf-16"), "UTF-16-LE"),
        ("plain ascii log\n".encode("utf-16-be"), "UTF-16-BE"),
    ],
)
def test_each_encoding_is_read_as_it_was_recognised(data: bytes, encoding: str) -> None:
    shown = shown_text(data, len(data))
    assert shown.encoding == encoding
    assert shown.text in {TEXT, "plain ascii log\n"}
    assert not shown.cut


def test_a_long_text_is_cut_between_two_characters() -> None:
    data = ("城" * MAX_SHOWN_BYTES).encode()
    shown = shown_text(data[:MAX_SHOWN_BYTES], len(data))
    assert shown.cut
    assert shown.text == "城" * (MAX_SHOWN_BYTES // 3)


def test_what_does_not_decode_shows_as_damage_and_loses_nothing_else() -> None:
    start = "开机 ".encode() * 30_000
    assert shown_text(start + b"\xff\x00ok", 0).text.endswith("开机 \ufffd\x00ok")
    assert shown_text("开机".encode()[:-1], 5).text == "开\ufffd"


def test_line_ends_of_two_bytes_end_a_line_once() -> None:
    assert shown_text(b"a\r\nb\rc\n", 7).text == "a\nb\rc\n"


def test_nothing_at_all_is_no_error() -> None:
    assert shown_text(b"", 0).text == ""
