"""Which station speaks: its bearer token, and its right to bring something in."""

from typing import Annotated

from fastapi import Depends, Request

from api.dependencies import ServicesDep, origin_of
from custody.access import Right
from custody.actors import Actor
from ingest.stations import authenticate


def station_actor(request: Request, services: ServicesDep) -> Actor:
    """The station whose bearer token came with the request.

    Raises `StationAuthError` (401: open a session and try again) and `DeniedError`.
    """
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    with services.database.read() as tx:
        actor = authenticate(
            tx,
            services.clock,
            bearer.strip() if scheme.lower() == "bearer" else "",
            origin=origin_of(request),
        )
    services.access.require(actor, Right.UPLOAD, f"station:{actor.id}")
    return actor


StationActor = Annotated[Actor, Depends(station_actor)]
