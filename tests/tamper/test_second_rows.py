"""A second row beside the true one: found, marked on every page, and never made evidence of."""

import re
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from api.cli.main import run
from api.web.locale import translate
from custody.verification import EVERYTHING, Selection
from tests.tamper.insider import remake, sqlite_insider
from tests.tamper.worlds import CASE_NUMBER, World

BADGE = translate("zh", "altered.badge")
#: A constraint of a table as the migration writes it.
_KEYS = re.compile(r",\s*CONSTRAINT \w+ (PRIMARY KEY|UNIQUE) \([^)]*\)| PRIMARY KEY AUTOINCREMENT")


def double(world: World, table: str, where: str, altered: str) -> None:
    """Add a copy of one row and let the copy say something else; the table's keys go first."""
    database = world.services.database
    if database.is_sqlite:
        with sqlite_insider(world) as insider:
            remake(insider, table, lambda definition: _KEYS.sub("", definition))
            insider.execute(f"INSERT INTO {table} SELECT * FROM {table} WHERE {where}")
            newest = f"rowid = (SELECT max(rowid) FROM {table})"
            insider.execute(f"UPDATE {table} SET {altered} WHERE {newest}")
        return
    with database.write() as tx:
        tx.exec_driver_sql(f"CREATE TABLE evil () INHERITS ({table})")
        tx.exec_driver_sql(f"INSERT INTO evil SELECT * FROM ONLY {table} WHERE {where}")
        tx.exec_driver_sql(f"UPDATE evil SET {altered}")


def double_clip(world: World) -> str:
    clip_id = world.clip_ids[0]
    double(world, "clips", f"id = '{clip_id}'", "officer = 'JX9999', name = 'evil.mp4'")
    return clip_id


def double_case(world: World) -> str:
    double(world, "cases", f"id = '{world.case_id}'", "title = 'EVIL'")
    return world.case_id


def found_by(world: World, selection: Selection = EVERYTHING) -> set[tuple[str, str]]:
    return {(one.code.value, one.subject) for one in world.verify(selection).findings}


def test_a_second_clip_is_found_whoever_asks(world: World) -> None:
    clip_id = double_clip(world)
    wanted = ("clip_without_entry", f"clip:{clip_id}")
    everything = found_by(world)
    assert wanted in everything
    assert {code for code, _ in everything} == {"clip_without_entry", "schema_altered"}
    assert found_by(world, Selection(clip_ids=frozenset({clip_id}))) == {wanted}
    assert found_by(world, Selection(case_id=world.case_id)) == {wanted}


def test_a_second_case_is_found(world: World) -> None:
    case_id = double_case(world)
    wanted = ("case_without_entry", f"case:{case_id}")
    assert wanted in found_by(world)
    assert found_by(world, Selection(case_id=case_id)) == {wanted}


@pytest.mark.parametrize(
    ("table", "altered", "code"),
    [
        ("renditions", "made_with = made_with", "rendition_without_entry"),
        ("links", "stage = stage", "link_without_entry"),
        ("clip_names", "name = name", "clip_name_without_entry"),
        ("receipts", "body = body", "receipt_altered"),
        ("access_grants", "purpose = purpose", "grant_without_entry"),
        ("case_officers", "officer = officer", "case_altered"),
        ("users", "role = role", "user_without_entry"),
        ("stations", "name = name", "station_altered"),
        ("dock_sessions", "source = source", "dock_session_altered"),
        ("log_entries", "kind = kind", "item_chain_broken"),
    ],
)
def test_a_copy_of_a_row_is_found_also_where_it_says_the_same(
    world: World, table: str, altered: str, code: str
) -> None:
    with world.services.database.read() as tx:
        key = "clip_id" if table == "receipts" else "case_id" if table == "case_officers" else "id"
        held = " WHERE clip_id IS NOT NULL" if table == "access_grants" else ""
        value = tx.scalar(sa.text(f"SELECT min({key}) FROM {table}{held}"))
    double(world, table, f"{key} = '{value}'", altered)
    assert code in {one for one, _ in found_by(world)}


def test_pages_show_both_and_say_so(world: World, clerk: httpx.Client) -> None:
    clip_id = double_clip(world)
    listed = clerk.get("/clips")
    assert listed.status_code == 200
    assert "evil.mp4" in listed.text
    assert listed.text.count(BADGE) == 2
    page = clerk.get(f"/clips/{clip_id}")
    assert page.status_code == 200
    assert translate("zh", "altered.twins") in page.text
    assert clerk.get(f"/cases/{world.case_id}").status_code == 200
    for address in ("/cases", "/unassigned", f"/clips?case={world.case_id}", "/log"):
        assert clerk.get(address).status_code == 200, address
    form = {"purpose": "案件审核", "csrf": clerk.headers["X-Form"]}
    assert clerk.post(f"/clips/{clip_id}/open", data=form).status_code == 409


def test_pages_of_a_case_that_stands_twice_say_so(world: World, clerk: httpx.Client) -> None:
    case_id = double_case(world)
    for address in ("/cases", f"/cases/{case_id}"):
        page = clerk.get(address)
        assert (page.status_code, BADGE in page.text) == (200, True), address
    assert clerk.get(f"/clips/{world.clip_ids[0]}").status_code == 200


@pytest.mark.parametrize("attack", [double_clip, double_case])
def test_no_bag_is_made(world: World, tmp_path: Path, home: list[str], attack: object) -> None:
    assert callable(attack)
    attack(world)
    bag = tmp_path / "bag"
    assert run(["cases", "export", CASE_NUMBER, "-o", str(bag), *home]) == 1
    assert not bag.exists()
