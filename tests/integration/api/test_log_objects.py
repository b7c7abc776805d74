"""The log's page by what an entry is of, as people call it; and how many entries there are."""

import re

import httpx
import pytest

from custody.actors import Role
from custody.cases import Case
from custody.clip_names import add_name
from custody.clips import Clip
from custody.events import EventKind
from custody.ledger import Event
from tests.services.custody import ALICE, admit_clip
from tests.services.house import CASE_NUMBER, House

NAME = "TA00716_JX0227_20261122093621.mp4"
FURTHER = "门口_2.mp4"


@pytest.fixture
def clip(house: House) -> Clip:
    services = house.services
    with services.database.write() as tx:
        clip = admit_clip(tx, services.ledger, "a", name=NAME)
        add_name(tx, services.ledger, ALICE, clip, FURTHER, FURTHER.encode())
        admit_clip(tx, services.ledger, "b", name="another.mp4")
    return clip


@pytest.fixture
def case(house: House) -> Case:
    return house.add_case()


def kinds(client: httpx.Client, item: str, **more: str) -> list[str]:
    """The kinds of the entries listed, the newest first, by their words in Chinese."""
    page = client.get("/log", params={"item": item} | more).text
    return re.findall(r'<td class="wide nowrap">([^<]*)</td>', page)


def test_a_clip_is_found_by_name_and_by_digest(
    house: House, legal: httpx.Client, clip: Clip
) -> None:
    house.publish()
    sha = clip.sha256
    shown = f"{sha[:4]} {sha[4:8]} … {sha[-4:]}"
    for typed in (NAME, "ta00716_jx0227", FURTHER, sha, shown, f"SHA-256 {shown}", clip.sm3,
                  clip.id, f"clip:{clip.id}", f"  {sha[:8].upper()} "):  # fmt: skip
        assert kinds(legal, typed) == ["另有文件名", "入库"], typed
    assert kinds(legal, ".mp4") == ["入库", "另有文件名", "入库"]
    assert kinds(legal, ".mp4", kind="clip.named") == ["另有文件名"]
    assert "对象是：" in legal.get("/log", params={"item": NAME}).text


def test_a_case_is_found_by_its_number_in_any_writing(
    house: House, legal: httpx.Client, case: Case
) -> None:
    house.publish()
    for typed in (CASE_NUMBER, "零城执罚决字[2026]012", "执罚决字〔2026〕第12", case.id):
        assert kinds(legal, typed) == ["建立案件"], typed


def test_an_account_and_a_station_are_found_by_what_they_are_called(
    house: House, legal: httpx.Client
) -> None:
    house.add_dock_session()
    house.publish()
    assert kinds(legal, "一号站")[0] == "采集批次"
    of_alice = kinds(legal, "alice")
    assert of_alice == kinds(legal, "爱丽丝") == kinds(legal, f"user:{house.people[Role.ADMIN].id}")
    assert "添加用户" in of_alice
    page = legal.get("/log", params={"item": "alice"}).text
    assert "用户 alice" in re.sub(r"<[^>]*>", "", page)


def test_what_is_called_like_nothing_is_said(house: House, legal: httpx.Client, clip: Clip) -> None:
    for nothing in ("zzz", "%", "零城执罚决字〔2026〕第99号", "0" * 64):
        answer = legal.get("/log", params={"item": nothing})
        assert answer.status_code == 200
        assert "的案件、录像、采集站或用户" in answer.text, nothing
        assert kinds(legal, nothing) == []


def count_shown(client: httpx.Client, **asked: str) -> str:
    found = re.search(r'<span class="count">([^<]*)</span>', client.get("/log", params=asked).text)
    assert found is not None
    return found[1]


def test_the_count_is_of_what_the_filter_finds(
    house: House, legal: httpx.Client, clip: Clip
) -> None:
    services = house.services
    with services.database.write() as tx:
        events = [Event(EventKind.CLIPS_LISTED, "service") for _ in range(60)]
        services.ledger.append_many(tx, ALICE, events)
    house.publish()
    assert count_shown(legal, kind="clips.listed") == "符合条件 60 条"
    assert count_shown(legal, item=NAME) == "符合条件 2 条"
    assert count_shown(legal, item=".mp4") == "符合条件 3 条"
    assert count_shown(legal, kind="clip.admitted", item="zzz") == "符合条件 0 条"
    assert re.fullmatch(r"\d+", count_shown(legal))  # the whole log's size


def test_more_than_is_counted_is_said_as_more(
    house: House, legal: httpx.Client, monkeypatch: pytest.MonkeyPatch, clip: Clip
) -> None:
    house.publish()
    monkeypatch.setattr("api.routes.log_pages.MAX_COUNTED", 1)
    assert count_shown(legal, kind="clip.admitted") == "符合条件 1+ 条"
    monkeypatch.setattr("api.routes.log_pages.MAX_ITEMS", 1)
    assert "只看了前 1 个" in legal.get("/log", params={"item": ".mp4"}).text
