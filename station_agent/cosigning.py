"""The station as a witness: it cosigns the newest checkpoint that it holds to be of one history.

What it cosigns is what `trust.json` holds as the last checkpoint seen, durably, and never after an
alarm. There is no second memory beside it that could say otherwise. The signature is C2SP
cosignature/v1 by the station's own key: what it signs begins with that title, and nothing else the
key signs does (manifests and sessions have titles of their own).
"""

import logging
import time
from collections.abc import Callable

from custody.log.cosignature import Cosigner
from custody.log.note import NoteSigner
from station_agent.errors import RefusedError, ServerAwayError
from station_agent.pauses import Pauses
from station_agent.transport import Transport
from station_agent.trust import Trust

logger = logging.getLogger(__name__)

#: Seconds until the next try after failures in a row; doubled each time, up to the most.
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 600.0


class Cosigning:
    """For one thread; nothing else waits for it, and what fails here fails here only."""

    def __init__(
        self,
        trust: Trust,
        transport: Transport,
        signer: NoteSigner,
        pauses: Pauses,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._trust = trust
        self._transport = transport
        self._cosigner = Cosigner(signer.name, signer.private)
        self._pauses = pauses
        self._now = now
        #: The size of the newest checkpoint that the archive has our word on.
        self._given = 0
        self._failures = 0
        self._not_before = 0.0

    def run_once(self) -> bool:
        """Hand in a cosignature on the newest checkpoint seen, unless the archive has it; whether
        one was taken.
        """
        if self._pauses.server_wait_s() > 0 or time.monotonic() < self._not_before:
            return False
        checkpoint = self._trust.cosignable()
        if checkpoint is None or checkpoint.size <= self._given:
            return False
        # A clock that stands before its epoch is a flat battery; this kind of signature says when.
        line = self._cosigner.cosign(checkpoint.encode(), max(1, int(self._now())))
        try:
            self._transport.post_cosignature(checkpoint.size, line)
        except (RefusedError, ServerAwayError) as error:
            logger.info("the archive does not take our cosignature: %s", error)
            pause_s = min(FIRST_PAUSE_S * 2**self._failures, LONGEST_PAUSE_S)
            self._failures = min(self._failures + 1, 10)
            self._not_before = time.monotonic() + pause_s
            return False
        self._given, self._failures = checkpoint.size, 0
        return True
