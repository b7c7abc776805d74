"""What every test may ask for: a database on both engines, an object store of each kind, a clock.

What tests write lies in memory where that can be had; ``PYTEST_DEBUG_TEMPROOT`` says otherwise.

Servers start when the first test of a worker asks for them and end with the worker.
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher

from api.auth import passwords
from custody.clock import FixedClock
from storage import schema
from storage.database import Database
from storage.local import LocalStore
from storage.memory import MemoryStore
from storage.objects import ObjectStore
from tests.services.memory import memory_folder
from tests.services.postgres import PostgresServer, postgres
from tests.services.tables import metadata

if TYPE_CHECKING:  # boto3 costs 0.4 s, and few tests need it
    from storage.s3 import S3Settings
    from tests.services.seaweedfs import SeaweedServer


@pytest.fixture
def clock() -> FixedClock:
    """Stands at the morning of 2026-11-22 in Shanghai until a test moves it."""
    return FixedClock(datetime(2026, 11, 22, 1, 30, tzinfo=UTC))


def pytest_configure() -> None:
    folder = memory_folder()
    if folder is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id as ever, with the least memory: accounts are made in hundreds of tests."""
    cheapest = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheapest)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a database with our tables and no rows, to make others from."""
    name = postgres_server.create_database()
    _migrate(postgres_server.url(name))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with our tables and no rows, to copy."""
    path = tmp_path_factory.mktemp("template") / "liuhen.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with our tables, once on each engine."""
    if request.param == "sqlite":
        path = tmp_path / "liuhen.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        template: str = request.getfixturevalue("postgres_template")
        with server.fresh_database(template=template) as url:
            yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database with our tables, once on each engine."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def local_store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "objects")


@pytest.fixture(scope="session")
def seaweed_server() -> Iterator["SeaweedServer"]:
    from tests.services.seaweedfs import seaweedfs

    with seaweedfs() as server:
        yield server


@pytest.fixture
def s3_settings(seaweed_server: "SeaweedServer", tmp_path: Path) -> "S3Settings":
    """A place of its own in a bucket with Object Lock, with small pages and parts.

    One bucket for all tests: to SeaweedFS each costs volumes, and a hundred exhaust it.
    """
    return seaweed_server.settings(
        "evidence",
        prefix=f"test/{uuid.uuid4().hex}",
        scratch=tmp_path,
        page_size=7,
        part_bytes=5 * 1024 * 1024,
    )


@pytest.fixture(params=["memory", "local", "s3"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """An empty object store, once of each kind; S3 in a bucket of its own with Object Lock."""
    if request.param == "memory":
        return MemoryStore()
    if request.param == "local":
        found: LocalStore = request.getfixturevalue("local_store")
        return found
    from storage.s3 import S3Store

    return S3Store(request.getfixturevalue("s3_settings"))


def _migrate(url: str) -> None:
    database = Database(url)
    schema.upgrade(database, metadata)
    database.close()
