"""The agent: what lies in the watched folders goes to the archive, whatever happens meanwhile.

The main thread looks at the folders, waits until files have settled and makes manifests; worker
threads (`station_agent.workers`) take one file each through hashing and sending, so that one is
hashed while another is sent; one thread collects receipts, one watches the archive's log, one
cosigns it, one tells the archive how we are and one the disk (`station_agent.reporting`). What is
to be done follows from the journal alone: after a crash at any point the same loop simply goes on.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from custody.log.note import NoteSigner
from station_agent import reasons
from station_agent.config import Config
from station_agent.cosigning import Cosigning
from station_agent.enrolment import Enrolment
from station_agent.errors import StaleFileError
from station_agent.events import Listener
from station_agent.folders import Folders
from station_agent.intake import adopt
from station_agent.journal import File, Journal, State
from station_agent.journal_care import JournalCare
from station_agent.manifests import Manifests
from station_agent.pauses import Pauses
from station_agent.receipts import ReceiptCollector
from station_agent.reporting import Reporter
from station_agent.sending import Sender
from station_agent.setbacks import Setbacks
from station_agent.tallies import archived_before, list_skipped
from station_agent.transport import Transport
from station_agent.troubles import PAUSE_S, Troubles
from station_agent.trust import Trust
from station_agent.watch import Hints
from station_agent.workers import Workers

logger = logging.getLogger(__name__)

#: Seconds between two words to the archive about how we are.
STATUS_S = 3.0
_RECEIPT_S = 0.25
#: Seconds between two looks at the log's newest checkpoint.
LOG_S = 60.0
#: Seconds between two looks whether there is a checkpoint to cosign.
COSIGN_S = 2.0
#: Events come in bursts; so long their end is waited for.
_BURST_S = 0.1
#: How long the threads get to end before the process does; what they leave is taken up next time.
_END_S = 10.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a single pass ended: files by state, and what kept the rest from being archived."""

    counts: dict[str, int]
    server: str | None
    trouble: str | None
    folder_errors: int
    alarm: str | None
    archived_before: int = 0
    skipped: int = 0


class Agent:
    """Runs until told to stop (`run`), or until there is nothing more it can do (`run_once`)."""

    def __init__(
        self,
        config: Config,
        enrolment: Enrolment,
        signer: NoteSigner,
        journal: Journal,
        listener: Listener,
        *,
        pauses: Pauses | None = None,
    ) -> None:
        self._config = config
        self._journal = journal
        self._listener = listener
        self._asked_to_stop = False
        self._stop = threading.Event()
        #: `SimpleQueue.put` may be called from a signal handler; the lock of an `Event` may not.
        self._wakes: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._troubles = Troubles(listener)
        self._pauses = pauses or Pauses()
        self._setbacks = Setbacks(journal, self._pauses, listener)
        self._transport = Transport(
            config.server,
            timeout_s=config.timeout_s,
            ca_file=config.ca_file,
            credentials=(enrolment, signer),
        )
        self._manifests = Manifests(journal, signer)
        self._trust = Trust(config.home, enrolment, self._transport.fetch_log)
        self._sender = Sender(
            journal,
            self._transport,
            self._manifests,
            self._pauses,
            self._setbacks,
            listener,
            self._stop.is_set,
        )
        self._receipts = ReceiptCollector(
            journal,
            self._transport,
            self._manifests,
            self._trust,
            self._pauses,
            self._setbacks,
            listener,
        )
        self._cosigning = Cosigning(self._trust, self._transport, signer, self._pauses)
        self._sent = threading.Event()
        self._workers = Workers(
            journal, self._sender, self._pauses, self._troubles, self._stop, self._sent
        )
        self._folders = Folders(config, journal, self._manifests, self._setbacks, listener)
        self._reporter = Reporter(
            config,
            journal,
            self._transport,
            self._sender,
            self._trust,
            self._pauses,
            self._setbacks,
            self._troubles,
            self._folders,
            listener,
            self._stop.is_set,
        )
        self._journal_care = JournalCare(config, journal, self._troubles, self._folders, listener)
        self._threads: list[threading.Thread] = []

    def request_stop(self) -> None:
        """End soon, from any thread or a signal handler; everything under way goes on next time."""
        self._asked_to_stop = True
        self._wakes.put(False)

    def run(self) -> None:
        """Work until `request_stop`."""
        hints = Hints(lambda: self._wakes.put(True))
        hints.start()
        self._begin()
        try:
            while not self._asked_to_stop:
                for root in self._folders.roots:
                    hints.follow(root)
                self._sleep(self._turn())
        finally:
            hints.stop()
            self._end()

    def run_once(self, *, patience_s: float = 20.0, tries: int = 3) -> Outcome:
        """Work until everything that can be done is done.

        A file that failed ``tries`` times is left for the next time, and so is everything once
        nothing has moved for ``patience_s`` (the server is away, a file does not settle).
        """
        patience_s += self._config.settle_s
        self._begin()
        before = self._troubles.guarded(self._attempts) or {}
        moved, moved_at = None, time.monotonic()
        try:
            while not self._asked_to_stop:
                pause = self._turn()
                state = self._troubles.guarded(
                    lambda: (self._left_to_do(tries, before), self._journal.counts())
                )
                is_done = state is not None and not state[0]
                if is_done and not self._troubles.journal_is_damaged:
                    break
                at_work = self._workers.busy and self._troubles.current() is None
                bytes_done = [current.done_bytes for current in self._sender.current()]
                progress = (state, bytes_done if at_work else None)
                if progress != moved:
                    moved, moved_at = progress, time.monotonic()
                elif not at_work and time.monotonic() - moved_at > patience_s:
                    break
                self._sleep(min(pause, 0.1))
            self._troubles.guarded(self._reporter.watch_log)
            self._troubles.guarded(self._cosigning.run_once)
        finally:
            self._end()
        return Outcome(
            counts=self._journal.counts(),
            server=self._pauses.trouble,
            trouble=self._troubles.current(),
            folder_errors=self._folders.errors,
            alarm=None if self._trust.alarm is None else self._trust.alarm.text,
            archived_before=archived_before(self._journal),
            skipped=len(list_skipped(self._journal)),
        )

    def _attempts(self) -> dict[int, int]:
        """How often each file that is not finished has failed, by its id."""
        states = [State.SEEN, State.SETTLED, State.HASHED, State.SENDING, State.FAILED]
        if self._trust.alarm is None:
            states.append(State.SENT)
        return self._journal.attempts(*states)

    def _left_to_do(self, tries: int, before: dict[int, int]) -> bool:
        """``before`` says how often a file had failed when this pass began."""
        attempts = self._attempts()
        left = any(count - before.get(file_id, 0) < tries for file_id, count in attempts.items())
        return left or self._workers.busy or bool(self._manifests.waiting())

    # --- the main thread -----------------------------------------------------------------------

    def _turn(self) -> float:
        """Look at the folders and move on what is due; seconds until there may be more to do."""
        self._troubles.guarded(self._journal_care.look)
        pause = self._troubles.guarded(self._folders.turn)
        failed = self._troubles.guarded(self._retry_failed)
        self._workers.wake()
        if pause is None or failed is None:
            return PAUSE_S
        return min(pause, 1.0) if failed else pause

    def _retry_failed(self) -> int:
        """Put failed files whose pause is over on their way again; how many go on waiting."""
        held = self._pauses.held()
        waiting = 0
        for file in self._journal.files(State.FAILED):
            if file.id in held:
                waiting += 1
            else:
                self._resume(file)
        return waiting

    def _resume(self, file: File) -> None:
        try:
            self._journal.advance(file, file.resume_state, reason=file.reason)
        except StaleFileError:
            logger.debug("changed meanwhile: %s", reasons.visible(file.path))

    def _sleep(self, seconds: float) -> None:
        """Until something wakes us; a burst of events is one reason to look, not many."""
        try:
            hinted = self._wakes.get(timeout=seconds)
            if not self._asked_to_stop:
                time.sleep(_BURST_S)
            while True:
                hinted = self._wakes.get_nowait() or hinted
                if hinted:
                    self._folders.hint()
        except queue.Empty:
            return

    def _begin(self) -> None:
        self._troubles.guarded(self._recover)
        for number in range(self._config.concurrency):
            self._start(f"worker-{number}", self._workers.run)
        self._start("receipts", self._collect_receipts)
        self._start("log", lambda: self._loop(self._reporter.watch_log, LOG_S))
        self._start("cosignatures", lambda: self._loop(self._cosigning.run_once, COSIGN_S))
        self._start("status", lambda: self._loop(self._reporter.save_status, STATUS_S))
        self._start("report", lambda: self._loop(self._reporter.report, STATUS_S))

    def _recover(self) -> None:
        """Take up what an earlier run left."""
        adopt(self._journal, list(self._folders.roots))
        self._manifests.take_up_refused()
        for file in self._journal.files(State.REFUSED):
            # Another limit, another server: it may be welcome now. An empty file is still empty.
            if reasons.code_of(file.reason or "") == reasons.SERVER_REFUSED:
                self._resume(file)

    def _start(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _end(self) -> None:
        self._stop.set()
        self._sent.set()
        self._workers.wake()
        self._transport.abort()
        deadline = time.monotonic() + _END_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._transport.close()
        self._troubles.guarded(self._reporter.save_status)

    # --- the other threads ---------------------------------------------------------------------

    def _loop(self, action: Callable[[], object], pause_s: float) -> None:
        while not self._stop.is_set():
            self._troubles.guarded(action)
            self._stop.wait(pause_s)

    def _collect_receipts(self) -> None:
        """As `_loop`; a file that was just sent need not wait for the next turn."""
        while not self._stop.is_set():
            self._sent.clear()
            self._troubles.guarded(self._receipts.run_once)
            self._sent.wait(_RECEIPT_S)
