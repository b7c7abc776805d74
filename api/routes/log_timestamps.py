"""Checkpoints as they were published, cosigned and stamped, as static files; no sign-in.

Beside the newest checkpoint and the tiles (`api.routes.log`), for mirrors and verifiers.
"""

import re

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from api.dependencies import ServicesDep
from custody.key_rows import published_key_places
from custody.object_keys import log_key
from storage.errors import ObjectNotFoundError

router = APIRouter(prefix="/log")

_FOR_EVER = "public, max-age=31536000, immutable"
_SIZE = re.compile(r"[0-9]{12}")
_KEY = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(r"[a-z0-9-]{1,40}\.tsr")


@router.api_route("/checkpoints/{size}", methods=["GET", "HEAD"])
def read_published(size: str, services: ServicesDep) -> Response:
    """The checkpoint of ``size`` entries (twelve digits) as it was published."""
    if not _SIZE.fullmatch(size):
        raise HTTPException(404, "no checkpoint has this name")
    return _file(services, f"checkpoints/{size}", "text/plain; charset=utf-8")


@router.api_route("/cosignatures/{size}/{key}", methods=["GET", "HEAD"])
def read_cosignature(size: str, key: str, services: ServicesDep) -> Response:
    """The checkpoint of ``size`` entries with the cosignature of one key, by its SHA-256 in hex."""
    if not _SIZE.fullmatch(size) or not _KEY.fullmatch(key):
        raise HTTPException(404, "no cosignature has this name")
    return _file(services, f"cosignatures/{size}/{key}", "text/plain; charset=utf-8")


@router.api_route("/keys", methods=["GET", "HEAD"])
def list_key_entries(services: ServicesDep) -> dict[str, list[dict[str, int]]]:
    """Where the log's published entries about its keys stand, each with the size of the first
    checkpoint that has it: for stations, which hold every word of it against the tree."""
    with services.database.read() as tx:
        places = published_key_places(tx)
    return {"entries": [{"index": index, "size": size} for index, size in places]}


@router.api_route("/timestamps/{size}/{name}", methods=["GET", "HEAD"])
def read_timestamp(size: str, name: str, services: ServicesDep) -> Response:
    """What an authority answered about the checkpoint of ``size`` entries (RFC 3161)."""
    if not _SIZE.fullmatch(size) or not _TOKEN.fullmatch(name):
        raise HTTPException(404, "no timestamp has this name")
    return _file(services, f"timestamps/{size}/{name}", "application/timestamp-reply")


def _file(services: ServicesDep, path: str, media_type: str) -> Response:
    try:
        data = services.store.read_bytes(log_key(path))
    except ObjectNotFoundError as error:
        raise HTTPException(404, "there is no such file") from error
    return Response(data, media_type=media_type, headers={"Cache-Control": _FOR_EVER})
