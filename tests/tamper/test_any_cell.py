"""Whatever somebody writes into any one cell, every page answers, and says what it can.

Every table of the house, each of its columns, a handful of values that were never written there.
A seeded slice runs in `make test`, all of it in `make test-long`.
"""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
import psycopg
import pytest
import sqlalchemy as sa

import api.auth.tables  # noqa: F401 - every table of the house is to be known
import ingest.tables  # noqa: F401
from custody.ids import new_id
from custody.tables import clips
from ingest.tables import dock_sessions
from storage.database import UtcDateTime, metadata
from tests.tamper.listed_uploads import add_admitted_upload
from tests.tamper.test_served import open_clip
from tests.tamper.worlds import World

SLICE = 40
SEED = 20261128
#: SQL for what an insider writes: SQLite takes anything anywhere.
ON_SQLITE = (
    "x'ff0080'",
    "cast(x'80ff41' as text)",
    "'x' || char(8238) || '<b>' || char(0) || ''''",
    "-1",
    "9223372036854775807",
    "0.5",
    "''",
    "'[1, {}]'",
    "NULL",
)
_TIMES = ("'infinity'", "'-infinity'", "'0044-03-15 BC'", "NULL")
ON_POSTGRESQL: dict[type, tuple[str, ...]] = {
    UtcDateTime: _TIMES,
    sa.Date: _TIMES,
    sa.Integer: ("-1", "2147483647", "9223372036854775807", "NULL"),
    sa.LargeBinary: ("''", "'\\x00'", "NULL"),
    sa.JSON: ("'[1]'", "'3'", "'{\"a\": null}'", "NULL"),
    sa.Boolean: ("true", "false"),
    sa.String: ("U&'\\202e<b>'", "''", "'x'", "NULL"),
}
#: After the largest number comes none: as with a full disk nothing can be appended any more.
LAST_NUMBER = ("log_entries", "id", "9223372036854775807")
#: Reading is refused, in words, where nothing can follow an entry, and where a row acts no more.
REFUSED = {403, 404, 409}


@dataclass(frozen=True)
class Change:
    """One cell: ``value`` is SQL."""

    table: str
    column: str
    value: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column} = {self.value}"


def changes_of(table: sa.Table, engine: str) -> list[Change]:
    found = []
    for column in table.c:
        if engine == "sqlite":
            values = ON_SQLITE
        else:
            kinds = [one for one in ON_POSTGRESQL if isinstance(column.type, one)]
            values = ON_POSTGRESQL[kinds[0]]
        found += [
            Change(table.name, column.name, value)
            for value in values
            if (table.name, column.name, value) != LAST_NUMBER
        ]
    return found


def row_of(world: World, table: str, client: httpx.Client) -> tuple[str, str]:
    """The column and the value by which the row is found that the pages show."""
    first = world.clip_ids[0]
    match table:
        case "clips" | "cases":
            return "id", {"clips": first, "cases": world.case_id}[table]
        case "links" | "renditions" | "receipts" | "clip_names":
            return "clip_id", first if table != "clip_names" else world.clip_ids[1]
        case "case_officers":
            return "case_id", world.case_id
        case "log_entries":
            return "item", f"clip:{first}"
        case "users":
            return "name", "bob"
        case "access_grants":
            return "id", client.headers["X-Viewing"]
        case "sign_in_sessions":
            return "csrf_token", client.headers["X-Form"]
        case _:
            return "", ""


@contextmanager
def altered(world: World, change: Change, key: tuple[str, str]) -> Iterator[bool]:
    """One row with the cell changed, put back at the end; False where the engine takes no such."""
    if world.services.database.is_sqlite:
        connection = sqlite3.connect(
            str(world.services.database.url.database), isolation_level=None, timeout=30
        )
        mark, row, refusals = "?", "rowid", (sqlite3.Error,)
    else:
        url = world.services.database.url.set(drivername="postgresql")
        connection = psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)  # type: ignore[assignment]
        mark, row, refusals = "%s", "ctid::text", (psycopg.Error,)  # type: ignore[assignment]
    where, values = (f" WHERE {key[0]} = {mark}", (key[1],)) if key[0] else ("", ())
    table, column = change.table, change.column
    found = connection.execute(f"SELECT {row} FROM {table}{where} LIMIT 1", values).fetchone()
    try:
        if found is None:
            yield False
            return
        backup = f"backup_{new_id().replace('-', '')}"
        connection.execute(
            f"CREATE TEMPORARY TABLE {backup} AS SELECT {column} AS cell FROM {table} "
            f"WHERE {row} = {mark}",
            found,
        )
        try:
            written = connection.execute(
                f"UPDATE {table} SET {column} = {change.value} WHERE {row} = {mark} "
                f"RETURNING {row}",
                found,
            ).fetchall()
        except refusals:
            yield False
            return
        if column == "rowid" or not written:
            yield False
            return
        yield True
        connection.execute(
            f"UPDATE {table} SET {column} = (SELECT cell FROM {backup}) WHERE {row} = {mark}",
            written[0],
        )
    finally:
        connection.close()


def bring_footage(world: World) -> None:
    """Let the first clip have come with a dock session, and a listed file be on its way."""
    with world.services.database.write() as tx:
        session = tx.execute(
            sa.select(dock_sessions.c.id, dock_sessions.c.station_id, dock_sessions.c.opened_at)
        ).first()
        assert session is not None
        tx.execute(
            clips.update().where(clips.c.id == world.clip_ids[0]).values(dock_session_id=session.id)
        )
        add_admitted_upload(tx, new_id(), world.clip_ids[0], timedelta(seconds=1))
        world.docked = (session.station_id, session.id)  # type: ignore[attr-defined]


def pages_of(world: World, viewing: str) -> list[str]:
    station, session = world.docked  # type: ignore[attr-defined]
    clip, case = world.clip_ids[0], world.case_id
    return [
        "/clips",
        "/clips?text=JX&sort=-size_bytes",
        f"/clips/{clip}",
        f"/clips/{clip}?viewing={viewing}",
        f"/clips/{world.clip_ids[1]}",
        "/cases",
        f"/cases/{case}",
        f"/cases/{case}/edit",
        "/unassigned",
        "/stations",
        f"/stations/{station}/sessions",
        f"/stations/{station}/sessions/{session}",
        "/verification",
        "/log",
        "/log/entries/3",
        "/users",
        "/healthz",
    ]


def spoiled(
    world: World, clerk: httpx.Client, admin: httpx.Client, changes: list[Change]
) -> tuple[list[str], int]:
    """Which pages did not answer under which change, and how many changes the engine took."""
    bad, tried = [], 0
    for change in changes:
        own = change.table == "sign_in_sessions"
        with altered(world, change, row_of(world, change.table, clerk)) as took:
            if not took:
                continue
            tried += 1
            for who, client in (("clerk", clerk), ("admin", admin)):
                for page in pages_of(world, clerk.headers["X-Viewing"]):
                    answer = client.get(page)
                    good = {200, 303} if own and client is clerk else {200, *REFUSED}
                    good |= {503} if page == "/healthz" else set()
                    # No clerk sees the list of users, whatever stands in a cell.
                    good |= {403} if page == "/users" and client is clerk else set()
                    if answer.status_code not in good:
                        bad.append(f"{change}: {who} {page} {answer.status_code}")
    return bad, tried


@pytest.fixture
def people(
    world: World, clerk: httpx.Client, admin: httpx.Client
) -> tuple[httpx.Client, httpx.Client]:
    """A clerk with the first clip open, and an administrator."""
    bring_footage(world)
    clerk.headers["X-Viewing"] = open_clip(clerk, world.clip_ids[0])
    world.publish()
    return clerk, admin


def engine_of(world: World) -> str:
    return "sqlite" if world.services.database.is_sqlite else "postgresql"


def test_no_cell_breaks_a_page(world: World, people: tuple[httpx.Client, httpx.Client]) -> None:
    """A seeded slice of the matrix."""
    engine = engine_of(world)
    every = [one for table in metadata.sorted_tables for one in changes_of(table, engine)]
    bad, tried = spoiled(world, *people, random.Random(SEED).sample(every, SLICE))
    assert not bad, "\n".join(bad)
    assert tried > SLICE // 4


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("table", [table.name for table in metadata.sorted_tables])
def test_no_cell_of_a_table_breaks_a_page(
    world: World, people: tuple[httpx.Client, httpx.Client], table: str
) -> None:
    changes = changes_of(metadata.tables[table], engine_of(world))
    bad, _ = spoiled(world, *people, changes)
    assert not bad, "\n".join(bad)
