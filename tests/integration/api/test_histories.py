"""A page's history shown anew: no entry of its own, and only for who has read the page."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from api.app import create_app
from api.auth.tables import sign_in_sessions
from api.web.fresh_history import LOOKS_LAST
from custody.clock import FixedClock
from custody.tables import cases, log_entries
from tests.services.house import PASSWORD, House, open_house
from tests.services.http_server import client_of, serving

ASKED = {"HX-Request": "true"}


@pytest.fixture
def house(database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[House]:
    with open_house(tmp_path / "home", database_url=database_url, clock=clock) as house:
        house.add_footage(tmp_path / "footage", work=False)
        house.add_case(linked="093621")
        yield house


@pytest.fixture
def client(house: House) -> Iterator[httpx.Client]:
    with (
        serving(create_app(house.services)) as address,
        client_of(address) as client,
    ):
        client.post("/sign-in", data={"name": "bob", "password": PASSWORD})
        yield client


def entries(house: House) -> int:
    with house.services.database.read() as tx:
        return tx.scalar(sa.select(sa.func.count()).select_from(log_entries)) or 0


def pages_of(house: House) -> tuple[str, str]:
    clip = house.clips("093621")[0]
    with house.services.database.read() as tx:
        case_id = tx.scalars(sa.text("SELECT id FROM cases")).one()
    return f"/clips/{clip.id}", f"/cases/{case_id}"


def test_what_waits_is_shown_proved_without_an_entry_of_its_own(
    house: House, client: httpx.Client
) -> None:
    pages = pages_of(house)
    for page in pages:
        whole = client.get(page).text
        assert f'hx-get="{page}/history?turn=1" hx-trigger="load delay:1s, ' in whole
        before = entries(house)
        waiting = client.get(f"{page}/history?turn=1", headers=ASKED).text
        assert f'hx-get="{page}/history?turn=2" hx-trigger="load delay:2s, ' in waiting
        assert 'id="history" hx-swap-oob="true"' in waiting
        assert "待公布" in waiting
        last = client.get(f"{page}/history?turn=5", headers=ASKED).text
        assert 'hx-trigger="written from:body"' in last
        assert client.get(f"{page}/history?turn=6", headers=ASKED).status_code == 422
        assert entries(house) == before
    house.publish()
    for page in pages:
        proved = client.get(f"{page}/history?turn=2", headers=ASKED).text
        assert "待公布" not in proved
        assert "已证明" in proved
        assert 'hx-trigger="written from:body"' in proved


def test_who_has_not_read_the_page_is_shown_nothing(
    house: House, client: httpx.Client, clock: FixedClock
) -> None:
    for page in pages_of(house):
        assert client.get(f"{page}/history", headers=ASKED).status_code == 204
        client.get("/clips")  # a list tells less than a page
        assert client.get(f"{page}/history", headers=ASKED).status_code == 204
        client.get(page)
        assert client.get(f"{page}/history", headers=ASKED).status_code == 200
        clock.moment += LOOKS_LAST + timedelta(seconds=1)
        assert client.get(f"{page}/history", headers=ASKED).status_code == 204
        assert client.get(f"{page}/history").headers["location"] == page


def test_a_viewing_is_enough_while_it_lasts(
    house: House, client: httpx.Client, clock: FixedClock
) -> None:
    page = pages_of(house)[0]
    with house.services.database.read() as tx:
        csrf = tx.scalars(sa.select(sign_in_sessions.c.csrf_token)).one()
    answer = client.post(f"{page}/open", data={"csrf": csrf, "purpose": "a test"})
    viewing = answer.headers["location"].partition("viewing=")[2]
    again = f"{page}/history?viewing={viewing}&turn=1"
    assert client.get(again, headers=ASKED).status_code == 200
    assert client.get(again.replace("viewing=", "viewing=0"), headers=ASKED).status_code == 204
    clock.moment += timedelta(minutes=45)
    assert client.get(again, headers=ASKED).status_code == 204


def test_a_number_that_became_another_cases_opens_nothing(
    house: House, client: httpx.Client
) -> None:
    """Who read the first case has not read the second, whatever its number is by now."""
    page = pages_of(house)[1]
    client.get(page)
    with house.services.database.write() as tx:
        tx.execute(cases.update().values(number="零城执罚决字〔2026〕第888号"))
    other = house.add_case()
    assert client.get(f"/cases/{other.id}/history", headers=ASKED).status_code == 204
