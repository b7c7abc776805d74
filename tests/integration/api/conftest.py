"""The stations' side of the service behind a real server, on both engines."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.config import Config
from api.services import Services
from custody.access import Access
from custody.clock import SystemClock
from custody.keys import load_or_create_keys
from custody.ledger import Ledger
from custody.publisher import Publisher
from custody.signer import Signer
from storage.database import Database
from storage.memory import MemoryStore
from storage.staging import Staging
from tests.services.http_server import serving
from tests.services.station_client import StationClient, enrolled_station

MAX_UPLOAD_BYTES = 1 << 30


@pytest.fixture
def memory_store() -> MemoryStore:
    """Objects whose faults a test can choose."""
    return MemoryStore()


@pytest.fixture
def services(database: Database, memory_store: MemoryStore, tmp_path: Path) -> Services:
    """Services as `api.services` composes them, over the test's database."""
    config = Config(home=tmp_path, max_upload_bytes=MAX_UPLOAD_BYTES)
    clock = SystemClock()
    keys = load_or_create_keys(config.keys_folder, config.origin)
    signer = Signer(keys.log, config.keys_folder / "signer-state.json", config.origin)
    ledger = Ledger(clock)
    return Services(
        config=config,
        database=database,
        store=memory_store,
        staging=Staging(config.staging_folder),
        clock=clock,
        ledger=ledger,
        access=Access(database, ledger, clock),
        keys=keys,
        signer=signer,
        publisher=Publisher(database, memory_store, signer, clock),
    )


@pytest.fixture
def app(services: Services) -> FastAPI:
    """The whole application; its worker is not running."""
    return create_app(services)


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    with serving(app) as address:
        yield address


@pytest.fixture
def station(services: Services, address: str) -> Iterator[StationClient]:
    """A station that is enrolled and signed in."""
    client = enrolled_station(services, address, "采集站 1")
    yield client
    client.http.close()
