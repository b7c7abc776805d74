"""Second rows of users, stations and dock sessions: neither is believed, and nothing else stops."""

import httpx
import pytest
import sqlalchemy as sa

from api.auth.passwords import hash_password
from api.auth.users import find_user_by_name, get_user
from api.web.locale import translate
from custody.twin_rows import TWINS
from ingest.dock_lists import find_dock_session
from ingest.errors import StationAuthError
from ingest.stations import find_station, get_standing
from tests.services.http_server import client_of
from tests.tamper.test_second_rows import double
from tests.tamper.worlds import World

PASSWORD = "a password of their own"


def put_twin(world: World, table: str, row_id: str) -> None:
    double(world, table, f"id = '{row_id}'", "id = id")


def test_a_twin_account_signs_nobody_in_and_that_is_said(
    world: World, clerk: httpx.Client, admin: httpx.Client
) -> None:
    services = world.services
    with services.database.write() as tx:
        carol = find_user_by_name(tx, "carol")
        assert carol is not None
        tx.execute(
            sa.text("UPDATE users SET password_hash = :hash WHERE id = :id"),
            {"hash": hash_password(PASSWORD), "id": carol.id},
        )
    assert clerk.get("/clips").status_code == 200
    put_twin(world, "users", carol.id)
    with services.database.read() as tx:
        assert get_user(tx, carol.id).altered == (TWINS,)
    answer = clerk.get("/clips")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fclips")
    with client_of(str(clerk.base_url)) as stranger:
        for password, key in ((PASSWORD, "account_altered"), ("another", "sign_in_failed")):
            told = stranger.post("/sign-in", data={"name": "carol", "password": password})
            assert told.status_code == 403
            assert translate("zh", f"error.{key}.what") in told.text
    page = admin.get("/users")
    assert page.status_code == 200
    assert translate("zh", "altered.badge") in page.text
    assert any(finding.subject == f"user:{carol.id}" for finding in world.verify().findings)


def test_a_twin_station_acts_no_more_and_its_pages_go_on(world: World, admin: httpx.Client) -> None:
    with world.services.database.read() as tx:
        query = sa.text("SELECT id, station_id FROM dock_sessions ORDER BY source, id")
        session_id, station_id = tx.execute(query).first()  # type: ignore[misc]
    put_twin(world, "stations", station_id)
    with world.services.database.read() as tx:
        station = find_station(tx, station_id)
        assert station is not None
        assert station.altered == (TWINS,)
        with pytest.raises(StationAuthError):
            get_standing(tx, station_id)
    pages = (
        "/stations",
        f"/stations/{station_id}/sessions",
        f"/stations/{station_id}/sessions/{session_id}",
    )
    for address in pages:
        assert admin.get(address).status_code == 200, address
    assert translate("zh", "altered.badge") in admin.get("/stations").text
    list_page = admin.get(pages[2]).text
    assert translate("zh", "altered.twins") in list_page
    # Nobody says of the list that it is another: it was not read.
    assert translate("zh", "dock.unreadable") not in list_page


def test_a_twin_dock_session_shows_as_altered_and_its_clips_go_on(
    world: World, clerk: httpx.Client
) -> None:
    clip_id = world.clip_ids[0]
    with world.services.database.write() as tx:
        query = sa.text("SELECT id, station_id FROM dock_sessions")
        session_id, station_id = tx.execute(query).first()  # type: ignore[misc]
        tx.execute(
            sa.text("UPDATE clips SET dock_session_id = :session WHERE id = :id"),
            {"session": session_id, "id": clip_id},
        )
    put_twin(world, "dock_sessions", session_id)
    with world.services.database.read() as tx:
        session = find_dock_session(tx, session_id)
        assert session is not None
        assert session.altered == (TWINS,)
    assert clerk.get(f"/clips/{clip_id}").status_code == 200
    page = clerk.get(f"/stations/{station_id}/sessions/{session_id}")
    assert page.status_code == 200
    assert translate("zh", "altered.twins") in page.text
    assert translate("zh", "dock.altered") in clerk.get(f"/stations/{station_id}/sessions").text
