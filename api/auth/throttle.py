"""Slowing down guesses at passwords. The rule is pure; the failures stand in `sign_in_failures`.

A try is counted as failed before the password is looked at and forgiven if it was right: guesses
sent at the same moment would otherwise all be let through before the first of them is counted.
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from api.auth.tables import sign_in_failures
from custody.ids import new_id

#: Failures older than this no longer count.
WINDOW = timedelta(minutes=15)
#: Free tries of one name from one address, of one name from anywhere, and of one address.
FREE_TRIES_HERE = 5
FREE_TRIES_OF_NAME = 20
FREE_TRIES_OF_ORIGIN = 50
#: The longest anybody waits, in seconds; so a stranger can delay but never lock out a clerk.
LONGEST_WAIT_S = 300

#: PostgreSQL's advisory lock under which tries are counted, one after the other.
_LOCK_KEY = 0x6C69_7568_656E_7472  # "liuhentr"


def wait_after(failures: Sequence[datetime], free_tries: int, now: datetime) -> int:
    """Seconds to wait before the next try: 0, then 2, 4, 8 … from the last one after the free ones.

    ``failures`` are the times of failed tries, in any order; those outside `WINDOW` don't count.
    """
    recent = [at for at in failures if now - at < WINDOW]
    excess = len(recent) - free_tries + 1
    if excess <= 0:
        return 0
    pause = min(2.0 ** min(excess, 16), LONGEST_WAIT_S)
    left = (max(recent) + timedelta(seconds=pause) - now).total_seconds()
    return max(0, -int(-left // 1))


def reserve_try(tx: Connection, name: str, origin: str, now: datetime) -> tuple[int, str]:
    """Count a try of ``name`` from ``origin`` as failed, in a transaction of its own that writes.

    Gives the seconds to wait (then nothing was counted) and the id for `forget_try`.
    """
    if tx.dialect.name == "postgresql":  # on SQLite a transaction that writes is the only one
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_KEY)))
    wait_s = _wait_for(tx, name, origin, now)
    if wait_s > 0:
        return wait_s, ""
    tx.execute(sa.delete(sign_in_failures).where(sign_in_failures.c.at < now - WINDOW))
    try_id = new_id()
    tx.execute(
        sa.insert(sign_in_failures).values(
            id=try_id, name_sha256=name_digest(name), origin=origin[:64], at=now
        )
    )
    return 0, try_id


def forget_try(tx: Connection, try_id: str) -> None:
    """A try that came to no answer doesn't count."""
    tx.execute(sa.delete(sign_in_failures).where(sign_in_failures.c.id == try_id))


def _wait_for(tx: Connection, name: str, origin: str, now: datetime) -> int:
    """Seconds that ``name`` from ``origin`` has to wait now."""
    table = sign_in_failures
    rows = tx.execute(
        sa.select(table.c.name_sha256, table.c.origin, table.c.at)
        .where(
            table.c.at > now - WINDOW,
            sa.or_(table.c.name_sha256 == name_digest(name), table.c.origin == origin[:64]),
        )
        .order_by(table.c.at.desc())
        .limit(1000)
    ).all()
    of_name = [row.at for row in rows if row.name_sha256 == name_digest(name)]
    of_origin = [row.at for row in rows if row.origin == origin[:64]]
    here = [
        row.at for row in rows if row.name_sha256 == name_digest(name) and row.origin == origin[:64]
    ]
    return max(
        wait_after(here, FREE_TRIES_HERE, now),
        wait_after(of_name, FREE_TRIES_OF_NAME, now),
        wait_after(of_origin, FREE_TRIES_OF_ORIGIN, now),
    )


def forget_failures(tx: Connection, name: str, origin: str) -> None:
    """A right password ends the counting for this name at this address."""
    tx.execute(
        sa.delete(sign_in_failures).where(
            sign_in_failures.c.name_sha256 == name_digest(name),
            sign_in_failures.c.origin == origin[:64],
        )
    )


def name_digest(name: str) -> str:
    """SHA-256 of the name without case, width and blanks around it, hex.

    Coarser than the lookup of a name, so that no other spelling of it has tries of its own.
    """
    name = unicodedata.normalize("NFKC", name).strip().casefold()
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
