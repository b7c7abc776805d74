"""The log's page says how far others vouch for its times, and the worker sees to it by itself."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.services import Services, compose
from api.worker import Worker
from custody.actors import service_actor
from custody.asked_states import Sort, states_of
from custody.clock import FixedClock
from custody.events import EventKind
from custody.ledger import Event
from custody.timestamps.stamps import list_timestamps
from tests.services.authority import Authority, answering, make_authority
from tests.services.house import PASSWORD, House, open_house
from tests.services.http_server import serving

ACTOR = service_actor("stamper")
CLOSED_PORT = "http://127.0.0.1:9/tsa"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Authority]:
    folder = tmp_path_factory.mktemp("authorities")
    return [make_authority(folder / name, name, "ecdsa") for name in ("first", "second")]


@pytest.fixture
def served(made: list[Authority]) -> Iterator[list[Authority]]:
    for one in made:
        one.manner, one.asked, one.released = "good", 0, threading.Event()
    with answering(made[0]), answering(made[1]):
        yield made


def write_list(folder: Path, made: list[Authority]) -> None:
    folder.mkdir(exist_ok=True)
    lines = []
    for one in made:
        shutil.copy(one.roots, folder / f"{one.name}.pem")
        lines += ["[[authority]]", f'name = "{one.name}"', f'url = "{one.url}"']
        lines += [f'roots = "{one.name}.pem"']
    (folder / "authorities.toml").write_text("\n".join(lines), encoding="utf-8")


@contextmanager
def stamped_house(
    folder: Path, database_url: str, made: list[Authority], clock: FixedClock
) -> Iterator[House]:
    write_list(folder, made)
    with open_house(
        folder, database_url=database_url, timestamp_authorities="authorities.toml", clock=clock
    ) as house:
        yield house


@pytest.fixture
def now() -> FixedClock:
    """The authorities have the machine's own time."""
    return FixedClock(datetime.now(UTC))


def page_of(house: House, language: str = "zh") -> str:
    with (
        serving(create_app(house.services)) as address,
        httpx.Client(base_url=address, timeout=60, cookies={"liuhen_language": language}) as client,
    ):
        client.post("/sign-in", data={"name": "bob", "password": PASSWORD})
        answer = client.get("/log")
    assert answer.status_code == 200
    return answer.text


def test_without_an_authority_the_page_says_whose_word_the_time_is(house: House) -> None:
    assert "未配置时间戳机构" in page_of(house)
    assert "No time-stamping authority is configured" in page_of(house, "en")


def test_before_the_first_timestamp(
    tmp_path: Path, database_url: str, served: list[Authority], now: FixedClock
) -> None:
    with stamped_house(tmp_path / "home", database_url, served, now) as house:
        assert "还没有时间戳" in page_of(house)


def test_the_newest_stamped_checkpoint_its_age_and_who_does_not_answer(
    tmp_path: Path, database_url: str, served: list[Authority], now: FixedClock
) -> None:
    served[1].url = CLOSED_PORT
    with stamped_house(tmp_path / "home", database_url, served, now) as house:
        outcomes = house.services.stamper.stamp_all(ACTOR)
        assert [one.result for one in outcomes] == ["stamped", "failed"]
        now.moment += timedelta(hours=5, minutes=30)
        page = page_of(house)
        assert f"{outcomes[0].size} 条" in page
        assert "5 小时前" in page
        assert "连不上" in page
        assert "会自动再试" in page
        page = page_of(house, "en")
        assert "5 h ago" in page
        assert "can’t be reached" in page


@pytest.fixture
def stamping(
    services: Services, tmp_path: Path, served: list[Authority]
) -> Iterator[tuple[Services, Worker]]:
    """A worker that has two authorities to ask, the second of which says nothing."""
    write_list(tmp_path, served)
    served[1].manner = "silent"
    config = replace(services.config, media_workers=0, timestamp_authorities="authorities.toml")
    made = compose(config, services.database, services.store, services.clock)
    worker = Worker(made)
    yield made, worker
    served[1].released.set()
    worker.stop()


def test_the_worker_has_the_log_stamped_and_waits_for_nobody(
    stamping: tuple[Services, Worker], served: list[Authority]
) -> None:
    """While one authority is silent the other stamps, and what comes is published."""
    services, worker = stamping
    with services.database.write() as tx:
        services.ledger.append(tx, ACTOR, _event())
    services.publisher.run_once()
    worker.start()
    assert {one.name for one in services.threads} >= {"liuhen-stamp-first", "liuhen-stamp-second"}
    pause = threading.Event()
    while True:  # the entry of the first authority's token gets into a checkpoint
        with services.database.read() as tx:
            stamps = list_timestamps(tx)
        if stamps and services.publisher.run_once().size > stamps[0].size and served[1].asked:
            break
        pause.wait(0.05)
    assert [one.authority for one in stamps] == ["first"]
    served[1].released.set()
    while True:
        with services.database.read() as tx:
            states = states_of(tx, Sort.AUTHORITY, ["second"])
        if states:
            break
        pause.wait(0.05)
    assert states["second"].trouble in {"away", "unreadable"}
    assert served[0].asked == 1


def _event() -> Event:
    return Event(EventKind.LOG_READ, "log")
