"""A text original as its page shows it: the beginning, decoded as it was recognised.

Whatever its bytes, it comes out as text: what does not decode becomes U+FFFD, and what could not
be seen is made visible by the template. Pure; the bytes are fetched by the route.
"""

import codecs
from dataclasses import dataclass

from ingest.containers import text_encoding

#: Of a longer text, the beginning is shown; the download has all of it.
MAX_SHOWN_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class ShownText:
    """The ``text`` of the first ``shown_bytes`` of an original, read as ``encoding``."""

    text: str
    encoding: str
    shown_bytes: int
    cut: bool


def shown_text(beginning: bytes, size_bytes: int) -> ShownText:
    """The text of an original of ``size_bytes`` that begins with ``beginning``.

    The byte order mark is no part of the text, and a line that ends with CR LF ends once. A
    character that our own limit cuts is left out; one that the file itself cuts shows as damage.
    """
    encoding = text_encoding(beginning) or "utf-8-sig"
    cut = len(beginning) < size_bytes
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    text = decoder.decode(beginning, final=not cut).removeprefix("\ufeff")
    name = encoding.removesuffix("-sig").upper()
    return ShownText(text.replace("\r\n", "\n"), name, len(beginning), cut)
