"""What is read out of the archive's answers, strictly: what can't be right never goes further.

Anything may happen to an answer on the way. Each function raises `ServerAwayError` for one that
can't be used: it is asked for again, and nothing of it is kept.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from station_agent.connection import Answer
from station_agent.errors import RefusedError, ServerAwayError

_UPLOAD_PATH = re.compile(r"/api/uploads/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: What may stand before a path; a server may name itself.
_LOCATION = re.compile(r"\Ahttps?://[^/]+")
#: As many digits as the archive reads; Python's own limit is no protocol's.
_COUNT = re.compile(r"[0-9]{1,18}")


def is_upload_path(path: str) -> bool:
    """Whether an upload of an archive of ours can be there."""
    return _UPLOAD_PATH.fullmatch(path) is not None


def upload_path_in(answer: Answer, prefix: str) -> str:
    """Where the answer says the upload is: its path behind ``prefix``, the server's own."""
    location = answer.headers.get("location", "")
    path = _LOCATION.sub("", location, count=1).removeprefix(prefix)
    if not is_upload_path(path):
        raise ServerAwayError(
            f"the server names no place for the upload: {location[:80]!r}", status=answer.status
        )
    return path


def object_in(answer: Answer) -> dict[str, Any]:
    """The JSON object that is the answer's body."""
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ServerAwayError("the server's answer is not JSON", status=answer.status) from error
    if not isinstance(value, dict):
        raise ServerAwayError("the server's answer is no object", status=answer.status)
    return value


def text_in(value: Mapping[str, Any], name: str) -> str:
    """A member that is printable ASCII."""
    text = value.get(name)
    if not isinstance(text, str) or not text or not text.isascii() or not text.isprintable():
        raise ServerAwayError(f"the server's answer has no usable {name}")
    return text


def offset_in(text: str, size_bytes: int) -> int:
    """An ``Upload-Offset`` of an upload of ``size_bytes``."""
    if not _COUNT.fullmatch(text) or int(text) > size_bytes:
        raise ServerAwayError(f"the server names an impossible offset: {text[:40]!r}")
    return int(text)


def true_offset(error: RefusedError, size_bytes: int) -> int | None:
    """The offset that a 409 names; None where it names none."""
    text = error.headers.get("upload-offset")
    return None if error.status != 409 or text is None else offset_in(text, size_bytes)
