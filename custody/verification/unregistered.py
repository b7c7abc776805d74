"""The store against the log: an object that nothing explains."""

import hashlib
import secrets
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from custody.cells import raw
from custody.said import said
from custody.tables import clips, renditions
from custody.verification.context import ProgressCallback, VerificationContext
from custody.verification.findings import Finding, FindingCode, VerificationImpossibleError
from custody.verification.log_keys import LOG_PREFIX, LogKeys
from custody.verification.reports import Progress, Report
from custody.verification.rows import snapshot, stream
from custody.verification.spools import RecordSpool
from custody.verification.timestamps import stamped_keys
from storage.errors import StorageError

#: An object stands before its entry, and stays where the process died in between; somebody who
#: comes back with the same bytes adopts it. Younger ones are counted, older ones are a finding.
YOUNG = timedelta(hours=1)
#: So far a store's clock may be ahead of ours. What claims to be of a later time is not young:
#: it would stay so until then.
AHEAD = timedelta(minutes=5)
PROGRESS_STEP = 5_000


def check_unregistered(
    context: VerificationContext, tasks: RecordSpool, report: Report, progress: ProgressCallback
) -> None:
    """List everything in the store; findings for what nobody put there.

    ``tasks`` are the objects that entries name; a row that names one has been reported for itself.
    """
    # The keys may be too many for memory: eight bytes of a keyed hash stand for each.
    key = secrets.token_bytes(16)
    known = sorted(_mark(name, key) for name in _names(context, tasks))
    log_keys = LogKeys(context, report)
    now = datetime.now(UTC)
    done = 0
    try:
        for stat in context.store.list():
            done += 1
            if done % PROGRESS_STEP == 0:
                progress(Progress("objects", done, 0))
            if stat.key.startswith(LOG_PREFIX) and log_keys.has(stat.key):
                continue
            mark = _mark(stat.key, key)
            place = bisect_left(known, mark)
            if place < len(known) and known[place] == mark:
                continue
            if -AHEAD <= now - stat.modified_at < YOUNG:
                report.young_objects += 1
                continue
            report.add(
                Finding(
                    FindingCode.OBJECT_UNREGISTERED,
                    stat.key,
                    said("unnamed"),
                    expected=said("no_object"),
                    found=said(
                        "bytes_since",
                        size=stat.size_bytes,
                        at=f"{stat.modified_at:%Y-%m-%dT%H:%MZ}",
                    ),
                )
            )
    except (StorageError, OSError) as error:
        raise VerificationImpossibleError(str(error)) from error
    progress(Progress("objects", done, done))


def _names(context: VerificationContext, tasks: RecordSpool) -> Iterator[str]:
    for record in tasks:
        yield str(record[2])
    with snapshot(context.database) as tx:
        yield from stamped_keys(tx)
        for table in (clips, renditions):
            for row in stream(tx, sa.select(raw(tx, table.c.object_key))):
                yield str(row.object_key)


def _mark(name: str, key: bytes) -> int:
    data = name.encode(errors="surrogateescape")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8, key=key).digest())
