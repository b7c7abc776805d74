"""Worlds: built once on each engine, copied for each attack."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.auth.sessions import open_session
from api.auth.users import create_user, set_password
from api.dependencies import SESSION_COOKIE
from custody.actors import Role
from tests.services.http_server import client_of, serving
from tests.services.postgres import PostgresServer
from tests.tamper.nights import Night, open_night
from tests.tamper.worlds import OPERATOR, World, fill, open_world

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


@pytest.fixture(scope="session")
def night_of_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Night:
    folder = tmp_path_factory.mktemp("night")
    with open_night(folder, "") as night:
        return night


@pytest.fixture(scope="session")
def night_of_postgres(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> tuple[Night, str]:
    name = postgres_server.create_database()
    with open_night(tmp_path_factory.mktemp("night"), postgres_server.url(name)) as night:
        return night, name


@pytest.fixture(params=ENGINES)
def night(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Night]:
    """A world with last night's copies beside it, once on each engine, to be put back."""
    home = tmp_path / "home"
    if request.param == "sqlite":
        made: Night = request.getfixturevalue("night_of_sqlite")
        shutil.copytree(made.world.services.config.home, home)
        with open_world(home, "") as opened:
            yield made.over(opened)
    else:
        made, template = request.getfixturevalue("night_of_postgres")
        server: PostgresServer = request.getfixturevalue("postgres_server")
        shutil.copytree(made.world.services.config.home, home)
        with (
            server.fresh_database(template=template) as url,
            open_world(home, url) as opened,
        ):
            yield made.over(opened)


@pytest.fixture
def home(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The options with which a command works on the world."""
    config = world.services.config
    monkeypatch.setenv("LIUHEN_DATABASE_URL", config.database_url)
    return ["--home", str(config.home)]


@contextmanager
def signed_in(world: World, name: str, role: Role) -> Iterator[httpx.Client]:
    """Somebody new, signed in; the header X-Form repeats what their forms carry."""
    services = world.services
    with services.database.write() as tx:
        common = (tx, services.ledger, OPERATOR)
        user, _ = create_user(*common, services.clock, name=name, display_name="卡萝", role=role)
        set_password(*common, user_id=user.id, password_hash="nobody signs in with it")
        token, session = open_session(
            tx,
            user_id=user.id,
            origin="127.0.0.1",
            now=services.clock.now(),
            lifetime=timedelta(hours=1),
        )
    headers = {"Cookie": f"{SESSION_COOKIE}={token}", "X-Form": session.csrf_token}
    with (
        serving(create_app(services)) as address,
        client_of(address, headers) as client,
    ):
        yield client


@pytest.fixture
def clerk(world: World) -> Iterator[httpx.Client]:
    """A legal clerk, signed in."""
    with signed_in(world, "carol", Role.LEGAL) as client:
        yield client


@pytest.fixture
def admin(world: World) -> Iterator[httpx.Client]:
    """An administrator, signed in."""
    with signed_in(world, "dave", Role.ADMIN) as client:
        yield client
