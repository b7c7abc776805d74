"""Which part of an object a player gets for which header (RFC 9110 section 14)."""

import pytest

from api.web.ranges import ByteRange, RangeUnsatisfiableError, parse_range


@pytest.mark.parametrize(
    ("header", "start", "length"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, 900),
        ("bytes=-1", 999, 1),
        ("bytes=-5000", 0, 1000),
        ("bytes=990-5000", 990, 10),
        ("BYTES=0-0", 0, 1),
    ],
)
def test_a_range_inside_the_object_is_taken(header: str, start: int, length: int) -> None:
    assert parse_range(header, 1000) == ByteRange(start, length)


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes=", "bytes=-", "bytes=9-3", "bytes=0-1,5-6", "items=0-1", "bytes=a-b"],
)
def test_what_cannot_be_read_means_the_whole(header: str | None) -> None:
    assert parse_range(header, 1000) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_outside_is_refused(header: str) -> None:
    with pytest.raises(RangeUnsatisfiableError):
        parse_range(header, 1000)


def test_an_empty_object_has_no_range() -> None:
    with pytest.raises(RangeUnsatisfiableError):
        parse_range("bytes=0-", 0)


def test_the_answer_names_the_range() -> None:
    assert ByteRange(10, 5).content_range(100) == "bytes 10-14/100"
