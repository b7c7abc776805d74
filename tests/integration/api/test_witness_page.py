"""The log page and /healthz say how far the log is witnessed, and never fail because of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.cli.recovering import recoverer_of
from api.services import Services
from custody.actors import service_actor
from custody.asked_states import Sort, note_failure
from custody.clock import SystemClock
from custody.errors import LogRestoredError, RecoveryRefusedError, WitnessAwayError
from custody.events import EventKind
from custody.exchange import Answer
from custody.ledger import Event
from custody.log.witness import SIZE_TYPE
from custody.publishing.publisher import Publisher
from custody.publishing.restored import Older
from custody.recovery.papers import Papers
from custody.witnesses.asking import Asker, LogAsked, Trouble
from tests.integration.api.test_station_cosignatures import line_of, newest, post
from tests.services.house import PASSWORD, House
from tests.services.http_server import serving
from tests.services.station_client import enrolled_station
from tests.services.witnesses import NearWitness, near_witness, policy_of


@contextmanager
def opened(services: Services) -> Iterator[httpx.Client]:
    with (
        serving(create_app(services)) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        client.post("/sign-in", data={"name": "bob", "password": PASSWORD})
        yield client


@pytest.fixture
def near(house: House, tmp_path: Path) -> Iterator[NearWitness]:
    log = house.services.keys.log.verifier
    with near_witness(tmp_path, "见证<b>", log) as near:
        yield near


@pytest.fixture
def services(house: House, near: NearWitness, tmp_path: Path) -> Services:
    """With one witness, who is the quorum."""
    services = house.services
    verifier, origin = services.keys.log.verifier, services.config.origin
    policy = policy_of(tmp_path, [near], 1, verifier)
    log = LogAsked(services.database, services.store, services.clock, verifier, origin)
    return replace(services, policy=policy, askers=(Asker(log, policy.asked[0], near.post),))


class LaterClock:
    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self) -> object:
        return SystemClock().now() + self.ahead


def health(client: httpx.Client) -> dict[str, object]:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    found: dict[str, object] = answer.json()["witnesses"]
    return found


def test_without_a_policy_the_page_says_that_nobody_is_named(house: House) -> None:
    with opened(house.services) as client:
        assert "没有指定见证方。" in client.get("/log").text
        assert health(client)["named"] == 0


def test_from_waiting_to_witnessed(services: Services, near: NearWitness) -> None:
    with opened(services) as client:
        assert "等待见证" in client.get("/log").text
        assert health(client)["met"] is False
        services.publisher.run_once()
        assert services.askers[0].run_once()
        page = client.get("/log").text
        assert "已见证" in page
        assert "见证&lt;b&gt;" in page
        assert "见证<b>" not in page
        assert health(client) == {
            "named": 1,
            "behind": 0,
            "contradicting": 0,
            "met": True,
            "unwitnessed_s": 0.0,
        }
        client.cookies.set("liuhen_language", "en")
        assert "Witnessed" in client.get("/log").text


def test_how_long_something_is_not_witnessed_and_why(services: Services, near: NearWitness) -> None:
    assert services.askers[0].run_once()
    with opened(services) as client:
        client.get("/log")
        services.publisher.run_once()
    near.away = True
    with pytest.raises(WitnessAwayError):
        services.askers[0].run_once()
    later = replace(services, clock=LaterClock(timedelta(minutes=47)))  # type: ignore[arg-type]
    with opened(later) as client:
        page = client.get("/log").text
        assert "尚未见证 47 分钟" in page
        assert "没有应答" in page
    services.publisher.run_once()
    with opened(services) as client:
        assert health(client)["behind"] == 1


def test_another_history_is_said_in_red(services: Services) -> None:
    name = services.askers[0].name
    with services.database.write() as tx:
        note_failure(tx, Sort.WITNESS, name, services.clock.now(), Trouble.CONTRADICTS)
    with opened(services) as client:
        page = client.get("/log").text
        assert "见过本日志的另一种历史。" in page
        assert '<div class="notice broken" role="alert">' in page
        ill = client.get("/healthz")
        assert ill.status_code == 503
        assert ill.json()["witnesses"]["contradicting"] == 1
        assert ill.json()["problems"] == [
            "log: a witness has seen another history; tell the auditor, verify"
        ]


def test_stations_stand_beside_by_their_names(services: Services) -> None:
    with serving(create_app(services)) as address:
        station = enrolled_station(services, address, "东区采集站")
        checkpoint = newest(services)
        assert post(station, checkpoint.size, line_of(station.key, checkpoint)).status_code == 204
        station.http.close()
    with opened(services) as client:
        page = client.get("/log").text
        assert "东区采集站" in page
        assert "采集站 1 个" in page


def test_a_witness_knows_more_than_everything_in_the_house(
    services: Services, near: NearWitness
) -> None:
    """Database, store and signer agree on an older tree; only outside was a larger one seen."""
    services.publisher.run_once()
    assert services.askers[0].run_once()
    assert services.ask_witnesses() == 0
    near.instead = Answer(HTTPStatus.CONFLICT, SIZE_TYPE, b"999\n")
    assert services.ask_witnesses() == 999
    watch = services.publisher.watch
    watch.heed(999)
    assert watch.look().older is Older.DATABASE
    with pytest.raises(LogRestoredError, match="999 entries were witnessed"):
        services.publisher.run_once()
    with pytest.raises(RecoveryRefusedError, match="has cosigned 999 entries"):
        recoverer_of(services, Papers()).run(service_actor("test"), witnessed=999)
    near.away = True
    assert services.ask_witnesses() == 0


def test_every_process_asks_before_it_signs(services: Services, near: NearWitness) -> None:
    """Everything in the house was put back and remembers nothing; a command goes on in it."""

    def another() -> Publisher:
        parts = (services.database, services.store, services.signer, services.clock)
        return Publisher(*parts, services.ask_witnesses)

    before = services.publisher.run_once().size
    near.instead = Answer(HTTPStatus.CONFLICT, SIZE_TYPE, b"%d\n" % (before + 1))
    for _ in range(3):
        with services.database.write() as tx:
            services.ledger.append(tx, service_actor("test"), Event(EventKind.LOG_READ, "log"))
        with pytest.raises(LogRestoredError, match=f"{before + 1} entries were witnessed"):
            another().run_once()
    last = services.signer.last()
    assert last is not None
    assert last.size == before
    # One that says nothing stops nobody, and is asked once.
    near.away, near.asked = True, 0
    publisher = another()
    assert publisher.run_once().size == before + 3
    publisher.run_once()
    assert near.asked == 1
