"""What goes wrong, written down, said aloud, and followed by a pause; nothing is ever forgotten.

A setback of a file holds that file back and lets the others go first; a setback of the server
holds back all that is asked of it. Thread-safe.
"""

import logging
import threading

from station_agent import reasons
from station_agent.errors import (
    NotAcceptedError,
    RefusedError,
    ServerAwayError,
    StaleFileError,
)
from station_agent.events import Event, Listener
from station_agent.journal import File, Journal, State
from station_agent.pauses import Pauses
from station_agent.settle import Identity

logger = logging.getLogger(__name__)

#: What may be one file's doing: the server's own errors, a slow line, an offset that won't settle,
#: rows or an object of it that are in disorder. The other files need not wait for it.
STUMBLES = frozenset({408, 409, 500, 502, 504})
#: So often the archive refuses a file before it is refused for good.
_BELIEVED_REFUSALS = 3


class Setbacks:
    """See the module. Methods raise `JournalError` only."""

    def __init__(self, journal: Journal, pauses: Pauses, listener: Listener) -> None:
        self._journal = journal
        self._pauses = pauses
        self._listener = listener
        self._lock = threading.Lock()
        #: How often the archive itself has refused a file since the start.
        self._refusals: dict[tuple[int, Identity], int] = {}

    def fail(self, file: File, reason: str, *, forget_digests: bool = False) -> None:
        """The file can't go on its way; it is tried again after a growing pause."""
        forgotten: dict[str, None] = {"sha256": None, "sm3": None} if forget_digests else {}
        self._write(file, State.FAILED, reason, file.attempts + 1, forgotten)

    def put_back(self, file: File, reason: str) -> None:
        """This try failed; the file keeps its state and goes behind the others for a while."""
        self._write(file, file.state, reason, file.attempts + 1, {})

    def announce_again(self, file: File) -> None:
        """The server knows the file's upload no more."""
        forgotten = {"upload_path": None, "upload_sha256": None}
        self._write(file, State.HASHED, reasons.UPLOAD_GONE, file.attempts + 1, forgotten)

    def refused_by_archive(self, file: File, error: RefusedError) -> None:
        """The archive will not have the file. That is believed when it says so itself, and again:
        a bit that flipped on the way to it gets the same answer, once.
        """
        reason = reasons.compose(reasons.SERVER_REFUSED, str(error.args[0]))
        with self._lock:
            refusals = self._refusals.get((file.id, file.identity), 0) + int(error.is_own)
            self._refusals[file.id, file.identity] = refusals
        if refusals < _BELIEVED_REFUSALS or not error.is_own:
            self.put_back(file, reason)
            return
        with self._lock:
            del self._refusals[file.id, file.identity]
        self.refuse(file, reason)

    def refuse(self, file: File, reason: str) -> None:
        """Nothing will come of it until the file changes or the agent starts anew."""
        self._write(file, State.REFUSED, reason, file.attempts, {})

    def _write(
        self, file: File, state: State, reason: str, attempts: int, forgotten: dict[str, None]
    ) -> None:
        try:
            file = self._journal.advance(file, state, reason=reason, attempts=attempts, **forgotten)
        except StaleFileError:
            logger.info("changed meanwhile: %s", reasons.visible(file.path))
            return
        logger.warning("%s: %s", reasons.visible(file.path), reason)
        final = state is State.REFUSED
        if not final:
            self._pauses.hold(file.id, attempts)
        size = file.identity.size_bytes
        kind = "state" if final else "trouble"
        self._listener(Event(kind, file.path, file.state, 0, size, reason))

    def server_away(self, error: ServerAwayError) -> None:
        """Nothing is asked of the server for a while."""
        detail = str(error.args[0])
        if isinstance(error, NotAcceptedError):
            self._refused(detail, is_answer=False)
            return
        if self._pauses.server_failed(detail, error.retry_after_s, is_answer=error.status != 0):
            logger.warning("the server is away: %s", detail)
            self._listener(Event("server", state="away", reason=detail))

    def server_refuses(self, error: RefusedError) -> None:
        """It answers, but not to us: revoked, or not the server we think. A matter for people."""
        self._refused(f"{error.status} {error.detail}".strip(), is_answer=True)

    def _refused(self, detail: str, *, is_answer: bool) -> None:
        trouble = reasons.compose(reasons.STATION_REFUSED, detail)
        if self._pauses.server_failed(trouble, is_answer=is_answer):
            logger.error("the server refuses this station: %s", detail)
            self._listener(Event("server", state="refuses", reason=detail))

    def server_answered(self) -> None:
        """The server did what it was asked."""
        if self._pauses.server_answered():
            self._say_back()

    def server_reached(self, *, is_idle: bool) -> None:
        """The server took a word about us, and no file waits for it where we are idle."""
        if self._pauses.server_reached(is_idle=is_idle):
            self._say_back()

    def _say_back(self) -> None:
        logger.info("the server is back")
        self._listener(Event("server", state="back"))
