"""Verifying everything takes as long as reading everything: one run at a time, in a thread.

The run can be looked at and stopped. What it found goes into the log; the findings themselves stay
here until the next run or the end of the process.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import datetime

from api.services import Services
from custody.actors import Actor
from custody.errors import CustodyError
from custody.verification.context import EVERYTHING, Selection, VerificationContext
from custody.verification.findings import Progress, Report
from custody.verification.records import record_run
from custody.verification.run import verify_all
from storage.errors import StorageError

_logger = logging.getLogger(__name__)


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


def context_of(services: Services) -> VerificationContext:
    """What a verification works on, with the keys this archive trusts: its own."""
    last = services.signer.last()
    return VerificationContext(
        database=services.database,
        store=services.store,
        log_verifier=services.keys.log.verifier,
        receipt_verifier=services.keys.receipts.verifier,
        origin=services.config.origin,
        signer_state=None if last is None else (last.size, last.root),
    )


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
            self._record(actor, report)
            run.report = report
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

    def _record(self, actor: Actor, report: Report) -> None:
        """One entry for the log, and one for each clip with findings, so that its trace shows."""
        broken = frozenset(
            finding.clip_id for finding in report.findings if finding.clip_id is not None
        )
        ledger = self._services.ledger
        with self._services.database.write() as tx:
            record_run(tx, ledger, actor, EVERYTHING, report)
            if broken:
                record_run(tx, ledger, actor, Selection(clip_ids=broken), report)
