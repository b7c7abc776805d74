"""Whether the service can do its work; for supervisors and the curious."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import ServicesDep
from custody.clock import Clock
from custody.published import newest_checkpoint
from custody.tables import log_entries
from storage.errors import StorageError

router = APIRouter()

#: Below this no upload worth the name fits; the stations are told to wait (507).
MIN_FREE_BYTES = 512 * 1024 * 1024
#: Entries are published every second; an entry that waits this long has been forgotten.
MAX_MERGE_LAG = timedelta(seconds=60)


@router.get("/healthz")
def check_health(services: ServicesDep) -> JSONResponse:
    """200 with figures, or 503 with what is wrong; no names, paths or addresses."""
    problems: list[str] = []
    body: dict[str, Any] = {}
    try:
        with services.database.read() as tx:
            lag = merge_lag(tx, services.clock)
        body["merge_lag_s"] = round(lag.total_seconds(), 1)
        if lag > MAX_MERGE_LAG:
            problems.append("log: entries wait to be published")
    except SQLAlchemyError:
        problems.append("database: does not answer")
    try:
        services.store.check()
    except StorageError as error:
        problems.append(f"store: {(type(error).__doc__ or '').strip()}")
    try:
        body["free_bytes"] = services.staging.free_bytes()
        if body["free_bytes"] < MIN_FREE_BYTES:
            problems.append("disk: no room for uploads")
    except OSError:
        problems.append("disk: the staging folder can't be read")
    body |= {"status": "failing", "problems": problems} if problems else {"status": "ok"}
    return JSONResponse(body, 503 if problems else 200, headers={"Cache-Control": "no-store"})


def merge_lag(tx: Connection, clock: Clock) -> timedelta:
    """How long the oldest entry has been waiting for a published checkpoint; zero if none is."""
    checkpoint = newest_checkpoint(tx)
    published = 0 if checkpoint is None else checkpoint.size
    oldest = (
        sa.select(log_entries.c.at).where(log_entries.c.idx.is_(None)).order_by(log_entries.c.id),
        sa.select(log_entries.c.at)
        .where(log_entries.c.idx >= published)
        .order_by(log_entries.c.idx),
    )
    waiting = [at for query in oldest if (at := tx.scalar(query.limit(1))) is not None]
    return max((clock.now() - at for at in waiting), default=timedelta())
