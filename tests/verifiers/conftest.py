"""Two logs that our publisher wrote, one on each database, for all who read them here."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from storage.database import Database
from storage.local import LocalStore
from storage.memory import MemoryStore
from tests.services.postgres import PostgresServer
from tests.verifiers.published import PublishedLog, publish_log


@pytest.fixture(scope="session")
def sqlite_log(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> PublishedLog:
    """Written on SQLite and the local store."""
    folder = tmp_path_factory.mktemp("sqlite-log")
    path = folder / "liuhen.db"
    shutil.copy(sqlite_template, path)
    with closing(Database(f"sqlite:///{path}")) as database:
        return publish_log(database, LocalStore(folder / "objects"), folder)


@pytest.fixture(scope="session")
def postgresql_log(
    postgres_server: PostgresServer,
    postgres_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> PublishedLog:
    """Written on PostgreSQL and the store in memory."""
    folder = tmp_path_factory.mktemp("postgresql-log")
    with (
        postgres_server.fresh_database(template=postgres_template) as url,
        closing(Database(url)) as database,
    ):
        return publish_log(database, MemoryStore(), folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest) -> PublishedLog:
    """The log of each engine; its files are not to be changed."""
    found: PublishedLog = request.getfixturevalue(f"{request.param}_log")
    return found


@pytest.fixture
def copied(sqlite_log: PublishedLog, tmp_path: Path) -> Path:
    """The files of a log, to be changed."""
    folder = tmp_path / "log"
    shutil.copytree(sqlite_log.folder, folder)
    return folder
