"""What the service does by itself: publish the log, have it witnessed and stamped, make renditions,
tidy up.

Several kinds of thread, each a loop of small independent turns. A turn that fails is told to the
log file and tried again after a pause; it never stops the others. Everything a turn does follows
from rows and objects, so a killed worker leaves nothing that the next turn, here or on another
host, doesn't finish.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from api.services import Services
from custody import viewing_ends
from custody.actors import service_actor
from custody.errors import (
    KeyHeldError,
    LogRestoredError,
    SignerAwayError,
    SigningRefusedError,
    WitnessAwayError,
    WitnessRefusesError,
)
from custody.timestamps.authorities import Authority
from custody.witnesses.asking import Asker
from ingest import pipeline, upload_sweep, work
from ingest.limits import time_limit_s
from storage.error_lines import line_of
from storage.errors import StorageError
from storage.full_disks import is_disk_full

log = logging.getLogger("liuhen.worker")

#: How long an idle media thread sleeps; admission does not wake it, so this is the longest delay.
IDLE_S = 0.5
#: How often rows are swept: ended viewings, complete or stale uploads, clips nobody works on.
SWEEP_S = 5.0
#: How often rows are looked at for cosignatures that are not public yet.
COSIGNED_S = 0.5
#: After so many failures in a row `/healthz` says so: one may be a moment's.
MANY_FAILURES = 3
#: How often it is looked whether an authority is to be asked; that is a matter of hours.
STAMP_LOOK_S = 10.0
#: How often details that came of age are destroyed, and how often it is looked whether that is due.
DESTROYING_INTERVAL = timedelta(days=1)
DESTROYING_LOOK_S = 600.0
#: The longest pause after failures in a row.
MAX_PAUSE_S = 30.0
#: An upload nobody has continued for this long is given up; the station announces it anew.
STALE_UPLOAD = timedelta(days=7)


#: The trouble of somebody else's program: told where it is named, and none of the service's own.
OUTSIDE = (WitnessAwayError, WitnessRefusesError)


class Worker:
    """The service's own threads; `start` them once, `stop` waits for the turns under way."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stopping = threading.Event()
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._may_publish_soon = False
        self._destroyed_at: datetime | None = None
        interval, pause = services.config.publish_interval_s, self._stopping.wait
        self._threads = [self._thread("publisher", self._publish, interval, self._until_wanted)]
        for name, sweep in self._sweeps().items():
            self._threads.append(self._thread(name, sweep, SWEEP_S, pause))
        self._threads.append(self._thread("cosignatures", self._cosign, COSIGNED_S, pause))
        # One each: whoever is slow or dead keeps nobody waiting but itself.
        asking_s = services.config.witness_interval_s
        for number, asker in enumerate(services.askers):
            ask = partial(self._ask, asker)
            self._threads.append(self._thread(f"witness-{number}", ask, asking_s, pause))
        for authority in services.stamper.asked:
            stamp = partial(self._stamp, authority)
            self._threads.append(
                self._thread(f"stamp-{authority.name}", stamp, STAMP_LOOK_S, pause)
            )
        if services.config.details_rules:
            look = partial(self._thread, pause_s=DESTROYING_LOOK_S, pause=pause)
            self._threads.append(look("details", self._destroy_details))
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
        self._services.failing.clear()

    def _thread(
        self,
        name: str,
        turn: Callable[[str], bool],
        pause_s: float,
        pause: Callable[[float], object],
    ) -> threading.Thread:
        def loop() -> None:
            failures, first = 0, self._services.clock.now()
            failing = self._services.failing
            while not self._stopping.is_set():
                busy = False
                try:
                    busy = turn(name)
                    failures = 0
                    failing.pop(name, None)
                except Exception as error:
                    failures += 1
                    first = self._services.clock.now() if failures == 1 else first
                    if failures >= MANY_FAILURES and not isinstance(error, OUTSIDE):
                        failing[name] = first
                    if line := _line_of(error):
                        log.warning(
                            "%s failed (%d in a row); trying again: %s", name, failures, line
                        )
                    else:
                        log.exception("%s failed (%d in a row); trying again", name, failures)
                if not busy:
                    pause(min(pause_s * 2**failures, max(MAX_PAUSE_S, pause_s)))

        return threading.Thread(target=loop, name=f"liuhen-{name}", daemon=True)

    def _publish(self, _name: str) -> bool:
        self._may_publish_soon = False  # nor after a failure
        watch = self._services.signer_watch
        try:
            published = self._services.publisher.run_once().published
        except (SignerAwayError, SigningRefusedError) as error:
            watch.failed(error, self._services.clock.now())
            raise
        watch.went_well()
        self._may_publish_soon = not published
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

    def _cosign(self, _name: str) -> bool:
        return self._services.cosignatures.run_once()

    def _ask(self, asker: Asker, _name: str) -> bool:
        asker.run_once()
        return False

    def _stamp(self, authority: Authority, _name: str) -> bool:
        if self._is_restored():
            return False
        outcome = self._services.stamper.run_once(authority, service_actor("stamper"))
        if outcome is not None and outcome.result == "failed":
            log.warning("%s gave no timestamp: %s", authority.name, outcome.trouble)
        return False

    def _media(self, name: str) -> bool:
        services = self._services
        if self._is_restored():
            return False
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

    def _sweeps(self) -> dict[str, Callable[[str], bool]]:
        """A thread each, so that rows on which one fails stop no other."""
        return {
            "viewings": self._close_viewings,
            "work": self._find_work,
            "uploads": self._sweep_uploads,
        }

    def _is_restored(self) -> bool:
        """Whether an older copy waits to be recovered: then nothing is done that entries tell of,
        for the entries that are recovered may tell of it already."""
        return self._services.publisher.watch.found is not None

    def _destroy_details(self, _name: str) -> bool:
        """Once a day, each rule as it was run last by hand; a changed one waits for that."""
        services, now = self._services, self._services.clock.now()
        if self._is_restored():
            return False
        if self._destroyed_at is not None and now - self._destroyed_at < DESTROYING_INTERVAL:
            return False
        for rule in services.config.details_rules:
            tally = services.details.destroy(service_actor("details"), rule, may_set=False)
            if tally.changes_rule:
                log.warning(
                    "the rule %r for details is new or changed and waits for somebody to run "
                    "`liuhen log destroy-details --dry-run`, then without --dry-run",
                    rule.name,
                )
            elif tally.altered:
                log.warning(
                    "rule %r left the details of %d entries: their rows were altered; verify",
                    rule.name,
                    tally.altered,
                )
        self._destroyed_at = now
        return False

    def _close_viewings(self, _name: str) -> bool:
        services = self._services
        if self._is_restored():
            return False
        with services.database.write() as tx:
            viewing_ends.close_expired(tx, services.ledger, services.clock)
        return False

    def _find_work(self, _name: str) -> bool:
        if self._is_restored():
            return False
        with self._services.database.write() as tx:
            work.sweep(tx, self._services.clock)
        return False

    def _sweep_uploads(self, _name: str) -> bool:
        services = self._services
        if self._is_restored():
            return False
        upload_sweep.sweep(
            services.receiver,
            services.database,
            services.staging,
            services.clock,
            service_actor("sweep"),
            stale_after=STALE_UPLOAD,
        )
        return False


def _line_of(error: Exception) -> str:
    """What an outage or somebody else brought about; nothing for a mistake of ours, whose trace is
    wanted."""
    if isinstance(error, (*OUTSIDE, KeyHeldError, LogRestoredError, SignerAwayError)):
        return str(error)
    return line_of(error) if is_disk_full(error) or isinstance(error, StorageError) else ""
