"""Addresses that hold what no text is, or too much."""

import pytest

from api.web.query_text import (
    MAX_QUERY_BYTES,
    AddressLongError,
    AddressUnreadableError,
    check_query,
)


@pytest.mark.parametrize("query", [b"", b"a=1&b=%E7%95%99", b"a=%2500", "a=留".encode(), b"a=+%0A"])
def test_text_passes(query: bytes) -> None:
    check_query(query)


@pytest.mark.parametrize("query", [b"a=%00", b"%00", b"a=%ED%A0%80", b"a=%f0%9f", b"\xff", b"\x00"])
def test_what_is_no_text_is_refused(query: bytes) -> None:
    with pytest.raises(AddressUnreadableError):
        check_query(query)


def test_what_is_too_long_is_refused() -> None:
    check_query(b"x" * MAX_QUERY_BYTES)
    with pytest.raises(AddressLongError):
        check_query(b"x" * (MAX_QUERY_BYTES + 1))
