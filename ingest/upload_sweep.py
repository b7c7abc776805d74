"""What is swept of uploads: the complete are finished, the stale given up, the orphaned removed."""

import logging
from contextlib import suppress
from datetime import timedelta

from custody.actors import Actor
from custody.clock import Clock
from custody.errors import CustodyError
from ingest import uploads
from ingest.errors import IngestError
from ingest.receiving import Receiver
from ingest.uploads import RECEIVING
from storage.database import Database
from storage.errors import StagingBusyError, StorageError
from storage.staging import Staging

log = logging.getLogger("liuhen.receiving")

#: How long a complete upload is left to its sender before the sweep finishes it.
FINISH_AFTER = timedelta(seconds=30)
#: How old staged bytes must be that no row speaks of: a folder import may be at them.
ORPHAN_AFTER = timedelta(days=1)
SWEEP_LIMIT = 100


def sweep(
    receiver: Receiver,
    database: Database,
    staging: Staging,
    clock: Clock,
    actor: Actor,
    *,
    stale_after: timedelta,
) -> None:
    """Finish complete uploads, give up stale ones, remove staged bytes that nobody needs.

    What fails for one upload is told to the log file and tried again later; it stops no other.
    """
    finish_complete_uploads(receiver, database, clock, actor)
    with database.read() as tx:
        stale = uploads.find_stale(tx, clock.now() - stale_after, SWEEP_LIMIT)
    for upload in stale:
        with suppress(StagingBusyError, IngestError):  # somebody went on with it, or ended it
            receiver.terminate(upload.id, None, f"not continued for {stale_after.days} days")
    discard_orphans(database, staging, clock)


def finish_complete_uploads(
    receiver: Receiver, database: Database, clock: Clock, actor: Actor
) -> None:
    """Admit uploads whose bytes are all here but whose last request never came to its end."""
    with database.read() as tx:
        complete = uploads.find_complete(tx, clock.now() - FINISH_AFTER, SWEEP_LIMIT)
    for upload in complete:
        try:
            with receiver.open(upload.id, None, offset=upload.size_bytes, length=0) as reception:
                if reception is not None:
                    receiver.admit(reception, actor)
        except StagingBusyError:
            continue  # somebody is at it
        except (IngestError, CustodyError, StorageError, OSError, EOFError) as error:
            # One line a turn is enough: the sweep comes back to it until somebody acts.
            log.warning("upload %s is complete and can't be admitted: %s", upload.id, error)
            with suppress(IngestError), database.write() as tx:
                uploads.touch(tx, clock, upload.id)


def discard_orphans(database: Database, staging: Staging, clock: Clock) -> None:
    """Remove what is staged for uploads that have ended, and a day later for unknown ones."""
    entries = staging.entries()
    with database.read() as tx:
        states = uploads.states_of(tx, [entry.upload_id for entry in entries])
    for entry in entries:
        state = states.get(entry.upload_id)
        unknown_for = clock.now() - entry.modified_at
        if state == RECEIVING or (state is None and unknown_for < ORPHAN_AFTER):
            continue
        with suppress(ValueError):  # not an upload's name, and so none of ours
            staging.discard(entry.upload_id)


def discard_dead_imports(database: Database, staging: Staging) -> None:
    """Remove what folder imports that were killed left staged: no row speaks of it, and nobody
    holds it any more. What imports that are alive are at stays."""
    entries = staging.entries()  # before the rows: an upload has its row before its first byte
    with database.read() as tx:
        states = uploads.states_of(tx, [entry.upload_id for entry in entries])
    for entry in entries:
        if entry.upload_id not in states:
            with suppress(ValueError, OSError):  # not an upload's name, or not ours to remove
                staging.discard_idle(entry.upload_id)
