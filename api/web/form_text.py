"""Text of forms as every engine can hold it. Plain ASGI, before any route reads a form."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: What stands for U+0000 in a text, and can be seen: PostgreSQL has no place for NUL.
_STAND_IN = "\ufffd".encode()
_ESCAPED_STAND_IN = b"%EF%BF%BD"
_MULTIPART = b"multipart/form-data"
_URLENCODED = b"application/x-www-form-urlencoded"


class FormText:
    """Puts U+FFFD in the place of each U+0000 in the forms of pages; nothing else is touched.

    Pages take no files, so a NUL byte is text there. Stations speak under ``/api/`` and are left
    alone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/api/"):
            kind = dict(scope["headers"]).get(b"content-type", b"").lower()
            if kind.startswith((_MULTIPART, _URLENCODED)):
                receive = _without_nul(receive, escaped=kind.startswith(_URLENCODED))
        await self.app(scope, receive, send)


def _without_nul(receive: Receive, *, escaped: bool) -> Receive:
    held = b""  # the beginning of an escape that the next part may end

    async def receive_text() -> Message:
        nonlocal held
        message = await receive()
        if message["type"] != "http.request":
            return message
        body = held + message.get("body", b"")
        held = b""
        if escaped:
            body = body.replace(b"%00", _ESCAPED_STAND_IN)
            if message.get("more_body", False):
                kept = next((end for end in (b"%0", b"%") if body.endswith(end)), b"")
                body, held = body[: len(body) - len(kept)], kept
        return {**message, "body": body.replace(b"\x00", _STAND_IN)}

    return receive_text
