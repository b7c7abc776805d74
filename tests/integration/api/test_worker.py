"""The service's own threads, over both engines."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from api import worker as worker_module
from api.services import Services
from api.worker import Worker
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
