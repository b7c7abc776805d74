"""The service's own threads, over both engines."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from api import worker as worker_module
from api.services import Services
from api.worker import Worker
from custody.actors import service_actor
from custody.clock import FixedClock
from custody.details.destroying import DetailsDestroyer
from custody.details.rules import DetailsRule
from custody.events import EventKind
from custody.ledger import Event, Ledger
from custody.tables import log_entries
from storage.errors import StoreFullError
from tests.services.station_client import StationClient

DATA = b"moving pictures" * 4096
#: So long that a test which waits for it would never end.
NEVER_S = 3600.0


@pytest.fixture
def worker(services: Services) -> Iterator[Worker]:
    """No media work, and a publisher that by itself goes once and then no more."""
    config = replace(services.config, media_workers=0, publish_interval_s=NEVER_S)
    worker = Worker(replace(services, config=config))
    yield worker
    worker.stop()


def test_a_receipt_that_is_waited_for_is_published_at_once(
    services: Services, station: StationClient, worker: Worker
) -> None:
    services.publisher.run_once()  # the enrolment; the worker's first turn has nothing to do
    worker.start()
    upload = station.begin(DATA)
    station.patch(upload, 0, DATA)
    assert station.http.get(f"{upload}/receipt").status_code == 202
    receipt = station.http.get(f"{upload}/receipt", headers={"Prefer": "wait=5"})
    assert receipt.status_code == 200
    assert receipt.text.startswith("liuhen receipt")


def test_the_next_checkpoint_waits_its_interval_however_many_ask(
    services: Services, station: StationClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = threading.Semaphore(0)
    publish = services.publisher.run_once
    monkeypatch.setattr(services.publisher, "run_once", lambda: (publish(), turns.release())[0])
    upload = station.begin(DATA)
    station.patch(upload, 0, DATA)
    worker.start()  # its first turn publishes both entries
    assert turns.acquire(timeout=20)
    other = station.begin(DATA + b"more")
    station.patch(other, 0, DATA + b"more")
    assert station.http.get(f"{upload}/receipt").status_code == 200
    waited = station.http.get(f"{other}/receipt", headers={"Prefer": "wait=1"})
    assert waited.status_code == 202
    assert not turns.acquire(blocking=False)


def test_stopping_does_not_wait_for_the_interval(services: Services, worker: Worker) -> None:
    services.publisher.run_once()
    worker.start()
    worker.stop(timeout_s=20)
    assert not [each for each in threading.enumerate() if each.name == "liuhen-publisher"]


def test_a_thread_that_ended_shows_in_the_health(
    services: Services, station: StationClient, worker: Worker
) -> None:
    services.publisher.run_once()
    worker.start()
    assert station.http.get("/healthz").json()["status"] == "ok"
    ended = threading.Thread(target=lambda: None, name="liuhen-publisher")
    ended.start()
    ended.join()
    services.threads.append(ended)
    answer = station.http.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["worker: ended, restart the service: liuhen-publisher"]
    worker.stop()
    assert station.http.get("/healthz").json()["status"] == "ok"


def test_a_loop_that_keeps_failing_shows_in_the_health(
    services: Services,
    station: StationClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services.publisher.run_once()
    monkeypatch.setattr(worker_module, "SWEEP_S", 0.01)
    monkeypatch.setattr(worker_module, "MAX_PAUSE_S", 0.01)
    turns = threading.Semaphore(0)
    ill = threading.Event()
    ill.set()

    def close(*_: object) -> int:
        turns.release()
        if ill.is_set():
            raise OSError("/secret/path")
        return 0

    monkeypatch.setattr(worker_module.viewing_ends, "close_expired", close)
    config = replace(services.config, media_workers=0, publish_interval_s=NEVER_S)
    failing = Worker(replace(services, config=config))
    failing.start()
    try:
        for _ in range(worker_module.MANY_FAILURES + 1):
            assert turns.acquire(timeout=20)
        answer = station.http.get("/healthz")
        assert answer.status_code == 503
        [problem] = answer.json()["problems"]
        assert problem.startswith("worker: viewings keeps failing since 20")
        assert "/secret" not in answer.text
        ill.clear()
        while turns.acquire(blocking=False):
            pass
        for _ in range(2):
            assert turns.acquire(timeout=20)
        assert station.http.get("/healthz").json()["status"] == "ok"
    finally:
        failing.stop()


def test_a_full_disk_is_one_line_of_the_log(
    services: Services,
    worker: Worker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    turns = threading.Semaphore(0)

    def fail() -> None:
        turns.release()
        raise StoreFullError("no room\nat all")

    monkeypatch.setattr(services.publisher, "run_once", fail)
    worker.start()
    assert turns.acquire(timeout=20)
    worker.stop()  # after the turn, with what was said of it
    said = [one for one in caplog.records if "StoreFullError" in one.getMessage()]
    assert said
    assert all(one.exc_info is None and "\n" not in one.getMessage() for one in said)


def test_the_worker_goes_on_with_a_rule_that_was_run_by_hand_and_with_no_other(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    without = Worker(services)
    assert "liuhen-details" not in {thread.name for thread in without._threads}
    clock = FixedClock(services.clock.now())
    ledger = Ledger(clock)
    details = DetailsDestroyer(services.database, ledger, clock)
    rule = DetailsRule("lists", (EventKind.LOG_READ.value,), 184)
    config = replace(services.config, media_workers=0, details_rules=(rule,))
    own = Worker(replace(services, config=config, clock=clock, ledger=ledger, details=details))
    [destroying] = [one for one in own._threads if one.name == "liuhen-details"]
    assert destroying.daemon

    def standing() -> int:
        with services.database.read() as tx:
            there = log_entries.c.details.is_not(None)
            kind = log_entries.c.kind == EventKind.LOG_READ.value
            return len(tx.execute(sa.select(log_entries.c.id).where(there, kind)).all())

    def read() -> None:
        with services.database.write() as tx:
            event = Event(EventKind.LOG_READ, "log", {}, {"who": "JX0227"})
            ledger.append(tx, service_actor("test"), event)
        services.publisher.run_once()

    read()
    clock.moment += timedelta(days=200)
    own._destroy_details("details")
    assert standing() == 1
    assert "waits for somebody" in caplog.text
    details.destroy(service_actor("test"), rule)
    assert standing() == 0
    read()
    clock.moment += timedelta(days=200)
    own._destroy_details("details")
    assert standing() == 0
    read()
    clock.moment += timedelta(hours=20)
    own._destroy_details("details")
    assert standing() == 1
