"""Base64 and decimal numbers in the one spelling that is accepted."""

import base64
import re

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


def encode_base64(data: bytes) -> str:
    """RFC 4648 section 4, with padding."""
    return base64.b64encode(data).decode()


def decode_base64(text: str) -> bytes:
    """The bytes. Raises `ValueError` unless ``text`` is exactly what `encode_base64` writes."""
    data = base64.b64decode(text, validate=True)
    if encode_base64(data) != text:
        raise ValueError("base64 with stray bits")
    return data


def parse_decimal(text: str) -> int:
    """A number up to 19 digits. Raises `ValueError` for a sign, a leading zero, other digits."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError("not a decimal number")
    return int(text)
