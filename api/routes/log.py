"""The custody log as static files (C2SP tlog-tiles), for witnesses and verifiers; no sign-in.

An entry holds pseudonyms, digests and commitments only, so that everybody may check the tree.
"""

from contextlib import suppress

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from api.dependencies import ServicesDep
from custody.log.errors import TileError
from custody.log.tiles import WIDTH, parse_bundle_path, parse_tile_path
from custody.object_keys import CHECKPOINT_KEY, log_key
from custody.publishing.restored import Older
from storage.errors import ObjectNotFoundError

router = APIRouter(prefix="/log")

#: A full tile never changes; a partial one neither, but a wider one takes its place.
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_A_MINUTE = "public, max-age=60"


@router.api_route("/checkpoint", methods=["GET", "HEAD"])
def read_checkpoint(services: ServicesDep) -> Response:
    """The newest signed checkpoint; 404 before the first.

    Where the store was put back from an older copy it shows a smaller tree than was signed: that
    is kept back (503), for everybody who saw more would take it for a rewritten log.
    """
    watch = services.publisher.watch
    if watch.current() in {Older.STORE, Older.BOTH}:
        watch.require_whole()
    try:
        note = services.store.read_bytes(CHECKPOINT_KEY)
    except ObjectNotFoundError as error:
        raise HTTPException(404, "nothing is published yet") from error
    return Response(
        note, media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-cache"}
    )


@router.api_route("/tile/{path:path}", methods=["GET", "HEAD"])
def read_tile(path: str, services: ServicesDep) -> Response:
    """A hash tile or an entry bundle; 404 for any other path."""
    path = f"tile/{path}"
    width = _width_of(path)
    if width is None:
        raise HTTPException(404, "no tile has this path")
    try:
        data = services.store.read_bytes(log_key(path))
    except ObjectNotFoundError as error:
        raise HTTPException(404, "there is no such tile") from error
    cache = _FOR_EVER if width == WIDTH else _FOR_A_MINUTE
    return Response(data, media_type="application/octet-stream", headers={"Cache-Control": cache})


def _width_of(path: str) -> int | None:
    """How many hashes or entries a path of the log promises; None for one that can't be."""
    with suppress(TileError):
        return parse_bundle_path(path)[1]
    with suppress(TileError):
        return parse_tile_path(path).width
    return None
