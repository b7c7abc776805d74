"""How viewings end: what was sent under each grant goes into the log."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import service_actor
from custody.clock import Clock
from custody.events import EventKind, clip_item
from custody.ledger import Event, Ledger
from custody.tables import access_grants
from custody.viewings import GrantKind

#: What was begun before a grant ended may be sent and counted this long after it.
CLOSING_GRACE = timedelta(minutes=5)


def close_expired(tx: Connection, ledger: Ledger, clock: Clock, *, limit: int = 500) -> int:
    """Close grants that ended; ``clip.viewed`` with what was sent. How many, at most ``limit``.

    A listing closes without an entry: its opening said everything.
    """
    now = clock.now()
    ended = (
        sa.select(access_grants.c.id)
        .where(
            access_grants.c.closed_at.is_(None),
            access_grants.c.expires_at <= now - CLOSING_GRACE,
        )
        .order_by(access_grants.c.expires_at)
        .limit(limit)
        # Two sweeps share the work; a grant that is being counted waits for the next one.
        .with_for_update(skip_locked=True)
    )
    closed = tx.execute(
        access_grants.update()
        .where(access_grants.c.id.in_(ended))
        .values(closed_at=now)
        .returning(*access_grants.c)
    ).all()
    ledger.append_many(
        tx,
        service_actor("sweep"),
        [
            Event(
                EventKind.CLIP_VIEWED,
                clip_item(row.clip_id),
                facts={
                    "grant": row.id,
                    "kind": row.kind,
                    "requests": row.requests,
                    "bytes_sent": row.bytes_sent,
                },
                details={"viewer": row.actor_id},
            )
            for row in sorted(closed, key=lambda row: (row.expires_at, row.id))
            if row.kind != GrantKind.LISTING
        ],
    )
    return len(closed)
