"""Each column that is held against the log is altered once, and found; the others are not."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

import api.auth.tables  # noqa: F401 - every table of the house is to be known
from custody.actors import Actor, Role, Via
from custody.tables import clips
from custody.verification import LOG_ONLY, Finding
from custody.verification import FindingCode as C
from ingest import uploads
from ingest.announcements import Announcement
from ingest.tables import dock_sessions, stations
from storage.database import UtcDateTime, metadata
from tests.services.authority import answering, make_authority
from tests.tamper.columns import EVERY
from tests.tamper.test_cosignatures import enrol_and_cosign
from tests.tamper.test_timestamps import set_clock, trusting
from tests.tamper.worlds import OPERATOR, World

#: SQL for another value of each type; no cell of the world holds it.
OTHER: tuple[tuple[type, str], ...] = (
    (UtcDateTime, "'2026-11-01 00:00:00.000000+00:00'"),
    (sa.Date, "'2026-01-01'"),
    (sa.Integer, "700"),
    (sa.LargeBinary, "{bytes}"),
    (sa.JSON, """'{{"a": 1}}'"""),
    (sa.Boolean, "NOT {column}"),
    (sa.String, "'x'"),
)
#: The log's own rows are many alike: each of their columns is altered in another one, so far apart.
APART = 10


@dataclass(frozen=True)
class Change:
    """One cell, what stands there then, and what that is found as."""

    table: str
    column: str
    value: str
    row: str
    code: C | None

    def __str__(self) -> str:
        return f"{self.table}.{self.column} = {self.value}"


def changes(world: World) -> list[Change]:
    """One change of each column there is."""
    ids = dict(zip((":first", ":second", ":third"), world.clip_ids, strict=True))
    binary = "x'00'" if world.services.database.is_sqlite else r"'\x00'"

    def filled(text: str) -> str:
        for name, clip_id in ids.items():
            text = text.replace(name, f"'{clip_id}'")
        return text

    found = []
    for one in EVERY:
        for place, (name, group) in enumerate(one.columns):
            column = metadata.tables[one.table].c[name]
            value = next(sql for kind, sql in OTHER if isinstance(column.type, kind))
            value = group.values.get(name, value.format(column=name, bytes=binary))
            row = one.row or "TRUE"
            if one.table == "log_entries":
                oldest = "SELECT min(id) FROM log_entries WHERE kind = 'log.read'"
                row = f"id = ({oldest}) + {APART * (place + 1)}"
            found.append(Change(one.table, name, filled(value), filled(row), group.code))
    return found


def rounds(every: list[Change]) -> Iterator[list[Change]]:
    """Changes that are made at once: no two of one table, and none found as another is.

    Ids by themselves: nothing else is looked for in a row that seems to be another's.
    """
    left = [one for one in every if one.code is not None]
    while left:
        chosen: list[Change] = []
        for one in left:
            together = (one.column == "id") == (left[0].column == "id")
            if together and all(
                one.table != other.table and one.code != other.code for other in chosen
            ):
                chosen.append(one)
        left = [one for one in left if one not in chosen]
        yield chosen


@contextmanager
def altered(world: World, several: list[Change]) -> Iterator[None]:
    """What an insider writes past every key, put back at the end."""
    database = world.services.database
    connection: Any
    if database.is_sqlite:
        connection = sqlite3.connect(str(database.url.database), isolation_level=None, timeout=30)
        mark, row = "?", "rowid"
    else:
        url = database.url.set(drivername="postgresql")
        connection = psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)
        connection.execute("SET session_replication_role = replica")
        mark, row = "%s", "ctid::text"
    by_row: dict[tuple[str, str], dict[str, str]] = {}
    for one in several:
        by_row.setdefault((one.table, one.row), {})[one.column] = one.value
    restore = []
    try:
        places = [  # all of them first: a change may be in what another row is known by
            connection.execute(f"SELECT {row} FROM {table} WHERE {where}").fetchone()
            for table, where in by_row
        ]
        for number, ((table, _), cells) in enumerate(by_row.items()):
            place = places[number]
            assert place is not None, table
            own = f"WHERE {row} = {mark}"
            kept = f"CREATE TEMPORARY TABLE kept_{number} AS SELECT * FROM {table} {own}"
            connection.execute(kept, place)
            new = ", ".join(f"{column} = {value}" for column, value in cells.items())
            altered = connection.execute(f"UPDATE {table} SET {new} {own} RETURNING {row}", place)
            old = ", ".join(f"{column} = (SELECT {column} FROM kept_{number})" for column in cells)
            restore.append((f"UPDATE {table} SET {old} {own}", altered.fetchone()))
        yield
        for statement, place in restore:
            connection.execute(statement, place)
    finally:
        connection.close()


@pytest.fixture
def full(world: World, tmp_path: Path) -> World:
    """A world with a row in every table that is held: stamped, cosigned, with an upload."""
    set_clock(world, datetime.now(UTC))
    authority = make_authority(tmp_path / "ecdsa", "ecdsa", "ecdsa")
    with answering(authority):
        stamped = trusting(world, authority)
        [outcome] = stamped.services.stamper.stamp_all(OPERATOR)
    assert outcome.result == "stamped"
    enrol_and_cosign(stamped)
    announce(stamped)
    stamped.publish()
    return stamped


def announce(world: World) -> None:
    """Let the bytes of the first clip come again from the first station, under their name."""
    services = world.services
    with services.database.write() as tx:
        clip = tx.execute(sa.select(clips).where(clips.c.id == world.clip_ids[0])).one()
        station_id = tx.scalar(sa.select(stations.c.id).where(stations.c.name == "一号站"))
        assert station_id is not None
        own = dock_sessions.c.station_id == station_id
        session_id = tx.scalar(sa.select(dock_sessions.c.id).where(own))
        told = (clip.sha256, clip.sm3, clip.name_raw, services.clock.now() - timedelta(days=1))
        announcement = Announcement(clip.size_bytes, *told, session_id)
        actor = Actor(station_id, Role.STATION, Via.STATION_KEY, "x", "一号站")
        common = (tx, services.ledger, services.clock, actor)
        assert uploads.announce(*common, announcement, 10**9).state == uploads.ADMITTED


def findings(world: World) -> list[Finding]:
    return world.verify(LOG_ONLY, sm3=False).findings


def test_every_column_that_is_held_is_found_altered(full: World) -> None:
    assert findings(full) == []
    every = changes(full)
    indexes = [one for one in every if one.table == "log_entries" and one.code != C.STATE_COUNTER]
    unseen = []
    for several in (indexes, *rounds([one for one in every if one not in indexes])):
        with altered(full, several):
            found = findings(full)
        codes = {one.code for one in found}
        unseen += [str(one) for one in several if one.code not in codes]
        # As many entries of the log are named as were altered.
        if several is indexes:
            named = {one.entry_index for one in found if one.code in {i.code for i in indexes}}
            assert len(named) >= len(indexes), found
    assert unseen == []
    assert findings(full) == []


def test_of_what_nothing_rests_on_nothing_is_found(full: World) -> None:
    """So that the table does not promise less than there is."""
    with full.services.database.read() as tx:
        filled = {
            name
            for name, table in metadata.tables.items()
            if tx.scalar(sa.select(sa.func.count()).select_from(table))
        }
    free = [one for one in changes(full) if one.code is None and one.table in filled]
    assert {one.table for one in free} >= {"stations", "uploads", "checkpoints", "clip_work"}
    with altered(full, free):
        assert findings(full) == []
