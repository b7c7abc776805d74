"""What a supervisor is told: that all is well, or what is not, without a name or a path."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import sqlalchemy as sa

from api.routes import health
from api.services import Services
from custody.actors import service_actor
from custody.events import EventKind
from custody.ledger import Event
from custody.publishing.sequencer import sequence
from custody.tables import log_entries
from storage.errors import DatabaseReplacedError, StoreFullError, StoreUnavailableError
from storage.memory import MemoryStore
from tests.services.custody import append_events
from tests.services.http_server import client_of


@pytest.fixture
def http(address: str) -> Iterator[httpx.Client]:
    with client_of(address) as client:
        yield client


def test_health_names_what_is_wrong(
    services: Services,
    http: httpx.Client,
    memory_store: MemoryStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with services.database.write() as tx:
        append_events(tx, services.ledger, ["service"])
    services.publisher.run_once()
    well = http.get("/healthz")
    assert (well.status_code, well.json()["status"]) == (200, "ok")
    assert well.json()["free_bytes"] > 0
    assert (well.json()["merge_lag_s"], well.json()["unpublished"]) == (0, 0)

    def fail(operation: str, key: str, phase: str) -> None:
        if operation == "check":
            raise StoreUnavailableError("/secret/path")

    memory_store.faults = fail
    size_up_disk(monkeypatch, total=120 << 20, free=5 << 20)
    with services.database.write() as tx:
        event = Event(EventKind.SERVICE_STARTED, "service")
        services.ledger.append(tx, service_actor("test"), event)
        let_them_wait(tx, services, 90)
    ill = http.get("/healthz")
    assert (ill.status_code, ill.json()["status"]) == (503, "failing")
    assert [problem.split(":")[0] for problem in ill.json()["problems"]] == ["log", "store", "disk"]
    assert "/secret" not in ill.text


def size_up_disk(monkeypatch: pytest.MonkeyPatch, *, total: int, free: int) -> None:
    usage = SimpleNamespace(total=total, used=total - free, free=free)
    monkeypatch.setattr("storage.staging.shutil.disk_usage", lambda _folder: usage)


@pytest.mark.parametrize("free_bytes", [6 << 20, (6 << 20) + 1, 100 << 20])
def test_health_and_uploads_agree_on_a_small_disk(
    services: Services, http: httpx.Client, monkeypatch: pytest.MonkeyPatch, free_bytes: int
) -> None:
    """A twentieth of it stays free: 6 MiB."""
    with services.database.write() as tx:
        append_events(tx, services.ledger, ["service"])
    services.publisher.run_once()
    size_up_disk(monkeypatch, total=120 << 20, free=free_bytes)
    found = http.get("/healthz")
    if free_bytes > 6 << 20:
        services.staging.require_room(1, keep_bytes=health.MIN_FREE_BYTES)
        assert found.status_code == 200
    else:
        with pytest.raises(StoreFullError):
            services.staging.require_room(1, keep_bytes=health.MIN_FREE_BYTES)
        assert (found.status_code, found.json()["problems"]) == (503, ["disk: no room for uploads"])


def test_health_says_when_the_database_is_gone(services: Services, http: httpx.Client) -> None:
    with services.database.write() as tx:
        tx.exec_driver_sql("DROP TABLE checkpoints")
    ill = http.get("/healthz")
    assert ill.status_code == 503
    assert ill.json()["problems"] == ["database: does not answer"]


def delete(path: Path) -> None:
    path.unlink()


def replace_by_a_copy(path: Path) -> None:
    copy = path.with_suffix(".copy")
    shutil.copy(path, copy)
    copy.replace(path)


@pytest.mark.parametrize("change", [delete, replace_by_a_copy], ids=lambda one: one.__name__)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_health_notices_a_database_file_that_was_swapped(
    services: Services, http: httpx.Client, change: Callable[[Path], None]
) -> None:
    assert http.get("/healthz").status_code == 200
    path = Path(str(services.database.url.database))
    change(path)
    ill = http.get("/healthz")
    assert ill.status_code == 503
    said = str(DatabaseReplacedError())
    assert ill.json()["problems"] == [f"database: {said}"]
    assert str(path) not in ill.text
    # What the service writes goes nowhere unseen either.
    assert http.post("/sign-in", data={"name": "bob", "password": "x"}).status_code == 503


def test_health_notices_a_staging_folder_that_is_gone(
    services: Services, http: httpx.Client
) -> None:
    services.staging.folder.rename(services.staging.folder.with_name("away"))
    ill = http.get("/healthz")
    assert ill.status_code == 503
    assert ill.json()["problems"] == ["disk: the staging folder is gone or can't be written"]


def test_health_says_how_far_publishing_is_behind(services: Services, http: httpx.Client) -> None:
    with services.database.write() as tx:
        append_events(tx, services.ledger, ["service"] * 3)
        let_them_wait(tx, services, 90)
    ill = http.get("/healthz")
    assert ill.status_code == 503
    assert 90 <= ill.json()["merge_lag_s"] < 300
    assert ill.json()["unpublished"] == 3
    assert ill.json()["problems"] == ["log: entries wait to be published"]


def let_them_wait(tx: sa.Connection, services: Services, seconds: float) -> None:
    """Entries without an index have been there for so long."""
    at = services.clock.now() - timedelta(seconds=seconds)
    tx.execute(sa.update(log_entries).where(log_entries.c.idx.is_(None)).values(at=at))


def test_the_configuration_says_how_long_is_too_long(
    services: Services, http: httpx.Client
) -> None:
    with services.database.write() as tx:
        append_events(tx, services.ledger, ["service"])
        let_them_wait(tx, services, services.config.merge_lag_alarm_s - 15)
    assert http.get("/healthz").status_code == 200
    # Numbered entries that are in no checkpoint wait as well.
    with services.database.write() as tx:
        sequence(tx, 10)
        let_numbered_wait = sa.update(log_entries).where(log_entries.c.idx >= 0)
        late = services.clock.now() - services.config.merge_lag_alarm * 2
        tx.execute(let_numbered_wait.values(at=late))
    ill = http.get("/healthz")
    assert (ill.status_code, ill.json()["unpublished"]) == (503, 1)
    assert services.config.merge_lag_alarm_s == 60


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_altered_time_is_no_reason_to_say_nothing(
    services: Services, http: httpx.Client
) -> None:
    with services.database.write() as tx:
        append_events(tx, services.ledger, ["service"])
        tx.execute(sa.text("UPDATE log_entries SET at = 'garbage'"))
    assert http.get("/healthz").json()["merge_lag_s"] == 0
