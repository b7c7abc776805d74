"""One clip at a time: probe it, make its renditions, store them, say what became of it.

The functions here open their own transactions: they are the worker's loop, not something below it.

What a killed worker leaves, at each step: a lease that runs out; a folder in the scratch folder
that the next try of the clip removes, and an ffmpeg that the kernel ends with it; renditions in
the store that no row knows, which the next try adopts if it makes the same bytes. Only the last
transaction changes the clip, all at once.
"""

import hashlib
import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from custody.actors import service_actor
from custody.clips import Clip, ClipState, describe_clip, get_clip, set_clip_state
from custody.clock import Clock
from custody.ledger import Ledger
from custody.object_keys import rendition_key
from custody.renditions import NewRendition, add_rendition
from ingest import work as queue
from ingest.errors import (
    FfmpegMissingError,
    IngestError,
    LeaseLostError,
    MediaInterruptedError,
    MediaTimeLimitError,
    TranscodeError,
)
from ingest.ffmpeg import find_ffmpeg
from ingest.leases import Lease
from ingest.limits import time_limit_s
from ingest.probe import ProbeResult, probe
from ingest.processes import never
from ingest.salvage import recover_picture
from ingest.transcode import MadeFile, Renditions, make_renditions
from ingest.verdicts import Reason, Verdict, after_transcoding, before_transcoding
from ingest.work import Work
from storage.database import Database
from storage.durable import make_folder, sync_file
from storage.error_lines import line_of
from storage.errors import ObjectExistsError, StorageError
from storage.objects import ObjectStore

log = logging.getLogger("liuhen.media")

#: Kind, duration in ms, size in bytes, earlier tries and frames give the seconds that one try may
#: take.
TimeLimit = Callable[[str, int | None, int, int, int | None], float]

ACTOR = service_actor("worker")


def process_one(
    database: Database,
    store: ObjectStore,
    ledger: Ledger,
    clock: Clock,
    scratch: Path,
    owner: str,
    *,
    should_stop: Callable[[], bool] = never,
    time_limit: TimeLimit = time_limit_s,
) -> bool:
    """Do all the work on one clip that waits for it; False if none does.

    ``owner`` names the worker (host, process, thread). ``should_stop`` ends the work early and
    gives the clip back as it was. A clip that fails is tried again later, at most
    `ingest.work.MAX_ATTEMPTS` times, then quarantined. An outage of store, disk or ffmpeg postpones
    it without counting. Errors of the database go to the caller; the lease brings the clip back.
    """
    with database.read() as tx:
        if not queue.is_due(tx, clock):
            return False
    with database.write() as tx:
        work = queue.claim(tx, clock, owner)
    if work is None:
        return False
    with database.read() as tx:
        clip = get_clip(tx, work.clip_id)
    job = _Job(database, store, ledger, clock, scratch, work, clip, time_limit)
    with Lease(database, clock, work) as lease:
        job.run(lambda: should_stop() or lease.lost)
    return True


@dataclass(frozen=True, slots=True)
class _Job:
    """The work on one clip under one lease."""

    database: Database
    store: ObjectStore
    ledger: Ledger
    clock: Clock
    scratch: Path
    work: Work
    clip: Clip
    time_limit: TimeLimit

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Do it and settle it, whatever happens."""
        folder = self.scratch / f"{self.work.clip_id}-{self.work.attempts + 1}"
        try:
            self._attempt(folder, should_stop)
        except LeaseLostError:
            log.warning("clip %s: another worker has it", self.work.clip_id)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _attempt(self, folder: Path, should_stop: Callable[[], bool]) -> None:
        found: ProbeResult | None = None
        try:
            _clear(self.scratch, self.work.clip_id)
            make_folder(folder, mode=0o700)
            with self.store.local_path(self.clip.object_key) as original:
                found = probe(original, name=self.clip.name, should_stop=should_stop)
                verdict, made = self._make(original, found, folder, should_stop)
            self._conclude(found, verdict, made)
        except (LeaseLostError, sa.exc.DBAPIError):
            raise
        except MediaInterruptedError:
            with self.database.write() as tx:
                queue.release(tx, self.work)
        except (StorageError, FfmpegMissingError, OSError) as error:
            log.warning("clip %s waits for an outage to end: %s", self.work.clip_id, line_of(error))
            with self.database.write() as tx:
                queue.postpone(tx, self.clock, self.work, _describe(error))
        except IngestError as error:  # the file's own doing
            log.warning("clip %s failed: %s", self.work.clip_id, line_of(error))
            self._fail(error, found)
        except Exception as error:
            log.exception("clip %s failed", self.work.clip_id)
            self._fail(error, found)

    def _make(
        self,
        original: Path,
        found: ProbeResult,
        folder: Path,
        should_stop: Callable[[], bool],
    ) -> tuple[Verdict, Renditions]:
        limit = self.time_limit(
            found.kind, found.duration_ms, found.size_bytes, self.work.attempts, found.frames
        )
        ends_at = time.monotonic() + limit
        verdict = before_transcoding(found)
        outputs = folder / "made"
        outputs.mkdir()
        if verdict is None:
            made = make_renditions(
                original, found, outputs, time_limit_s=limit, should_stop=should_stop
            )
            return after_transcoding(found, len(made.complaints)), made
        if verdict.reason is Reason.NO_INDEX:
            inside = recover_picture(
                original, folder / "recovered", time_limit_s=limit, should_stop=should_stop
            )
            if inside is not None:
                made = make_renditions(
                    folder / "recovered",
                    inside,
                    outputs,
                    time_limit_s=max(0.0, ends_at - time.monotonic()),
                    should_stop=should_stop,
                )
                return Verdict(ClipState.DAMAGED, Reason.NO_INDEX_RECOVERED), made
        return verdict, Renditions((), found.duration_ms)

    def _conclude(self, found: ProbeResult, verdict: Verdict, made: Renditions) -> None:
        """Store the renditions, then change everything in one transaction."""
        rows = [self._store(file) for file in made.files]
        media = {**found.media(), "complaints": list(made.complaints[:20])}
        clip_id = self.work.clip_id
        with self.database.write() as tx:
            if not queue.finish(tx, self.work):
                raise LeaseLostError(clip_id)
            if get_clip(tx, clip_id).state != ClipState.ARCHIVED:
                return  # judged before; the row was one too many
            describe_clip(tx, self.ledger, ACTOR, clip_id, media, made.duration_ms, found.kind)
            for row in rows:
                add_rendition(tx, self.ledger, ACTOR, row)
            set_clip_state(tx, self.ledger, ACTOR, clip_id, verdict.state, verdict.text)
        log.info("clip %s is %s", clip_id, verdict.state)

    def _store(self, file: MadeFile) -> NewRendition:
        with file.path.open("rb") as handle:
            sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
        sync_file(file.path)
        key = rendition_key(self.work.clip_id, file.kind, sha256)
        try:
            self.store.put_file(key, file.path)
        except ObjectExistsError:
            log.info("clip %s: adopting the %s of an earlier try", self.work.clip_id, file.kind)
        return NewRendition(
            clip_id=self.work.clip_id,
            kind=file.kind,
            object_key=key,
            sha256=sha256,
            size_bytes=file.path.stat().st_size,
            media_type=file.media_type,
            made_with=f"ffmpeg {find_ffmpeg().version}",
        )

    def _fail(self, error: Exception, found: ProbeResult | None) -> None:
        """Try again later; after the last try say what is known of the clip."""
        verdict = _given_up(error, found)
        last = self.work.attempts + 1 >= queue.MAX_ATTEMPTS
        # Nothing left in a file that is known to be cut off is an answer, not a failure.
        if not last and verdict.state is not ClipState.DAMAGED:
            with self.database.write() as tx:
                queue.fail(tx, self.clock, self.work, _describe(error))
            return
        found = found or ProbeResult(None, "unknown", self.clip.size_bytes)
        # Of a cut-off file the container's own duration says only what should have been there.
        duration = None if verdict.state is ClipState.DAMAGED else found.duration_ms
        self._conclude(found, verdict, Renditions((), duration, (_describe(error),)))


def _given_up(error: Exception, found: ProbeResult | None) -> Verdict:
    if isinstance(error, MediaTimeLimitError):
        return Verdict(ClipState.QUARANTINED, Reason.TIME_LIMIT)
    if isinstance(error, TranscodeError) and found is not None and found.damage:
        return Verdict(ClipState.DAMAGED, Reason(found.damage))
    return Verdict(ClipState.QUARANTINED, Reason.TRANSCODE_FAILED)


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[: queue.MAX_ERROR]


def _clear(scratch: Path, clip_id: str) -> None:
    """Remove what killed tries of this clip left on this host."""
    for leftover in scratch.glob(f"{clip_id}-*"):
        shutil.rmtree(leftover)
