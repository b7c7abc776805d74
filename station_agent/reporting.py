"""What passes between station and archive beside the files: its log watched, our status told."""

import logging
from collections.abc import Callable
from typing import Any

from station_agent.config import Config
from station_agent.errors import LogForkedError, NotAcceptedError, RefusedError, ServerAwayError
from station_agent.events import Event, Listener
from station_agent.folders import Folders
from station_agent.journal import Journal
from station_agent.pauses import Pauses
from station_agent.sending import Sender
from station_agent.setbacks import Setbacks
from station_agent.status import Live, build_status, is_waiting, save_status
from station_agent.transport import Transport
from station_agent.troubles import Troubles
from station_agent.trust import Trust

logger = logging.getLogger(__name__)

#: No answer at all, or a proxy that has nobody behind it.
_NOBODY_THERE = frozenset({0, 502, 503, 504})


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
        setbacks: Setbacks,
        troubles: Troubles,
        folders: Folders,
        listener: Listener,
        stopped: Callable[[], bool],
    ) -> None:
        self._config = config
        self._journal = journal
        self._transport = transport
        self._sender = sender
        self._trust = trust
        self._pauses = pauses
        self._setbacks = setbacks
        self._troubles = troubles
        self._folders = folders
        self._listener = listener
        self._stopped = stopped

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
        """Tell the archive how we are, and so know whether it is there while no file is on its way.

        What is about this one request (refused, stumbled over) holds nothing else back.
        """
        if self._pauses.server_wait_s() > 0:
            return
        status = self._status()
        try:
            self._transport.post_status(status)
            self._setbacks.server_reached(is_idle=not is_waiting(status["files"]))
        except ServerAwayError as error:
            logger.info("the archive does not hear how we are: %s", error)
            is_about_us = isinstance(error, NotAcceptedError)
            if (is_about_us or error.status in _NOBODY_THERE) and not self._stopped():
                self._setbacks.server_away(error)
        except RefusedError as error:
            logger.info("the archive does not hear how we are: %s", error)

    def save_status(self) -> None:
        """Leave our status on the disk. It waits for no server."""
        save_status(self._config.home, self._status())

    def _status(self) -> dict[str, Any]:
        live = Live(
            tuple(self._sender.current()),
            self._pauses.trouble,
            self._troubles.current(),
            tuple(self._folders.troubles()),
        )
        alarm = None if self._trust.alarm is None else self._trust.alarm.text
        return build_status(self._journal, self._config.home, self._config.name, alarm, live)
