"""A verification that can't get into the log says so, and why, and does not pass for a good one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from api.cli.main import run
from api.web.locale import translate
from tests.tamper.insider import sqlite_insider
from tests.tamper.test_schema import execute
from tests.tamper.worlds import World


def wind_to_the_end(world: World) -> None:
    if world.services.database.is_sqlite:
        execute(world, "UPDATE sqlite_sequence SET seq = 9223372036854775807")
    else:
        sequence = "pg_get_serial_sequence('log_entries', 'id')"
        execute(world, f"SELECT setval({sequence}, 9223372036854775807)")


def wind_back(world: World) -> None:
    if world.services.database.is_sqlite:
        execute(world, "DELETE FROM sqlite_sequence")
    else:
        execute(world, "SELECT setval(pg_get_serial_sequence('log_entries', 'id'), 1, false)")


def drop_the_items_key(world: World) -> None:
    if not world.services.database.is_sqlite:
        execute(world, "ALTER TABLE log_entries DROP CONSTRAINT uq_log_entries_item_item_seq")


@pytest.mark.parametrize("attack", [wind_to_the_end, wind_back])
def test_a_numbering_that_gives_no_number_is_named(world: World, attack: object) -> None:
    assert callable(attack)
    attack(world)
    found = [(one.code.value, one.subject) for one in world.verify().findings]
    assert found == [("state_counter", "log")]


@pytest.mark.parametrize("attack", [wind_to_the_end, wind_back, drop_the_items_key])
def test_findings_show_where_their_run_can_not_be_recorded(
    world: World, attack: object, home: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(attack)
    attack(world)
    if world.services.database.is_sqlite and attack is not wind_to_the_end:
        return  # there SQLite counts on by itself
    assert run(["verify", *home, "--lang", "en"]) == 1
    said = capsys.readouterr()
    assert "this verification is not in the log: " in said.err
    assert "it is in the log" not in said.err
    assert "Traceback" not in said.err


@contextmanager
def nothing_written(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """While another has the database, or a database that is for reading only."""
    database = world.services.database
    if database.is_sqlite:
        monkeypatch.setattr("storage.database.SQLITE_BUSY_MS", 50)
        with sqlite_insider(world) as insider:
            insider.execute("BEGIN IMMEDIATE")
            yield
    else:
        execute(
            world,
            f'ALTER DATABASE "{database.url.database}" SET default_transaction_read_only = on',
        )
        yield


def test_what_holds_and_is_not_in_the_log_is_no_success(
    world: World,
    home: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with nothing_written(world, monkeypatch):
        for options in ([], ["--clip", world.clip_ids[0]]):
            assert run(["verify", *home, "--lang", "en", *options]) == 2
            said = capsys.readouterr()
            assert "this verification is not in the log: " in said.err
            assert "Traceback" not in said.err
            assert "VALUES" not in said.err
        assert run(["verify", *home, "--json"]) == 2
        assert json.loads(capsys.readouterr().out)["findings"] == []


def test_pages_say_so(world: World, admin: httpx.Client) -> None:
    wind_to_the_end(world)
    form = {"csrf": admin.headers["X-Form"]}
    page = admin.post(f"/clips/{world.clip_ids[0]}/verify", data=form)
    assert page.status_code == 200
    told = translate("zh", "verification.unrecorded", reason="")
    assert told in page.text
