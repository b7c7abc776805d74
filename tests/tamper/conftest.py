"""Worlds: built once on each engine, copied for each attack."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.services.postgres import PostgresServer
from tests.tamper.worlds import World, fill, open_world

ENGINES = ("sqlite", "postgresql")


@pytest.fixture(params=ENGINES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a table, once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.fresh_database() as url:
            yield url


@pytest.fixture(scope="session")
def filled_sqlite(tmp_path_factory: pytest.TempPathFactory) -> World:
    home = tmp_path_factory.mktemp("filled") / "home"
    with open_world(home, "") as world:
        fill(world)
    return world


@pytest.fixture(scope="session")
def filled_postgres(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> tuple[World, str]:
    home = tmp_path_factory.mktemp("filled") / "home"
    name = postgres_server.create_database()
    with open_world(home, postgres_server.url(name)) as world:
        fill(world)
    return world, name


@pytest.fixture(params=ENGINES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world in which everything has happened, once on each engine, to be changed at will."""
    home = tmp_path / "home"
    if request.param == "sqlite":
        filled: World = request.getfixturevalue("filled_sqlite")
        shutil.copytree(filled.services.config.home, home)
        with open_world(home, "") as opened:
            yield replace(opened, clip_ids=filled.clip_ids, case_id=filled.case_id)
    else:
        filled, template = request.getfixturevalue("filled_postgres")
        server: PostgresServer = request.getfixturevalue("postgres_server")
        shutil.copytree(filled.services.config.home, home)
        with (
            server.fresh_database(template=template) as url,
            open_world(home, url) as opened,
        ):
            yield replace(opened, clip_ids=filled.clip_ids, case_id=filled.case_id)


@pytest.fixture
def home(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The options with which a command works on the world."""
    config = world.services.config
    monkeypatch.setenv("LIUHEN_DATABASE_URL", config.database_url)
    return ["--home", str(config.home)]
