"""Whether the service can do its work; for supervisors and the curious."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import ServicesDep
from api.services import Services
from api.signer_watch import SignerTrouble, Standstill
from custody.clock import Clock
from custody.log.canonical import format_time
from custody.publishing.merge_lag import read_merge_lag
from custody.publishing.published import has_altered_checkpoints, newest_checkpoint
from custody.publishing.restored import Older
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
_SIGNER = {
    SignerTrouble.AWAY: "signer: does not answer since {}; entries are kept and wait",
    SignerTrouble.REFUSES: "signer: refuses to sign since {}; the log file says why; verify",
}


@router.get("/healthz")
def check_health(services: ServicesDep) -> JSONResponse:
    """200 with figures, or 503 with what is wrong; no names, paths or addresses."""
    problems: list[str] = []
    body: dict[str, Any] = {}
    try:
        with services.database.read() as tx:
            lag = read_merge_lag(tx)
            altered = has_altered_checkpoints(tx, newest_checkpoint(tx))
            witnessing = read_witnessing(tx, services.policy, services.config.origin)
        now = services.clock.now()
        body |= {"unpublished": lag.entries, "merge_lag_s": lag.seconds(now)}
        # Told; a problem only where one has seen another history: the service works on without.
        body["witnesses"] = {
            "named": len(witnessing.witnesses),
            "behind": len(witnessing.behind),
            "contradicting": len(witnessing.contradicting),
            "met": witnessing.is_met,
            "unwitnessed_s": round(witnessing.age(now).total_seconds(), 1),
        }
        if witnessing.contradicting:
            problems.append("log: a witness has seen another history; tell the auditor, verify")
        if lag.age(now) > services.config.merge_lag_alarm:
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
    standstill = services.signer_watch.standstill
    # A problem from the third failure on: it may only be restarting.
    body["signer"] = {
        "separate": bool(services.config.signer),
        "trouble": None if standstill is None else standstill.trouble.value,
        "standing_still_s": round(_age(standstill, services.clock), 1),
    }
    if standstill is not None and "publisher" in services.failing:
        problems.append(_SIGNER[standstill.trouble].format(format_time(standstill.since)))
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


def _age(standstill: Standstill | None, clock: Clock) -> float:
    return 0.0 if standstill is None else (clock.now() - standstill.since).total_seconds()


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
