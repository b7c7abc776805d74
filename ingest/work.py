"""What is still to be done: one row in `clip_work` a clip, from its admission until it is judged.

The clip's state is the truth and the row follows from it: a lost row is put back by `sweep`, a row
too many does no harm. A lease keeps two workers apart, on one host or on many; it runs out if its
holder dies, and then the work is done again from the beginning.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from custody.clock import Clock
from custody.first_writer import insert_first
from custody.tables import clips
from ingest.tables import clip_work

#: How long a worker owns a clip without renewing; after a kill this is the longest wait.
LEASE = timedelta(seconds=45)
#: A clip that failed this often is quarantined.
MAX_ATTEMPTS = 3
#: The pause after the first failure; each further one is four times as long.
FIRST_PAUSE = timedelta(seconds=20)
#: The pause when the clip is not to blame: store, disk or ffmpeg are missing.
OUTAGE_PAUSE = timedelta(seconds=60)
MAX_ERROR = 1000


@dataclass(frozen=True, slots=True)
class Work:
    """A clip that is ours until the lease ends; ``attempts`` counts the tries that failed."""

    clip_id: str
    attempts: int
    lease_owner: str


def enqueue(tx: Connection, clock: Clock, clip_id: str) -> bool:
    """Say that a clip needs work; False if that was known. Idempotent, for admission."""
    values = {"clip_id": clip_id, "attempts": 0, "not_before": clock.now()}
    return insert_first(tx, clip_work, values)


def sweep(tx: Connection, clock: Clock) -> int:
    """Put back the rows of archived clips that have none; how many. One statement."""
    known = sa.exists().where(clip_work.c.clip_id == clips.c.id)
    now = sa.literal(clock.now(), type_=clip_work.c.not_before.type)
    lost = sa.select(clips.c.id, sa.literal(0), now).where(clips.c.state == "archived", ~known)
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(clip_work)
        .from_select(["clip_id", "attempts", "not_before"], lost)
        .on_conflict_do_nothing()
        .returning(clip_work.c.clip_id)
    )
    return len(tx.execute(statement).all())


def is_due(tx: Connection, clock: Clock) -> bool:
    """Whether `claim` would find something; a read, so that idle workers take no write lock."""
    return tx.execute(_due(clock).limit(1)).first() is not None


def claim(tx: Connection, clock: Clock, owner: str, lease: timedelta = LEASE) -> Work | None:
    """Take the due clip that has waited longest, or None. No two claims get the same clip.

    What failed before comes behind everything that has not been tried as often.

    ``owner`` (host, process, thread) is for people; the lease's own name is unique a claim, so a
    worker that comes back after its lease ran out is not taken for its successor.
    """
    now = clock.now()
    chosen = (
        _due(clock)
        .order_by(clip_work.c.attempts, clip_work.c.not_before, clip_work.c.clip_id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    name = f"{owner[-47:]}:{secrets.token_hex(8)}"
    row = tx.execute(
        sa.update(clip_work)
        .where(clip_work.c.clip_id == chosen)
        .values(lease_owner=name, lease_until=now + lease)
        .returning(clip_work.c.clip_id, clip_work.c.attempts)
    ).first()
    return None if row is None else Work(row.clip_id, row.attempts, name)


def _due(clock: Clock) -> sa.Select[Any]:
    now = clock.now()
    free = sa.or_(clip_work.c.lease_until.is_(None), clip_work.c.lease_until <= now)
    return sa.select(clip_work.c.clip_id).where(clip_work.c.not_before <= now, free)


def renew(tx: Connection, clock: Clock, work: Work, lease: timedelta = LEASE) -> bool:
    """Extend the lease from now; False if it is ours no more."""
    return _update(tx, work, lease_until=clock.now() + lease)


def release(tx: Connection, work: Work) -> bool:
    """Give the clip back untried: the worker is stopping."""
    return _update(tx, work, lease_owner=None, lease_until=None)


def postpone(tx: Connection, clock: Clock, work: Work, error: str) -> bool:
    """Give the clip back for `OUTAGE_PAUSE`, without counting: it is not to blame."""
    return _retry(tx, work, clock.now() + OUTAGE_PAUSE, error, work.attempts)


def fail(tx: Connection, clock: Clock, work: Work, error: str) -> bool:
    """Count a failed try and give the clip back for a pause that grows."""
    pause = FIRST_PAUSE * 4**work.attempts
    return _retry(tx, work, clock.now() + pause, error, work.attempts + 1)


def finish(tx: Connection, work: Work) -> bool:
    """Remove the row in the transaction that changes the clip's state; False if it is not ours.

    Then another worker has the clip, and this transaction must change nothing.
    """
    return tx.execute(sa.delete(clip_work).where(_is(work))).rowcount == 1


def _retry(tx: Connection, work: Work, not_before: object, error: str, attempts: int) -> bool:
    return _update(
        tx,
        work,
        attempts=attempts,
        not_before=not_before,
        lease_owner=None,
        lease_until=None,
        last_error=error[:MAX_ERROR],
    )


def _update(tx: Connection, work: Work, **values: object) -> bool:
    return tx.execute(sa.update(clip_work).where(_is(work)).values(**values)).rowcount == 1


def _is(work: Work) -> sa.ColumnElement[bool]:
    return sa.and_(clip_work.c.clip_id == work.clip_id, clip_work.c.lease_owner == work.lease_owner)
