"""Reading small bodies whole, with a limit that holds before anything is kept."""

import json
from typing import Any, NoReturn

from fastapi import HTTPException, Request

from api.web.body_limits import refusal


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The body, at most ``max_bytes`` of it; more answers 413, and one that does not end in
    time 408 (`api.web.body_limits`)."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise refusal(413, f"at most {max_bytes} bytes")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise refusal(413, f"at most {max_bytes} bytes")
    return bytes(body)


async def read_object(request: Request, max_bytes: int) -> dict[str, Any]:
    """A body that is one JSON object (RFC 8259: no NaN, no Infinity); else 400.

    A number beyond what a double holds (``1e999``) and U+0000 are refused too: PostgreSQL's JSON
    takes neither.
    """
    body = await read_body(request, max_bytes)
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # no lone surrogate
        _refuse_nul(value)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "the body is not JSON") from error
    if not isinstance(value, dict):
        raise HTTPException(400, "the body is no JSON object")
    return value


def text_of(body: dict[str, Any], name: str, max_characters: int = 1024) -> str:
    """The text under ``name``; 400 where there is none or it is too long."""
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= max_characters:
        raise HTTPException(400, f"{name}: a text of 1 to {max_characters} characters")
    return value


def _refuse_nul(value: object) -> None:
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("U+0000")
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_nul(name)
            _refuse_nul(inner)
    if isinstance(value, list):
        for inner in value:
            _refuse_nul(inner)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(constant)
