"""Growing pauses with jitter, for one bad file and for a server that is away.

Kept in memory and measured with the monotonic clock: a clock that jumps changes nothing, and a
restart is a good moment to try everything again (how often a file failed stands in the journal,
so that it stays behind the others). Thread-safe.
"""

import random
import threading
import time
from collections.abc import Callable

from station_agent.reasons import STATION_REFUSED, code_of


def backoff(attempt: int, first_s: float, longest_s: float, jitter: float) -> float:
    """The pause after failure number ``attempt`` (from 1): doubled each time, up to ``longest_s``.

    ``jitter`` in [0, 1) takes up to half of it away, so that stations don't come back in step.
    """
    pause = min(first_s * 2.0 ** min(attempt - 1, 30), longest_s)
    return pause * (1.0 - jitter / 2)


def _is_refusal(trouble: str) -> bool:
    return code_of(trouble) == STATION_REFUSED


class Pauses:
    """Who has to wait, and for how long."""

    def __init__(
        self,
        *,
        file_s: tuple[float, float] = (2.0, 600.0),
        server_s: tuple[float, float] = (0.5, 30.0),
        now: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._file_s = file_s
        self._server_s = server_s
        self._now = now
        self._jitter = jitter
        self._lock = threading.Lock()
        self._files: dict[int, float] = {}
        self._server_until = 0.0
        self._server_failures = 0
        self._is_answer = False
        #: What the server's absence looks like, for people; None while it answers.
        self.trouble: str | None = None

    def hold(self, file_id: int, attempt: int, *, seconds: float | None = None) -> float:
        """Keep a file back: for ``seconds``, else by its number of failures. Returns how long."""
        pause = backoff(attempt, *self._file_s, self._jitter()) if seconds is None else seconds
        with self._lock:
            self._files[file_id] = self._now() + pause
        return pause

    def held(self) -> set[int]:
        """The files that have to wait still."""
        now = self._now()
        with self._lock:
            self._files = {file_id: end for file_id, end in self._files.items() if end > now}
            return set(self._files)

    def next_end_s(self) -> float | None:
        """How long until the first pause of any kind ends; None where nobody waits."""
        now = self._now()
        with self._lock:
            ends = [end for end in (*self._files.values(), self._server_until) if end > now]
            return min(ends) - now if ends else None

    def server_failed(
        self, trouble: str, retry_after_s: float | None = None, *, is_answer: bool = False
    ) -> bool:
        """The server is away, refuses us or asks for a pause; whether that is news.

        ``is_answer``: it was there, and this is what it answered to a request of one kind.
        Failures that come in during a pause are of the same event and don't lengthen it.
        """
        now = self._now()
        with self._lock:
            news = self.trouble is None or _is_refusal(self.trouble) != _is_refusal(trouble)
            self.trouble = trouble
            self._is_answer = is_answer
            if now >= self._server_until:
                self._server_failures += 1
                pause = backoff(self._server_failures, *self._server_s, self._jitter())
                self._server_until = now + max(pause, retry_after_s or 0.0)
            elif retry_after_s is not None:
                self._server_until = max(self._server_until, now + retry_after_s)
            return news

    def server_answered(self) -> bool:
        """The server did what it was asked; whether that is news."""
        with self._lock:
            news = self.trouble is not None
            self.trouble = None
            self._server_failures = 0
            self._server_until = 0.0
            return news

    def server_reached(self, *, is_idle: bool) -> bool:
        """The server took a word about us; whether that ends a trouble.

        What it answered to a file the next file has to see mended, unless none waits (``is_idle``).
        """
        with self._lock:
            if self._is_answer and not is_idle:
                return False
        return self.server_answered()

    def server_wait_s(self) -> float:
        """How long nothing is to be asked of the server."""
        with self._lock:
            return max(0.0, self._server_until - self._now())
