"""The header fields of tus 1.0, read strictly: what is not in the grammar is refused."""

import base64
import binascii
import hashlib
import re

from starlette.datastructures import Headers

from ingest.reception import Checksum

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,termination"
CHECKSUM_ALGORITHMS = ("sha256", "sha1", "md5")
CONTENT_TYPE = "application/offset+octet-stream"

#: Enough for every field of ours with names of 4096 bytes.
MAX_METADATA_CHARACTERS = 16 * 1024
_NUMBER = re.compile(r"[0-9]{1,18}")
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,128}")


class TusHeaderError(Exception):
    """A header field is missing or not as tus 1.0 writes it."""


def field_of(headers: Headers, name: str) -> str | None:
    """A header field that may stand once; None where it does not. Raises `TusHeaderError`.

    Of two the proxy may heed one and we the other.
    """
    values = headers.getlist(name)
    if len(values) > 1:
        raise TusHeaderError(f"{name} stands twice")
    return values[0] if values else None


def read_number(name: str, text: str | None) -> int:
    """A count of bytes; no sign, no space, at most 18 digits. Raises `TusHeaderError`."""
    if text is None:
        raise TusHeaderError(f"{name} is missing")
    if not _NUMBER.fullmatch(text):
        raise TusHeaderError(f"{name}: a whole number, not {text[:40]!r}")
    return int(text)


def read_metadata(text: str | None) -> dict[str, bytes]:
    """``Upload-Metadata``: key, space, base64, pairs parted by commas. Raises `TusHeaderError`."""
    if text is None:
        raise TusHeaderError("Upload-Metadata is missing")
    if len(text) > MAX_METADATA_CHARACTERS:
        raise TusHeaderError(f"Upload-Metadata: at most {MAX_METADATA_CHARACTERS} characters")
    metadata: dict[str, bytes] = {}
    for pair in text.split(","):
        key, _, value = pair.strip(" ").partition(" ")
        if not _KEY.fullmatch(key):
            raise TusHeaderError(f"Upload-Metadata: a key can't be {key[:40]!r}")
        if key in metadata:
            raise TusHeaderError(f"Upload-Metadata: {key[:40]} stands twice")
        metadata[key] = _base64("Upload-Metadata", value)
    return metadata


def read_checksum(text: str) -> Checksum:
    """``Upload-Checksum``: algorithm, space, base64 of the digest. Raises `TusHeaderError`."""
    algorithm, _, value = text.partition(" ")
    if algorithm not in CHECKSUM_ALGORITHMS:
        raise TusHeaderError(f"Upload-Checksum: {', '.join(CHECKSUM_ALGORITHMS)} are known")
    digest = _base64("Upload-Checksum", value)
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise TusHeaderError(f"Upload-Checksum: not as long as {algorithm} is")
    return Checksum(algorithm, digest)


def _base64(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise TusHeaderError(f"{name}: not base64") from error
