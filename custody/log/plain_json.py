"""JSON that anybody may have written: an object, or a `ValueError` and nothing else.

The standard library reads numbers that are none (``Infinity``) and, nested deep enough, ends in a
`RecursionError`; whoever reads a file or an answer expects neither.
"""

import json
from typing import Any, NoReturn


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"no JSON: {text}")


def read_json_object(data: bytes | str) -> dict[str, Any]:
    """The object that ``data`` (UTF-8, where it is bytes) holds. Raises `ValueError`."""
    text = data.decode() if isinstance(data, bytes) else data
    try:
        value = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("JSON that is nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - one kind of error for what can't be read
    return value
