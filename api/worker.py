"""What the service does by itself: publish the log, have it stamped, make renditions, tidy up.

Four kinds of thread (one for each time-stamping authority, so that none waits for another), each a
loop of small independent turns. A turn that fails is told to the log file and tried again after a
pause; it never stops the others. Everything a turn does follows from rows and objects, so a killed
worker leaves nothing that the next turn, here or on another host, doesn't finish.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from api.services import Services
from custody import viewing_ends
from custody.actors import service_actor
from custody.authorities import Authority
from ingest import pipeline, upload_sweep, work
from ingest.limits import time_limit_s

log = logging.getLogger("liuhen.worker")

#: How long an idle media thread sleeps; admission does not wake it, so this is the longest delay.
IDLE_S = 0.5
#: How often rows are swept: ended viewings, complete or stale uploads, clips nobody works on.
SWEEP_S = 5.0
#: How often it is looked whether an authority is to be asked; that is a matter of hours.
STAMP_LOOK_S = 10.0
#: The longest pause after failures in a row.
MAX_PAUSE_S = 30.0
#: An upload nobody has continued for this long is given up; the station announces it anew.
STALE_UPLOAD = timedelta(days=7)


class Worker:
    """The service's own threads; `start` them once, `stop` waits for the turns under way."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stopping = threading.Event()
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._may_publish_soon = False
        interval, pause = services.config.publish_interval_s, self._stopping.wait
        self._threads = [self._thread("publisher", self._publish, interval, self._until_wanted)]
        self._threads.append(self._thread("sweep", self._sweep, SWEEP_S, pause))
        for authority in services.stamper.asked:
            stamp = partial(self._stamp, authority)
            self._threads.append(
                self._thread(f"stamp-{authority.name}", stamp, STAMP_LOOK_S, pause)
            )
        for number in range(services.config.media_workers):
            self._threads.append(self._thread(f"media-{number}", self._media, IDLE_S, pause))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        self._services.threads.extend(self._threads)

    def stop(self, timeout_s: float = 20.0) -> None:
        """Ask every thread to end after its turn. What is cut off is done again after a restart."""
        self._services.threads.clear()
        self._stopping.set()
        self._services.publish_soon.set()
        for thread in self._threads:
            thread.join(timeout_s)

    def _thread(
        self,
        name: str,
        turn: Callable[[str], bool],
        pause_s: float,
        pause: Callable[[float], object],
    ) -> threading.Thread:
        def loop() -> None:
            failures = 0
            while not self._stopping.is_set():
                busy = False
                try:
                    busy = turn(name)
                    failures = 0
                except Exception:
                    failures += 1
                    log.exception("%s failed (%d in a row); trying again", name, failures)
                if not busy:
                    pause(min(pause_s * 2**failures, max(MAX_PAUSE_S, pause_s)))

        return threading.Thread(target=loop, name=f"liuhen-{name}", daemon=True)

    def _publish(self, _name: str) -> bool:
        self._may_publish_soon = False  # nor after a failure
        self._may_publish_soon = not self._services.publisher.run_once().published
        return False

    def _until_wanted(self, pause_s: float) -> None:
        """At most one checkpoint an interval, so that one carries many entries; but whoever waits
        for the first one after a quiet time gets it at once.
        """
        soon = self._services.publish_soon
        if self._may_publish_soon:
            soon.wait(pause_s)
        else:
            self._stopping.wait(pause_s)
        soon.clear()

    def _stamp(self, authority: Authority, _name: str) -> bool:
        outcome = self._services.stamper.run_once(authority, service_actor("stamper"))
        if outcome is not None and outcome.result == "failed":
            log.warning("%s gave no timestamp: %s", authority.name, outcome.trouble)
        return False

    def _media(self, name: str) -> bool:
        services = self._services
        return pipeline.process_one(
            services.database,
            services.store,
            services.ledger,
            services.clock,
            services.config.scratch_folder,
            f"{self._owner}:{name}",
            should_stop=self._stopping.is_set,
            time_limit=partial(
                time_limit_s, ceiling_s=services.config.media_ceiling_minutes * 60.0
            ),
        )

    def _sweep(self, _name: str) -> bool:
        services = self._services
        with services.database.write() as tx:
            viewing_ends.close_expired(tx, services.ledger, services.clock)
            work.sweep(tx, services.clock)
        upload_sweep.sweep(
            services.receiver,
            services.database,
            services.staging,
            services.clock,
            service_actor("sweep"),
            stale_after=STALE_UPLOAD,
        )
        return False
