"""Who the actors of the log are called: accounts and stations, looked up for pages."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from api.auth.tables import users
from custody.cells import as_text, raw
from custody.ids import looks_like_id
from ingest.tables import stations

#: Of a name that more carry, as many are looked for.
MAX_CALLED = 500


def actors_called(tx: Connection, text: str) -> list[str]:
    """The ids of whose account, name or station's name has ``text`` in it; one query.

    What acts without an account (``operator``, ``worker``, ``anonymous``) is called by its id.
    """
    wanted = text.strip().lower()
    if not wanted or "\x00" in wanted:  # nobody is called that, and PostgreSQL takes no NUL
        return []

    def has(column: sa.Column[str]) -> sa.ColumnElement[bool]:
        return sa.func.lower(column).contains(wanted, autoescape=True)

    found = sa.union_all(
        sa.select(users.c.id).where(has(users.c.name) | has(users.c.display_name)),
        sa.select(stations.c.id).where(has(stations.c.name)),
    )
    ids = tx.scalars(sa.select(found.subquery().c.id).order_by("id").limit(MAX_CALLED)).all()
    return [wanted, *filter(looks_like_id, map(str, ids))]


def actor_items_called(tx: Connection, text: str) -> list[str]:
    """The items of accounts and stations called ``text``, as `actors_called` or by their id."""
    called = set(actors_called(tx, text)) | {text.strip()}
    return list(_named(tx, called))


def names_of_actors(tx: Connection, items: Iterable[str]) -> dict[str, str]:
    """What the accounts and stations among ``items`` are called, by item; an account by its own."""
    parted = [item.partition(":") for item in set(items)]
    ids = {one[2] for one in parted if one[0] in ("user", "station") and looks_like_id(one[2])}
    return _named(tx, ids)


def _named(tx: Connection, ids: Iterable[str]) -> dict[str, str]:
    wanted = sorted(one for one in set(ids) if looks_like_id(one))
    if not wanted:
        return {}
    accounts = tx.execute(
        sa.select(users.c.id, raw(tx, users.c.name)).where(users.c.id.in_(wanted))
    )
    named = {f"user:{row.id}": as_text(row.name) for row in accounts}
    found = tx.execute(
        sa.select(stations.c.id, raw(tx, stations.c.name)).where(stations.c.id.in_(wanted))
    )
    return named | {f"station:{row.id}": as_text(row.name) for row in found}


def accounts_of(tx: Connection, actor_ids: Iterable[str]) -> dict[str, str]:
    """The account of each of ``actor_ids`` that has one, in one query: names can be shared.

    An account is never renamed, so that today's is that of then.
    """
    wanted = sorted({one for one in actor_ids if looks_like_id(one)})
    if not wanted:
        return {}
    rows = tx.execute(sa.select(users.c.id, raw(tx, users.c.name)).where(users.c.id.in_(wanted)))
    return {row.id: as_text(row.name) for row in rows}
