"""What every test may ask for: a database on both engines, an object store of each kind, a clock.

Servers start when the first test of a worker asks for them and end with the worker.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import api.auth.tables  # noqa: F401  # each of these registers its tables
import custody.tables  # noqa: F401
import ingest.tables  # noqa: F401
from custody.clock import FixedClock
from storage.database import Database, metadata
from storage.local import LocalStore
from tests.services.postgres import PostgresServer, postgres


@pytest.fixture
def clock() -> FixedClock:
    """Stands at the morning of 2026-11-22 in Shanghai until a test moves it."""
    return FixedClock(datetime(2026, 11, 22, 1, 30, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a database with our tables and no rows, to make others from."""
    name = postgres_server.create_database()
    _create_tables(postgres_server.url(name))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with our tables and no rows, to copy."""
    path = tmp_path_factory.mktemp("template") / "liuhen.db"
    _create_tables(f"sqlite:///{path}")
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


def _create_tables(url: str) -> None:
    database = Database(url)
    with database.write() as tx:
        metadata.create_all(tx)
    database.close()
