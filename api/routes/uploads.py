"""tus 1.0.0 (core, creation, checksum, termination) under ``/api/uploads``, and receipts.

https://tus.io/protocols/resumable-upload. A refusal carries the status the protocol gives it.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute

from api.dependencies import ServicesDep
from api.routes import tus_headers as tus
from api.routes.health import MIN_FREE_BYTES
from api.routes.prefer import preferred_wait_s
from api.routes.station_auth import StationActor
from api.routes.upload_stream import UploadStalledError, receive
from api.services import Services
from custody.actors import Actor
from custody.clips import find_clip_by_digest, get_clip
from custody.errors import ReceiptNotReadyError
from custody.history import is_condemned
from custody.receipts import find_stored, store_receipt
from ingest import errors, uploads
from ingest.admission import stands
from ingest.announcements import digest_of, read_announcement
from ingest.receipts import make_receipt
from storage.errors import StagingBusyError, StoreFullError, StoreUnavailableError

log = logging.getLogger("liuhen.uploads")

PATH = "/api/uploads"
#: How long a request for a receipt may wait for it, and how often it looks.
MAX_WAIT_S = 5.0
WAIT_STEP_S = 0.1


class TusVersionError(Exception):
    """This server speaks tus 1.0.0."""


class ContentTypeError(Exception):
    """The body of a PATCH is application/offset+octet-stream, as it is, without encoding."""


#: What the protocol answers; everything else goes by the one table in `api.errors`.
_ANSWERS: tuple[tuple[type[Exception], int, str], ...] = (
    (tus.TusHeaderError, 400, "header"),
    (errors.AnnouncementError, 400, "announcement"),
    (errors.UploadAdmittedError, 403, "admitted"),
    (errors.UploadNotFoundError, 404, "not_found"),
    (UploadStalledError, 408, "stalled"),
    (errors.OffsetMismatchError, 409, "offset"),
    (errors.UploadGoneError, 410, "gone"),
    (errors.OriginalLostError, 410, "original_lost"),
    (TusVersionError, 412, "version"),
    (errors.UploadTooLargeError, 413, "too_large"),
    (ContentTypeError, 415, "content_type"),
    (errors.DockSessionMissingError, 424, "dock_session"),
    (StagingBusyError, 423, "busy"),
    (errors.ChecksumMismatchError, 460, "checksum"),
    (errors.DigestMismatchError, 460, "digest"),
    (errors.ReadBackError, 500, "read_back"),
    (StoreUnavailableError, 503, "store_unavailable"),
    (StoreFullError, 507, "store_full"),
)
_REFUSALS = tuple(kind for kind, _, _ in _ANSWERS)


class TusRoute(APIRoute):
    """Checks the version before the route runs, and answers as tus does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            if request.headers.get("tus-resumable") == tus.VERSION:
                try:
                    response = await handler(request)
                except _REFUSALS as error:
                    response = _refusal(error)
            else:
                response = _refusal(TusVersionError())
            response.headers["Tus-Resumable"] = tus.VERSION
            response.headers["Cache-Control"] = "no-store"
            return response

        return answer


def _refusal(error: Exception) -> Response:
    status, key = next((status, key) for kind, status, key in _ANSWERS if isinstance(error, kind))
    headers = {}
    if isinstance(error, errors.OffsetMismatchError):
        headers["Upload-Offset"] = str(error.expected)
    if isinstance(error, UploadStalledError):
        headers["Connection"] = "close"
    if isinstance(error, TusVersionError):
        headers["Tus-Version"] = tus.VERSION
    detail = str(error) or (type(error).__doc__ or "").strip()
    return JSONResponse({"error": key, "detail": detail}, status, headers=headers)


router = APIRouter()
_tus = APIRouter(prefix=PATH, route_class=TusRoute)


@router.options(PATH)
@router.options(PATH + "/{upload_id}")
async def tell_abilities(services: ServicesDep) -> Response:
    """What this server can do."""
    return Response(
        status_code=204,
        headers={
            "Tus-Resumable": tus.VERSION,
            "Tus-Version": tus.VERSION,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": str(services.config.max_upload_bytes),
            "Tus-Checksum-Algorithm": ",".join(tus.CHECKSUM_ALGORITHMS),
        },
    )


@_tus.post("")
async def create(request: Request, services: ServicesDep, actor: StationActor) -> Response:
    """Announce a file. Bytes the archive has already are complete at once.

    ``Upload-Announcement`` is the digest of what was understood (docs/formats/receipts.md). 424
    where it names a dock session whose manifest is not here: that comes first.
    """
    if "upload-concat" in request.headers:
        raise tus.TusHeaderError("Upload-Concat: uploads are not put together here")
    if "upload-defer-length" in request.headers:
        raise tus.TusHeaderError("Upload-Defer-Length: the length has to be said at once")
    size_bytes = tus.read_number("Upload-Length", tus.field_of(request.headers, "Upload-Length"))
    metadata = tus.read_metadata(tus.field_of(request.headers, "Upload-Metadata"))
    announcement = read_announcement(size_bytes, metadata)

    def work() -> uploads.Upload:
        with services.database.read() as tx:
            known = find_clip_by_digest(tx, announcement.sha256)
            condemned = known is not None and is_condemned(tx, known.id)
        lost = known is not None and not stands(services.store, known, condemned=condemned)
        with services.database.write() as tx:
            upload = uploads.announce(
                tx,
                services.ledger,
                services.clock,
                actor,
                announcement,
                services.config.max_upload_bytes,
                lost=lost,
            )
            if upload.state == uploads.RECEIVING:
                # Said before the bytes come: what can't fit takes no room from what can.
                services.staging.require_room(size_bytes, keep_bytes=MIN_FREE_BYTES)
            return upload

    upload = await run_in_threadpool(work)
    headers = {
        "Location": f"{PATH}/{upload.id}",
        "Upload-Announcement": digest_of(announcement),
    }
    if upload.state == uploads.ADMITTED:
        headers["Upload-Offset"] = str(upload.size_bytes)
    return Response(status_code=201, headers=headers)


@_tus.head("/{upload_id}")
def tell_offset(upload_id: str, services: ServicesDep, actor: StationActor) -> Response:
    """How far the upload is; every byte before the offset is durable."""
    with services.database.read() as tx:
        upload = uploads.get_standing(tx, upload_id, actor.id)
    return Response(
        status_code=200,
        headers={
            "Upload-Offset": str(upload.offset_bytes),
            "Upload-Length": str(upload.size_bytes),
        },
    )


@_tus.patch("/{upload_id}")
async def append(
    upload_id: str, request: Request, services: ServicesDep, actor: StationActor
) -> Response:
    """Take bytes from an offset on; the one that completes the file answers when it is archived."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity")
    if media_type != tus.CONTENT_TYPE or encoding != "identity":
        raise ContentTypeError
    offset = tus.read_number("Upload-Offset", tus.field_of(request.headers, "Upload-Offset"))
    length = tus.field_of(request.headers, "Content-Length")
    checksum = tus.field_of(request.headers, "Upload-Checksum")
    reached = await receive(
        request,
        services.receiver,
        upload_id,
        actor,
        offset=offset,
        length=None if length is None else tus.read_number("Content-Length", length),
        checksum=None if checksum is None else tus.read_checksum(checksum),
    )
    return Response(
        status_code=204, headers={"Upload-Offset": str(offset if reached is None else reached)}
    )


@_tus.delete("/{upload_id}")
def terminate(upload_id: str, services: ServicesDep, actor: StationActor) -> Response:
    """Give an upload up; what is archived stays."""
    services.receiver.terminate(upload_id, actor.id, "given up by the station")
    return Response(status_code=204)


@_tus.post("/{upload_id}")
async def override_method(
    upload_id: str, request: Request, services: ServicesDep, actor: StationActor
) -> Response:
    """PATCH and DELETE for clients behind something that lets neither through (tus core)."""
    match request.headers.get("x-http-method-override"):
        case "PATCH":
            return await append(upload_id, request, services, actor)
        case "DELETE":
            return await run_in_threadpool(terminate, upload_id, services, actor)
        case other:
            raise tus.TusHeaderError(f"X-HTTP-Method-Override: PATCH or DELETE, not {other!r}")


router.include_router(_tus)


@router.get(PATH + "/{upload_id}/receipt")
async def read_receipt(
    upload_id: str, request: Request, services: ServicesDep, actor: StationActor
) -> Response:
    """The archive's signed word; 202 while the clip's entry is not in a published checkpoint.

    ``Prefer: wait=N`` (RFC 7240, section 4.3) waits for it up to N seconds, and no longer than
    `MAX_WAIT_S`. 410 where the store has lost the object since, or a verification has found other
    bytes in it: announce the file again.
    """
    waits_until = time.monotonic() + preferred_wait_s(request.headers, MAX_WAIT_S)
    while True:
        response = await run_in_threadpool(_receipt, upload_id, services, actor)
        if response.status_code != 202 or time.monotonic() >= waits_until:
            return response
        services.publish_soon.set()
        await asyncio.sleep(WAIT_STEP_S)


def _receipt(upload_id: str, services: Services, actor: Actor) -> Response:
    try:
        with services.database.read() as tx:
            upload = uploads.get_standing(tx, upload_id, actor.id)
    except (errors.UploadNotFoundError, errors.UploadGoneError) as error:
        return _refusal(error)
    if upload.state != uploads.ADMITTED or upload.clip_id is None:
        return _not_yet("the bytes are not all here")
    try:
        with services.database.read() as tx:
            clip = get_clip(tx, upload.clip_id)
            condemned = is_condemned(tx, clip.id)
            note = find_stored(tx, upload.clip_id)
            issued_at = services.clock.now()
            made = note or make_receipt(
                tx, services.store, services.keys, upload.clip_id, issued_at
            )
    except ReceiptNotReadyError as error:
        return _not_yet(str(error))
    if not stands(services.store, clip, condemned=condemned):
        # Whoever gets a receipt may delete his copy. "Gone" lets a station bring the bytes again.
        log.error("clip %s: %s is lost or damaged, no receipt", clip.id, clip.object_key)
        return _refusal(errors.OriginalLostError(clip.sha256))
    if note is None:
        with services.database.write() as tx:
            note = store_receipt(tx, upload.clip_id, made, issued_at)
    return PlainTextResponse(note)


def _not_yet(detail: str) -> Response:
    body = {"error": "not_published", "detail": detail}
    return JSONResponse(body, 202, headers={"Retry-After": "1"})
