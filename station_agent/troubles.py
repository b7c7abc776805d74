"""Trouble of the station's own: a full or broken disk under the journal, a mistake in this program.

A station runs unattended for years, and neither may end it: what failed is said aloud and tried
again.
"""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from station_agent import reasons
from station_agent.errors import JournalDamagedError, JournalError
from station_agent.events import Event, Listener

logger = logging.getLogger(__name__)

#: Seconds to wait after trouble before trying again.
PAUSE_S = 2.0
#: Trouble that has not come back for so long is over.
_LASTS_S = 2.5 * PAUSE_S
#: The same trouble is said once in so long.
_SAY_AGAIN_S = 60.0

T = TypeVar("T")


class Troubles:
    """Used by all threads of the agent."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._last: tuple[str, float] | None = None
        self._said: dict[str, float] = {}
        #: The journal turned out to be damaged; whoever begins it anew takes this back.
        self.journal_is_damaged = False

    def guarded(self, action: Callable[[], T]) -> T | None:
        """Do it; None where it failed, and the caller tries again after `PAUSE_S`."""
        try:
            return action()
        except JournalDamagedError:
            logger.exception("the journal is damaged")
            self.journal_is_damaged = True  # said once, by whoever begins it anew
        except (JournalError, OSError) as error:
            self._note(reasons.printable(str(error)))
        except Exception as error:
            logger.exception("this should not happen")
            self._note(reasons.described(error))
        return None

    def _note(self, trouble: str) -> None:
        now = time.monotonic()
        self._last = (trouble, now)
        if now - self._said.get(trouble, -_SAY_AGAIN_S) >= _SAY_AGAIN_S:
            self._said[trouble] = now
            logger.error("%s", trouble)
            self._listener(Event("station", reason=trouble))

    def current(self) -> str | None:
        """The trouble we are in, if any."""
        last = self._last
        return None if last is None or time.monotonic() - last[1] > _LASTS_S else last[0]
