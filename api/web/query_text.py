"""Addresses that every engine can look for; checked before any route reads one. Pure."""

from urllib.parse import unquote_to_bytes

#: Longer than any address of our own pages, and shorter than what servers and proxies let through.
MAX_QUERY_BYTES = 8192


class AddressUnreadableError(Exception):
    """The address holds what no text is: U+0000, or bytes that are no UTF-8."""


class AddressLongError(Exception):
    """The address asks for more than any page of ours does."""


def check_query(query: bytes) -> None:
    """Raises `AddressLongError` and `AddressUnreadableError`; ``query`` is as it was sent.

    Frameworks put U+FFFD in the place of what can't be decoded, and PostgreSQL takes no U+0000:
    a page would look for something else than it was asked for.
    """
    if len(query) > MAX_QUERY_BYTES:
        raise AddressLongError
    try:
        text = unquote_to_bytes(query).decode()
    except UnicodeDecodeError as error:
        raise AddressUnreadableError from error
    if "\x00" in text:
        raise AddressUnreadableError
