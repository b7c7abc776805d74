"""The service on both engines: the stations' side behind a real server, a house for the pages."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.config import Config
from api.services import Services, compose
from custody.clock import SystemClock
from storage.database import Database
from storage.memory import MemoryStore
from tests.services.house import PASSWORD, House, open_house
from tests.services.http_server import client_of, serving
from tests.services.station_client import StationClient, enrolled_station

MAX_UPLOAD_BYTES = 1 << 30


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A whole archive with people; empty of footage."""
    with open_house(tmp_path / "home", database_url=database_url) as house:
        yield house


@pytest.fixture
def memory_store() -> MemoryStore:
    """Objects whose faults a test can choose."""
    return MemoryStore()


@pytest.fixture
def services(database: Database, memory_store: MemoryStore, tmp_path: Path) -> Services:
    """Services as `api.services` composes them, over the test's database."""
    config = Config(home=tmp_path, max_upload_bytes=MAX_UPLOAD_BYTES)
    return compose(config, database, memory_store, SystemClock())


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


@pytest.fixture
def legal(house: House) -> Iterator[httpx.Client]:
    """Signed in as bob, the legal clerk."""
    with (
        serving(create_app(house.services)) as address,
        client_of(address) as client,
    ):
        client.post("/sign-in", data={"name": "bob", "password": PASSWORD})
        yield client
