"""How viewings end: what was sent under each grant goes into the log."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import service_actor
from custody.cells import fits, raw_columns, read_row
from custody.clock import Clock
from custody.events import EventKind, clip_item
from custody.ids import looks_like_id
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
    rows = tx.execute(
        access_grants.update()
        .where(access_grants.c.id.in_(ended))
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
                    "requests": row["requests"],
                    "bytes_sent": row["bytes_sent"],
                },
                details={"viewer": row["actor_id"]},
            )
            for row in sorted(closed, key=lambda row: str(row["id"]))
            if row["kind"] != GrantKind.LISTING and _tells(row)
        ],
    )
    return len(closed)


#: What the entry says of a grant; its other columns may hold anything.
_TOLD = ("id", "kind", "clip_id", "actor_id", "requests", "bytes_sent")


def _tells(row: Mapping[str, Any]) -> bool:
    fit = all(fits(access_grants.c[name], row[name]) for name in _TOLD)
    return fit and row["kind"] in set(GrantKind) and looks_like_id(str(row["clip_id"]))
