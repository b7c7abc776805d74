"""A table that keeps chosen entries from coming into being: noticed by whoever appends them."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from custody.clock import FixedClock
from custody.errors import EntryLostError
from custody.events import EventKind
from custody.ledger import Event
from custody.tables import log_entries
from tests.tamper.insider import remake, sqlite_insider
from tests.tamper.test_schema import execute
from tests.tamper.worlds import LEGAL, World

KIND = EventKind.CLIPS_LISTED.value


def swallow_by_definition(world: World) -> None:
    """A rule on PostgreSQL; on SQLite a generated column that may not be empty and says nothing."""
    if not world.services.database.is_sqlite:
        execute(
            world,
            f"CREATE RULE quiet AS ON INSERT TO log_entries WHERE new.kind = '{KIND}' "
            "DO INSTEAD NOTHING",
        )
        return
    with sqlite_insider(world) as insider:
        # Those of before are kept, so that nothing is missing.
        from_now = f"kind = '{KIND}' AND substr(at, 12, 5) = '{world.services.clock.now():%H:%M}'"
        nothing = f"GENERATED ALWAYS AS (CASE WHEN {from_now} THEN NULL ELSE 1 END) VIRTUAL"
        quiet = f"quiet INTEGER {nothing} NOT NULL ON CONFLICT IGNORE, CONSTRAINT uq_"
        remake(insider, "log_entries", lambda sql: sql.replace("CONSTRAINT uq_", quiet, 1))
        insider.execute("CREATE UNIQUE INDEX uq_log_entries_idx ON log_entries (idx)")


def swallow_by_trigger(world: World, kind: str = KIND) -> None:
    if world.services.database.is_sqlite:
        execute(
            world,
            f"CREATE TRIGGER quiet BEFORE INSERT ON log_entries WHEN new.kind = '{kind}' "
            "BEGIN SELECT RAISE(IGNORE); END",
        )
        return
    execute(
        world,
        "CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF new.kind = '{kind}' THEN RETURN NULL; END IF; RETURN new; END $$",
        "CREATE TRIGGER quiet BEFORE INSERT ON log_entries FOR EACH ROW EXECUTE FUNCTION quiet()",
    )


@pytest.fixture(params=[swallow_by_definition, swallow_by_trigger])
def swallowing(world: World, request: pytest.FixtureRequest) -> World:
    attack: Callable[[World], None] = request.param
    clock = world.services.clock
    assert isinstance(clock, FixedClock)
    clock.moment += timedelta(minutes=1)
    attack(world)
    return world


def count(world: World) -> int:
    with world.services.database.read() as tx:
        return tx.scalar(sa.select(sa.func.count()).select_from(log_entries)) or 0


@pytest.mark.parametrize("together", [1, 3])
def test_whoever_appends_is_told(swallowing: World, together: int) -> None:
    services = swallowing.services
    before = count(swallowing)
    other = Event(EventKind.LOG_READ, "log")
    events = [Event(EventKind.CLIPS_LISTED, f"user:{LEGAL.id}"), other, other][:together]
    with services.database.write() as tx:  # as long as nothing is swallowed, all goes on
        services.ledger.append(tx, LEGAL, other)
    with (
        pytest.raises((EntryLostError, sa.exc.DBAPIError)),
        services.database.write() as tx,
    ):
        services.ledger.append_many(tx, LEGAL, events)
    assert count(swallowing) == before + 1


def test_nothing_shows_that_is_not_in_the_log(swallowing: World, clerk: httpx.Client) -> None:
    answer = clerk.get("/clips")
    assert answer.status_code >= 500
    assert "TA00716" not in answer.text


def test_verification_names_it(swallowing: World) -> None:
    found = {(one.code.value, one.subject) for one in swallowing.verify().findings}
    assert ("schema_altered", "table:log_entries") in found
    assert {code for code, _ in found} == {"schema_altered"}
