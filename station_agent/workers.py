"""The threads that hash and send: each takes the next file that is due and brings it on its way."""

import threading

from station_agent.journal import File, Journal, State
from station_agent.pauses import Pauses
from station_agent.sending import Sender
from station_agent.troubles import PAUSE_S, Troubles

#: Longest sleep of a worker with nothing to do; new work wakes it earlier.
_IDLE_S = 5.0


class Workers:
    """What the workers share: which files are being worked on, and the bell that wakes them.

    ``sent`` is set when one has reached the archive and waits for its receipt.
    """

    def __init__(
        self,
        journal: Journal,
        sender: Sender,
        pauses: Pauses,
        troubles: Troubles,
        stop: threading.Event,
        sent: threading.Event,
    ) -> None:
        self._journal = journal
        self._sender = sender
        self._pauses = pauses
        self._troubles = troubles
        self._stop = stop
        self._sent = sent
        self._work = threading.Condition()
        self._busy: set[int] = set()

    @property
    def busy(self) -> bool:
        """Whether any file is being worked on."""
        return bool(self._busy)

    def wake(self) -> None:
        """There may be work, or we end."""
        with self._work:
            self._work.notify_all()

    def run(self) -> None:
        """One worker's life, until ``stop`` is set."""
        while not self._stop.is_set():
            file = self._troubles.guarded(self._take)
            if file is not None:
                self._work_on(file)
            elif self._troubles.current() is not None:
                self._stop.wait(PAUSE_S)

    def _take(self) -> File | None:
        """The next file, marked busy; None after waiting a while for one.

        Looking and waiting happen under one lock, so that no wake-up falls between them.
        """
        with self._work:
            sending = self._pauses.server_wait_s() == 0
            file = self._journal.queue(self._pauses.held() | self._busy, sending=sending)
            if file is not None:
                self._busy.add(file.id)
            elif not self._stop.is_set():
                soon = self._pauses.next_end_s()
                self._work.wait(_IDLE_S if soon is None else min(_IDLE_S, soon + 0.01))
            return file

    def _work_on(self, file: File) -> None:
        done = self._troubles.guarded(lambda: self._sender.process(file))
        if done is not None and done.state is State.SENT:
            self._sent.set()
        with self._work:
            if done is None:
                self._pauses.hold(file.id, 1)  # the journal could not say it
            self._busy.discard(file.id)
