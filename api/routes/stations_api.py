"""What stations say of themselves: enrolment, sessions, status; and what they say of the log."""

import base64
import binascii
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.dependencies import ServicesDep, origin_of
from api.routes.request_bodies import read_object, text_of
from api.routes.station_auth import StationActor
from custody.key_rows import read_key_history
from custody.log.key_history import KeyHistory
from ingest import station_cosignatures, stations
from ingest.errors import StationAuthError
from ingest.station_rows import Station

router = APIRouter(prefix="/api/stations")

MAX_CREDENTIALS_BYTES = 16 * 1024
MAX_STATUS_BYTES = 256 * 1024


@router.post("/enrol", status_code=201)
async def enrol(request: Request, services: ServicesDep) -> dict[str, object]:
    """Bind a station's key to the name its one-time token was made for."""
    body = await read_object(request, MAX_CREDENTIALS_BYTES)
    token, name = text_of(body, "token"), text_of(body, "name")
    verifier_key = text_of(body, "verifier_key")

    def work() -> tuple[Station, KeyHistory]:
        with services.database.write() as tx:
            history = read_key_history(tx, services.keys.first.log.verifier)
            station = stations.enrol(
                tx,
                services.ledger,
                services.clock,
                token=token,
                name=name,
                verifier_key=verifier_key,
                origin=origin_of(request),
            )
            return station, history

    station, history = await run_in_threadpool(work)
    return {
        "station_id": station.id,
        "origin": services.config.origin,
        "log_key": history.newest.log.vkey,
        "log_keys": history.trusted.to_json(),
        "receipt_key": services.keys.receipts.verifier.vkey,
        "receipt_keys": [one.receipts.verifier.vkey for one in services.keys.generations],
    }


@router.post("/challenge")
async def challenge(request: Request, services: ServicesDep) -> dict[str, str]:
    """A nonce to sign; good once."""
    station_id = text_of(await read_object(request, MAX_CREDENTIALS_BYTES), "station_id")

    def work() -> str:
        with services.database.write() as tx:
            return stations.challenge(tx, services.clock, station_id)

    return {"nonce": await run_in_threadpool(work)}


@router.post("/session")
async def open_session(request: Request, services: ServicesDep) -> dict[str, Any]:
    """A bearer token for a signed nonce."""
    body = await read_object(request, MAX_CREDENTIALS_BYTES)
    station_id, nonce = text_of(body, "station_id"), text_of(body, "nonce")
    try:
        signature = base64.b64decode(text_of(body, "signature"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise HTTPException(400, "signature: base64") from error

    def work() -> str | None:
        with services.database.write() as tx:
            return stations.open_session(
                tx, services.clock, station_id=station_id, nonce=nonce, signature=signature
            )

    token = await run_in_threadpool(work)
    if token is None:
        raise StationAuthError("the signature is not this station's")
    return {"token": token, "expires_in_s": int(stations.SESSION_LIFE.total_seconds())}


@router.post("/status", status_code=204)
async def take_status(request: Request, services: ServicesDep, actor: StationActor) -> Response:
    """How the station is doing, for the stations page; free JSON."""
    status = await read_object(request, MAX_STATUS_BYTES)

    def work() -> None:
        with services.database.write() as tx:
            stations.update_status(tx, services.clock, actor, status)

    await run_in_threadpool(work)
    return Response(status_code=204)


@router.post("/cosignatures", status_code=204)
async def take_cosignature(
    request: Request, services: ServicesDep, actor: StationActor
) -> Response:
    """A station's word on a checkpoint it saw: ``size``, and the signature line. Idempotent."""
    body = await read_object(request, MAX_CREDENTIALS_BYTES)
    size, line = body.get("size"), text_of(body, "cosignature")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size < 2**63:
        raise HTTPException(400, "size: a number of entries")

    def work() -> None:
        with services.database.write() as tx:
            station_cosignatures.take_cosignature(
                tx, services.clock, actor, services.config.origin, size, line
            )

    await run_in_threadpool(work)
    return Response(status_code=204)
