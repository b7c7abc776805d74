"""What becomes of a journal that fails us: begun anew where it is damaged or was taken away.

Nothing is lost by that: the folders are read again, and the archive answers for what it holds with
the same receipts.
"""

from pathlib import Path

from station_agent.config import Config
from station_agent.events import Event, Listener
from station_agent.folders import Folders
from station_agent.journal import Journal
from station_agent.messages import say
from station_agent.troubles import Troubles


def set_aside(config: Config, aside: Path) -> Event:
    """The word about a damaged journal that lies under ``aside`` now."""
    return Event("station", reason=say(config.language, "journal_damaged", path=aside))


class JournalCare:
    """For the main thread of the agent."""

    def __init__(
        self,
        config: Config,
        journal: Journal,
        troubles: Troubles,
        folders: Folders,
        listener: Listener,
    ) -> None:
        self._config = config
        self._journal = journal
        self._troubles = troubles
        self._folders = folders
        self._listener = listener

    def look(self) -> None:
        """Begin anew where that is needed, and say so once. Raises `JournalError`, `OSError`."""
        replaced = not self._journal.is_at_its_place()
        if not replaced and not self._troubles.journal_is_damaged:
            return
        aside = self._journal.reopen()
        self._troubles.journal_is_damaged = False
        self._folders.begin_anew()
        if aside is not None:
            self._listener(set_aside(self._config, aside))
        elif replaced:
            self._listener(Event("station", reason=say(self._config.language, "journal_replaced")))
