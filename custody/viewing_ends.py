"""How viewings end: what was sent under each grant goes into the log."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, IntegrityError

from custody.actors import service_actor
from custody.cells import fits, raw_columns, read_row, shown
from custody.clock import Clock
from custody.errors import CustodyError
from custody.events import EventKind, clip_item
from custody.ids import looks_like_id
from custody.ledger import Event, Ledger
from custody.log.canonical import MAX_INTEGER
from custody.log.entry import Json
from custody.log.errors import LogError
from custody.tables import access_grants
from custody.viewings import GrantKind

log = logging.getLogger("liuhen.viewings")

#: What was begun before a grant ended may be sent and counted this long after it.
CLOSING_GRACE = timedelta(minutes=5)

#: What one grant, its clip's history or the table can bring about; it stops no other grant.
REFUSALS = (CustodyError, LogError, DataError, IntegrityError, UnicodeError)


def close_expired(tx: Connection, ledger: Ledger, clock: Clock, *, limit: int = 500) -> int:
    """Close grants that ended; ``clip.viewed`` with what was sent. How many, at most ``limit``.

    A listing closes without an entry: its opening said everything. A grant that can't be closed,
    because nothing can follow what was made of its clip's history, stays as it is and stops no
    other; the log file is told.
    """
    now = clock.now()
    ended = _ended(now - CLOSING_GRACE)
    try:
        with tx.begin_nested():
            return _close(tx, ledger, now, ended.limit(limit))
    except REFUSALS:
        return _close_each(tx, ledger, now, ended, limit)


def forget_listings(tx: Connection, grant_ids: Sequence[str], now: datetime) -> int:
    """Take away the rows of listings that ended before ``now``; how many there were.

    They repeat what the entries ``clips.listed`` commit to, and go with it. What is no listing, or
    still opens something, stays.
    """
    return tx.execute(
        access_grants.delete().where(
            access_grants.c.id.in_(grant_ids),
            access_grants.c.kind == GrantKind.LISTING.value,
            access_grants.c.clip_id.is_(None),
            access_grants.c.expires_at < now,
        )
    ).rowcount


def _ended(before: datetime) -> sa.Select[tuple[str]]:
    """The grants that ended, those first that ended longest ago."""
    return (
        sa.select(access_grants.c.id)
        .where(access_grants.c.closed_at.is_(None), access_grants.c.expires_at <= before)
        .order_by(access_grants.c.expires_at)
        # Two sweeps share the work; a grant that is being counted waits for the next one.
        .with_for_update(skip_locked=True)
    )


def _close_each(
    tx: Connection, ledger: Ledger, now: datetime, ended: sa.Select[tuple[str]], limit: int
) -> int:
    """Close each by itself, and pass over those that can't be; how many were closed."""
    closed = 0
    refused: dict[str, Exception] = {}
    rows = tx.execute(ended.add_columns(access_grants.c.clip_id)).all()
    # In the order in which all writers of the log hold their items.
    for row in sorted(rows, key=lambda row: str(row.clip_id)):
        if closed >= limit:
            break
        try:
            with tx.begin_nested():
                closed += _close(tx, ledger, now, [row.id])
        except REFUSALS as error:
            refused[row.id] = error
    if refused:
        # One line a turn is enough: the sweep comes back to them until somebody acts.
        first, why = next(iter(refused.items()))
        text = "%d ended viewings can't be closed; the first is %s: %s"
        log.warning(text, len(refused), shown(first), why)
    return closed


def _close(
    tx: Connection, ledger: Ledger, now: datetime, chosen: sa.Select[tuple[str]] | Sequence[str]
) -> int:
    rows = tx.execute(
        access_grants.update()
        .where(access_grants.c.id.in_(chosen))
        .values(closed_at=now)
        .returning(*raw_columns(tx, access_grants))
    ).mappings()
    # Altered rows are closed as well: what they sent is told where they say of which clip.
    closed = [read_row(access_grants, row) for row in rows.all()]
    ledger.append_many(
        tx,
        service_actor("sweep"),
        [
            Event(
                EventKind.CLIP_VIEWED,
                clip_item(row["clip_id"]),
                facts={
                    "grant": row["id"],
                    "kind": row["kind"],
                    "requests": told_count(row["requests"]),
                    "bytes_sent": told_count(row["bytes_sent"]),
                },
                details={"viewer": row["actor_id"]},
            )
            for row in sorted(closed, key=lambda row: str(row["id"]))
            if row["kind"] != GrantKind.LISTING and _tells(row)
        ],
    )
    return len(closed)


def told_count(cell: object) -> Json:
    """What the entry says of a counter; None where the row holds what was never counted."""
    return cell if isinstance(cell, int) and 0 <= cell <= MAX_INTEGER else None


#: What the entry says of a grant but its counters; its other columns may hold anything.
_TOLD = ("id", "kind", "clip_id", "actor_id")


def _tells(row: Mapping[str, Any]) -> bool:
    fit = all(fits(access_grants.c[name], row[name]) for name in _TOLD)
    return fit and row["kind"] in set(GrantKind) and looks_like_id(str(row["clip_id"]))
