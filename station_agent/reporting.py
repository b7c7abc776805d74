"""What passes between station and archive beside the files: its log watched, our status told."""

import logging

from station_agent.config import Config
from station_agent.errors import LogForkedError, RefusedError, ServerAwayError
from station_agent.events import Event, Listener
from station_agent.folders import Folders
from station_agent.journal import Journal
from station_agent.pauses import Pauses
from station_agent.sending import Sender
from station_agent.status import Live, build_status, save_status
from station_agent.transport import Transport
from station_agent.troubles import Troubles
from station_agent.trust import Trust

logger = logging.getLogger(__name__)


class Reporter:
    """Each method is one turn; raises what the journal and the disk raise."""

    def __init__(
        self,
        config: Config,
        journal: Journal,
        transport: Transport,
        sender: Sender,
        trust: Trust,
        pauses: Pauses,
        troubles: Troubles,
        folders: Folders,
        listener: Listener,
    ) -> None:
        self._config = config
        self._journal = journal
        self._transport = transport
        self._sender = sender
        self._trust = trust
        self._pauses = pauses
        self._troubles = troubles
        self._folders = folders
        self._listener = listener

    def watch_log(self) -> None:
        """See whether the archive's log still goes on from what we saw of it."""
        if self._pauses.server_wait_s() > 0:
            return
        try:
            self._trust.look()
        except LogForkedError as error:
            logger.critical("the archive's log is not what it was: %s", error)
            self._listener(Event("alarm", reason=str(error.args[0])))
        except RefusedError as error:
            if error.status != 404 or self._trust.last_size is not None:
                logger.warning("the archive shows no log: %s", error)
        except ServerAwayError as error:
            logger.info("the log's newest checkpoint can't be read: %s", error)

    def report(self) -> None:
        """Leave our status on the disk and tell it to the archive."""
        status = self.save_status()
        if self._pauses.server_wait_s() == 0:
            try:
                self._transport.post_status(status)
            except (ServerAwayError, RefusedError) as error:
                logger.info("the archive does not hear how we are: %s", error)

    def save_status(self) -> dict[str, object]:
        """Leave our status on the disk, and give it."""
        live = Live(
            tuple(self._sender.current()),
            self._pauses.trouble,
            self._troubles.current(),
            tuple(self._folders.troubles()),
        )
        alarm = None if self._trust.alarm is None else self._trust.alarm.text
        status = build_status(self._journal, self._config.home, self._config.name, alarm, live)
        save_status(self._config.home, status)
        return status
