"""Whether the service can do its work; for supervisors and the curious."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import ServicesDep
from api.services import Services
from custody.cells import raw, read_cell
from custody.clock import Clock
from custody.log.canonical import format_time
from custody.publishing.published import has_altered_checkpoints, newest_checkpoint
from custody.publishing.restored import Older
from custody.tables import log_entries
from custody.witnesses.asking import Trouble
from custody.witnesses.witnessing import read_witnessing
from storage.errors import StorageError, StoreFullError

router = APIRouter()

#: So much stays free, or less on a small disk (`Staging.require_room`): what does not fit beside it
#: is told to wait (507).
MIN_FREE_BYTES = 512 * 1024 * 1024
#: What was put back, for supervisors.
_RESTORED = {
    Older.DATABASE: "the database is an older copy, nothing is signed",
    Older.STORE: "the object store is an older copy, nothing is signed",
    Older.BOTH: "database and object store are older copies, nothing is signed",
}
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
            altered = has_altered_checkpoints(tx, newest_checkpoint(tx))
            witnessing = read_witnessing(tx, services.policy, services.config.origin)
        body["merge_lag_s"] = round(lag.total_seconds(), 1)
        # Told, and never a problem of the service: it works on without witnesses.
        body["witnesses"] = {
            "named": len(witnessing.witnesses),
            "behind": len(witnessing.behind),
            "contradicting": list(services.witness_troubles().values()).count(Trouble.CONTRADICTS),
            "met": witnessing.is_met,
            "unwitnessed_s": round(witnessing.age(services.clock.now()).total_seconds(), 1),
        }
        if lag > MAX_MERGE_LAG:
            problems.append("log: entries wait to be published")
        if altered:
            problems.append("log: a checkpoint's row was altered; verify")
    except SQLAlchemyError:
        problems.append("database: does not answer")
    ended = [one.name for one in services.threads if not one.is_alive()]
    if ended:
        problems.append(f"worker: ended, restart the service: {', '.join(ended)}")
    problems += [
        f"worker: {name} keeps failing since {format_time(since)}; the log file says why"
        for name, since in sorted(services.failing.copy().items())
    ]
    try:
        if older := services.publisher.watch.current():
            problems.append(f"log: {_RESTORED[older]}; run: liuhen log recover")
    except (SQLAlchemyError, StorageError):
        pass  # said above, or below
    try:
        services.database.check()
    except StorageError as error:
        problems.append(f"database: {_what(error)}")
    try:
        services.store.check()
    except StorageError as error:
        problems.append(f"store: {_what(error)}")
    try:
        body["free_bytes"] = services.staging.free_bytes()
        if not _has_room(services):
            problems.append("disk: no room for uploads")
        services.staging.check()
    except StorageError as error:
        problems.append(f"disk: {_what(error)}")
    except OSError:
        problems.append("disk: the staging folder is gone or can't be written")
    body |= {"status": "failing", "problems": problems} if problems else {"status": "ok"}
    return JSONResponse(body, 503 if problems else 200, headers={"Cache-Control": "no-store"})


def _has_room(services: Services) -> bool:
    """Whether an upload of one byte would be let in."""
    try:
        services.staging.require_room(1, keep_bytes=MIN_FREE_BYTES)
    except StoreFullError:
        return False
    return True


def _what(error: StorageError) -> str:
    """The message without its detail, which may name a path."""
    return (type(error).__doc__ or "").strip()


def merge_lag(tx: Connection, clock: Clock) -> timedelta:
    """How long the oldest entry has been waiting for a published checkpoint; zero if none is.

    One whose time was altered counts for nothing: a verification names it.
    """
    checkpoint = newest_checkpoint(tx)
    published = 0 if checkpoint is None else checkpoint.size
    at = sa.select(raw(tx, log_entries.c.at))
    oldest = (
        at.where(log_entries.c.idx.is_(None)).order_by(log_entries.c.id),
        at.where(log_entries.c.idx >= published).order_by(log_entries.c.idx),
    )
    waiting = [read_cell(log_entries.c.at, tx.scalar(query.limit(1))) for query in oldest]
    lags = [clock.now() - moment for moment in waiting if isinstance(moment, datetime)]
    return max(lags, default=timedelta())
