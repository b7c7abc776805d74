"""Where a page can be asked for again: what the language and theme buttons go back to."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from fastapi import Request
from starlette.routing import Match


def return_address(request: Request) -> str:
    """An address of ours that a GET finds, for the page that answers ``request``.

    Of a page that answers a form: the page that the form stood on, if the browser names it, else
    the nearest address above the form's own.
    """
    return next((one for one in _candidates(request) if _can_be_asked_for(request, one)), "/")


def _candidates(request: Request) -> Iterator[str]:
    own = request.url.path
    query = f"?{request.url.query}" if request.url.query else ""
    if request.method in {"GET", "HEAD"}:
        # Also where nothing is found: a page that says so says it again in the other language.
        yield own + query
        return
    referer = urlsplit(request.headers.get("referer", ""))
    if referer.netloc == request.url.netloc:
        yield referer.path + (f"?{referer.query}" if referer.query else "")
    while own.strip("/"):
        yield own
        own = own.rpartition("/")[0]


def _can_be_asked_for(request: Request, target: str) -> bool:
    if request.method in {"GET", "HEAD"}:
        return True
    scope = {**request.scope, "method": "GET", "path": target.partition("?")[0]}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
