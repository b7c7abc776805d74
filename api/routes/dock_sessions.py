"""The list of everything that was on a recorder, signed by the station."""

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from api.dependencies import ServicesDep
from api.routes.request_bodies import read_body
from api.routes.station_auth import StationActor
from ingest.dock_sessions import ReceivedManifest, receive_manifest
from station_agent.wire import MAX_MANIFEST_BYTES

router = APIRouter()


@router.post("/api/dock-sessions")
async def open_dock_session(
    request: Request, services: ServicesDep, actor: StationActor
) -> JSONResponse:
    """Keep a manifest: 201, or 200 where exactly this one was received before."""
    body = await read_body(request, MAX_MANIFEST_BYTES)
    try:
        note = body.decode()
    except UnicodeDecodeError as error:
        raise HTTPException(400, "the manifest is not UTF-8") from error

    def work() -> ReceivedManifest:
        with services.database.write() as tx:
            return receive_manifest(tx, services.ledger, services.clock, actor, note)

    received = await run_in_threadpool(work)
    return JSONResponse({"id": received.session_id}, 201 if received.created else 200)
