"""Holding on to a clip while it is worked on."""

import logging
import threading
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from custody.clock import Clock
from ingest.work import LEASE, Work, renew
from storage.database import Database

log = logging.getLogger("liuhen.media")


class Lease:
    """Renews a lease from a thread of its own, since probing, downloading and ffmpeg all block.

    ``lost`` becomes True when another worker has the clip or the database has not answered for
    the length of a lease: then the work must stop, its result would not be taken.
    """

    def __init__(self, database: Database, clock: Clock, work: Work) -> None:
        self._database = database
        self._clock = clock
        self._work = work
        self._done = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="liuhen-lease", daemon=True)

    @property
    def lost(self) -> bool:
        return self._lost.is_set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def _keep(self) -> None:
        valid_until = self._clock.now() + LEASE
        while not self._done.wait(LEASE.total_seconds() / 3):
            try:
                with self._database.write() as tx:
                    kept = renew(tx, self._clock, self._work)
            except sa.exc.DBAPIError:
                log.warning("clip %s: the lease could not be renewed", self._work.clip_id)
                kept = self._clock.now() < valid_until
            else:
                valid_until = self._clock.now() + LEASE
            if not kept:
                # After the row was finished this is no loss: nobody looks any more.
                self._lost.set()
                return
