"""The log's page by person and by day: what is found, and that its pages keep the filter."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from api.app import create_app
from api.auth.users import create_user, disable_user
from custody.actors import Actor, Role, Via
from custody.clock import FixedClock
from custody.events import EventKind
from custody.history import history_of
from custody.ledger import Event
from ingest.stations import create_enrolment_token
from tests.services.house import PASSWORD, House, open_house
from tests.services.http_server import client_of, serving

#: Midnight between two days of the bureau, not of UTC.
MIDNIGHT = datetime(2026, 11, 24, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)
#: The same name as bob's, another account.
NAMESAKE = "bob2"


@pytest.fixture
def house(database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[House]:
    with open_house(tmp_path / "home", database_url=database_url, clock=clock) as house:
        services = house.services
        with services.database.write() as tx:
            common = (tx, services.ledger, house.actor(Role.ADMIN), services.clock)
            user, _ = create_user(*common, name=NAMESAKE, display_name="鲍勃", role=Role.LEGAL)
        namesake = Actor(user.id, Role.LEGAL, Via.PASSWORD, "127.0.0.1", "鲍勃")
        for minutes, actor, times in ((-1, house.actor(Role.LEGAL), 60), (0, namesake, 1)):
            clock.moment = MIDNIGHT + timedelta(minutes=minutes)
            events = [Event(EventKind.CLIPS_LISTED, f"user:{actor.id}") for _ in range(times)]
            with services.database.write() as tx:
                services.ledger.append_many(tx, actor, events)
        house.publish()
        yield house


@pytest.fixture
def client(house: House) -> Iterator[httpx.Client]:
    with (
        serving(create_app(house.services)) as address,
        client_of(address) as client,
    ):
        client.post("/sign-in", data={"name": "alice", "password": PASSWORD})
        yield client


def rows(page: str) -> list[str]:
    return re.findall(r"<tr>\s*<td class=\"number wide\">.*?</tr>", page, re.DOTALL)


def test_a_person_is_found_by_a_part_of_the_name_or_by_the_account(
    house: House, client: httpx.Client
) -> None:
    both = rows(client.get("/log", params={"who": "鲍"}).text)
    assert len(both) == 50
    assert sum(f">{NAMESAKE}</small>" in row for row in both) == 1
    assert sum(">bob</small>" in row for row in both) == 49
    one = rows(client.get("/log", params={"who": NAMESAKE.upper()}).text)
    assert len(one) == 1
    assert len(rows(client.get("/log", params={"who": "setup"}).text)) == 4
    for nobody in ("%", "_", "zzz"):
        answer = client.get("/log", params={"who": nobody})
        assert answer.status_code == 200
        assert rows(answer.text) == [], nobody
        assert "没有叫“" in answer.text


def test_a_day_is_one_of_the_bureaus_zone(house: House, client: httpx.Client) -> None:
    day = "2026-11-24"
    assert len(rows(client.get("/log", params={"from": day, "to": day}).text)) == 1
    before = client.get("/log", params={"from": "2026-11-23", "to": "2026-11-23"}).text
    assert len(rows(before)) == 50
    assert NAMESAKE not in before
    assert rows(client.get("/log", params={"from": "2026-11-25"}).text) == []


def test_turning_the_page_keeps_the_filter(house: House, client: httpx.Client) -> None:
    wanted = {"who": "bob", "from": "2026-11-23", "to": "2026-11-23", "kind": "clips.listed"}
    first = client.get("/log", params=wanted).text
    assert len(rows(first)) == 50
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older is not None
    second = client.get(older[1].replace("&amp;", "&")).text
    assert len(rows(second)) == 10
    assert not set(rows(first)) & set(rows(second))
    assert 'name="who" value="bob"' in second
    assert 'name="from" value="2026-11-23"' in second
    # Who looked for whom is in the log itself.
    with house.services.database.read() as tx:
        read = history_of(tx, "log")[-1]
    assert {name: read.details[name] for name in wanted} == wanted


def test_an_items_own_history_is_filtered_too(house: House, client: httpx.Client) -> None:
    item = f"user:{house.people[Role.LEGAL].id}"
    assert len(rows(client.get("/log", params={"item": item}).text)) == 62  # with the account's own
    assert rows(client.get("/log", params={"item": item, "who": NAMESAKE}).text) == []
    assert rows(client.get("/log", params={"item": item, "from": "2026-11-24"}).text) == []


def test_an_entry_says_which_account(house: House, client: httpx.Client) -> None:
    only = rows(client.get("/log", params={"who": NAMESAKE}).text)[0]
    index = re.search(r'href="/log/entries/(\d+)"', only)
    assert index is not None
    page = client.get(f"/log/entries/{index[1]}").text
    assert f'鲍勃 <small class="code">{NAMESAKE}</small>' in page


def test_one_user_is_not_said_as_many(client: httpx.Client) -> None:
    client.cookies.set("liuhen_language", "en")
    page = client.get("/log", params={"kind": "user.created"}).text
    assert ">User <bdi" in page
    assert ">Users <bdi" not in page


def test_who_looked_at_lists_can_be_left_out(house: House, client: httpx.Client) -> None:
    page = client.get("/log?quiet=1").text
    assert "浏览清单</td>" not in page
    assert "查看日志</td>" not in page
    assert len(rows(page)) > 4
    assert re.search(r'name="quiet" value="1" checked', page)
    assert "浏览清单</td>" in client.get("/log").text
    asked_for = client.get("/log", params={"quiet": "1", "kind": "clips.listed"}).text
    assert len(rows(asked_for)) == 50
    item = f"user:{house.people[Role.LEGAL].id}"
    assert len(rows(client.get("/log", params={"item": item, "quiet": "1"}).text)) == 2


def test_why_says_which_role_what_of_a_user_which_matter_and_which_station(
    house: House, client: httpx.Client
) -> None:
    services, alice = house.services, house.actor(Role.ADMIN)
    with services.database.write() as tx:
        disable_user(
            tx, services.ledger, alice, services.clock, user_id=house.people[Role.LEGAL].id
        )
        create_enrolment_token(tx, services.clock, services.ledger, alice, "东街采集站")
    house.add_case()
    house.publish()
    for kind, said in (
        ("user.created", "法制室"),
        ("user.changed", "停用"),
        ("station.invited", "东街采集站"),
        ("case.created", "占道经营案"),
    ):
        newest = rows(client.get("/log", params={"kind": kind}).text)[0]
        assert said in newest.split("<td")[6], kind


def test_an_item_that_there_is_not_is_said_to_be_none(house: House, client: httpx.Client) -> None:
    page = client.get("/log", params={"item": "clip:01a2"}).text
    assert "对象是：" not in page
    assert "没有叫“clip:01a2”的" in page


def test_a_log_with_nothing_to_list_says_why_and_leads_on(client: httpx.Client) -> None:
    page = client.get("/log", params={"from": "2026-11-25", "before": "0"}).text
    assert "后面没有了" in page
    assert '<a class="button" href="/log?from=2026-11-25">' in page
    page = client.get("/log", params={"from": "2027-11-25"}).text
    assert "去掉一个条件再试" in page
    assert '<a class="button" href="/log">' in page
