"""Verifying everything takes as long as reading everything: one run at a time, in a thread.

The run can be looked at and stopped. What it found goes into the log; the findings themselves stay
here until the next run or the end of the process.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from api.actor_names import names_of_actors
from api.auth.verification import UserRows
from api.services import Services
from api.web.telling import item_of, items_in
from custody.actors import Actor
from custody.errors import CustodyError
from custody.events import clip_item
from custody.item_names import names_of
from custody.ledger import Appended
from custody.log.errors import LogError
from custody.verification.context import EVERYTHING, Selection, VerificationContext
from custody.verification.findings import Finding
from custody.verification.records import (
    broken_items,
    record_broken,
    record_run,
    record_sampled,
    sampled_items,
)
from custody.verification.reports import Progress, Report
from custody.verification.run import verify_all
from custody.verification.timestamps import TimestampRows
from ingest.invitation_rows import InvitationRows
from ingest.upload_rows import UploadRows
from ingest.verification import StationRows
from storage.errors import StorageError

_logger = logging.getLogger(__name__)

#: How appending fails on rows that somebody altered.
_NOT_APPENDED = (
    ArithmeticError,
    CustodyError,
    LogError,
    OSError,
    SQLAlchemyError,
    StorageError,
    TypeError,
    ValueError,
)

#: Entries on clips and cases in one transaction.
APPENDED_AT_ONCE = 500


class _StoppedError(Exception):
    """Somebody stopped the run."""


@dataclass(slots=True)
class Run:
    """One verification of everything. ``ended_at`` is None while it goes on."""

    started_at: datetime
    started_by: str
    ended_at: datetime | None = None
    progress: Progress | None = None
    report: Report | None = None
    stopped: bool = False
    failure: str = ""
    #: Why the run has no entry in the log; empty if it has.
    unrecorded: str = ""


def context_of(services: Services) -> VerificationContext:
    """What a verification works on, with the keys this archive trusts: its own."""

    def remembered() -> tuple[int, bytes] | None:
        last = services.signer.last()
        return None if last is None else (last.size, last.root)

    return VerificationContext(
        database=services.database,
        store=services.store,
        log_verifier=services.keys.first.log.verifier,
        receipt_verifier=services.keys.first.receipts.verifier,
        origin=services.config.origin,
        signer=remembered if services.signer.is_at_hand else None,
        cosigners=(
            {}
            if services.policy is None
            else {key: one.verifier for key, one in services.policy.keys.items()}
        ),
        clock=services.clock,
        others=(
            StationRows,
            InvitationRows,
            UploadRows,
            UserRows,
            lambda: TimestampRows(services.store, services.stamper.authorities),
        ),
    )


def names_in(services: Services, findings: Iterable[Finding]) -> dict[str, str]:
    """What the things that ``findings`` speak of are called, by item, as their rows have it.

    A person knows a recording by its file name, a case by its number, a user by the account and a
    station by its name. Where the rows can't be asked for it, a finding goes without: naming it
    never keeps it from being shown.
    """
    items = {item for one in findings for item in items_in(one)}
    try:
        with services.database.read() as tx:
            return names_of(tx, items) | names_of_actors(tx, items)
    except (SQLAlchemyError, StorageError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        _logger.warning("what a verification's findings name could not be looked up: %s", reason)
        return {}


def findings_json(report: Report, names: Mapping[str, str]) -> dict[str, object]:
    """The report for programs; each finding with the ``name`` of what it is about, or null."""
    told = [asdict(one) | {"name": names.get(item_of(one))} for one in report.findings]
    clip_ids = {one.clip_id for one in report.findings if one.clip_id is not None}
    clip_names = {one: names[clip_item(one)] for one in clip_ids if clip_item(one) in names}
    return report.as_json() | {"findings": told, "clip_names": clip_names}


@dataclass(frozen=True, slots=True)
class Recorded:
    """``run`` is the entry of the run, None where it has none; ``failure`` why not all is recorded,
    or empty."""

    run: Appended | None
    failure: str = ""


def record(services: Services, actor: Actor, selection: Selection, report: Report) -> str:
    """As `record_run_of`; why that failed, or ""."""
    return record_run_of(services, actor, selection, report).failure


def record_run_of(
    services: Services,
    actor: Actor,
    selection: Selection,
    report: Report,
    *,
    stopped: bool = False,
) -> Recorded:
    """Append the run and, on each clip and case with findings or in the sample, its own.

    A database altered so that nothing can be appended must not hide what was found, and one
    whose history takes no entry must not keep the others from theirs.
    """
    ledger, database = services.ledger, services.database
    try:
        with database.write() as tx:
            run = record_run(tx, ledger, actor, selection, report, stopped=stopped)[0]
    except _NOT_APPENDED as error:
        # A driver's text goes on with the statement and everything that was to be written.
        return Recorded(None, str(error).partition("\n")[0] or type(error).__name__)
    failed = []
    broken = broken_items(selection, report, stopped=stopped)
    if broken:

        def append_broken(tx: Connection, items: Sequence[str]) -> None:
            some = {item: broken[item] for item in items}
            record_broken(tx, ledger, actor, selection, run, some)

        failed += _append_each(services, [*broken], append_broken)
    if not stopped:

        def append_sampled(tx: Connection, items: Sequence[str]) -> None:
            record_sampled(tx, ledger, actor, report, run, items)

        failed += _append_each(services, sampled_items(report), append_sampled)
    return Recorded(run, ", ".join(failed))


def _append_each(
    services: Services,
    items: Sequence[str],
    append: Callable[[Connection, Sequence[str]], None],
) -> list[str]:
    """Append to ``items``, some in one transaction; the ids of those that took no entry."""
    failed = []
    for first in range(0, len(items), APPENDED_AT_ONCE):
        batch = items[first : first + APPENDED_AT_ONCE]
        try:
            with services.database.write() as tx:
                append(tx, batch)
        except _NOT_APPENDED:
            failed += _append_singly(services, batch, append)
    return failed


def _append_singly(
    services: Services, items: Sequence[str], append: Callable[[Connection, Sequence[str]], None]
) -> list[str]:
    failed = []
    for item in items:
        try:
            with services.database.write() as tx:
                append(tx, [item])
        except _NOT_APPENDED:
            _logger.debug("%s takes no entry", item, exc_info=True)
            failed.append(item.partition(":")[2])
    return failed


class VerificationRuns:
    """The last run and the one that goes on. Safe to share between threads."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.last: Run | None = None

    def start(self, actor: Actor) -> Run:
        """Begin a run, or give the one that goes on."""
        with self._lock:
            if self.last is not None and self.last.ended_at is None:
                return self.last
            self._stop.clear()
            run = Run(self._services.clock.now(), actor.name or actor.id)
            self.last = run
            self._thread = threading.Thread(
                target=self._work, args=(run, actor), name="verification", daemon=True
            )
            self._thread.start()
            return run

    def stop(self) -> None:
        """Let the run end at its next step; what it did till then is not a result."""
        self._stop.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the run to end; whether it has."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return thread is None or not thread.is_alive()

    def _work(self, run: Run, actor: Actor) -> None:
        def note(progress: Progress) -> None:
            run.progress = progress
            if self._stop.is_set():
                raise _StoppedError

        try:
            report = verify_all(context_of(self._services), EVERYTHING, progress=note)
            # First of all: what was found must show, whatever becomes of its entry.
            run.report = report
            run.unrecorded = record(self._services, actor, EVERYTHING, report)
            if run.unrecorded:
                _logger.error("a verification could not be recorded: %s", run.unrecorded)
        except _StoppedError:
            run.stopped = True
        except (CustodyError, StorageError) as error:
            _logger.exception("a verification could not be finished")
            run.failure = str(error)
        except Exception:
            # The thread's last frame: what nobody foresaw must show on the page, not vanish.
            _logger.exception("a verification failed")
            run.failure = "internal"
        finally:
            run.ended_at = self._services.clock.now()
