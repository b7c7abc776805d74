"""How long and how large a request's body may be. Plain ASGI, before any route reads one.

A sender of one byte a minute would hold a request, and what it holds, for ever.
"""

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: For a whole body from its first byte on: a list of 32 MiB takes that long at 2.3 Mbit/s.
BODY_S = 120.0
#: The most that any form of a page needs: some hundred clips and a few pages of text.
MAX_FORM_BYTES = 1 << 20
#: Uploads take hours; how long one may stand still `api.routes.upload_stream` says.
_UPLOADS = "/api/uploads/"


class BodyLimits:
    """Answers 408 to a body that does not end in time, 413 to a form that is too large.

    The connection is closed with the answer: nobody waits for the rest. What stations send under
    ``/api/`` is limited in size by its route (`api.routes.request_bodies`).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(_UPLOADS):
            of_page = not scope["path"].startswith("/api/")
            receive = _limited(receive, MAX_FORM_BYTES if of_page else None)
        await self.app(scope, receive, send)


def _limited(receive: Receive, max_bytes: int | None) -> Receive:
    ends_at: float | None = None
    size, ended = 0, False

    async def receive_in_time() -> Message:
        nonlocal ends_at, size, ended
        if ended:  # what comes now is that the sender hangs up, whenever that is
            return await receive()
        if ends_at is None:
            ends_at = asyncio.get_running_loop().time() + BODY_S
        try:
            async with asyncio.timeout_at(ends_at):
                message = await receive()
        except TimeoutError as error:
            raise refusal(408, f"the body did not end within {BODY_S:g} s") from error
        size += len(message.get("body", b""))
        if max_bytes is not None and size > max_bytes:
            raise refusal(413, f"at most {max_bytes} bytes")
        ended = not message.get("more_body", False)
        return message

    return receive_in_time


def refusal(status: int, detail: str) -> HTTPException:
    """The answer to a body that is not read to its end."""
    return HTTPException(status, detail, headers={"Connection": "close"})
