"""The migrations lead to the very tables that the code expects, on both engines."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage import schema
from storage.database import Database
from tests.services.postgres import PostgresServer
from tests.services.tables import metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a table, once on each engine."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
        yield database
        database.close()
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.fresh_database() as url:
            database = Database(url)
            yield database
            database.close()


def test_the_head_equals_the_models(empty_database: Database) -> None:
    schema.upgrade(empty_database, metadata)
    with empty_database.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_head_equals_what_the_models_create(empty_database: Database, tmp_path: Path) -> None:
    """Alembic's comparison knows nothing of a partial index's condition; the catalogue does."""
    schema.upgrade(empty_database, metadata)
    migrated = _indexes(empty_database)
    with empty_database.write() as tx:
        tx.execute(sa.text("DROP TABLE alembic_version"))
        metadata.drop_all(tx)
        metadata.create_all(tx)
    assert migrated == _indexes(empty_database)
    assert any(" WHERE " in definition for definition in migrated.values())


def test_upgrading_twice_is_upgrading_once(empty_database: Database) -> None:
    assert schema.current(empty_database) is None
    schema.upgrade(empty_database, metadata)
    schema.upgrade(empty_database, metadata)
    assert schema.current(empty_database) == schema.HEAD
    assert ScriptDirectory.from_config(schema.alembic_config()).get_current_head() == schema.HEAD


def test_several_starting_at_once_upgrade_once(empty_database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        starts = [pool.submit(schema.upgrade, empty_database, metadata) for _ in range(4)]
    for start in starts:
        start.result()
    assert schema.current(empty_database) == schema.HEAD


def test_a_migration_that_fails_leaves_nothing(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("in the middle")

    create_index = "alembic.operations.base.BatchOperations.create_index"
    with monkeypatch.context() as patch:
        patch.setattr(create_index, fail)
        with pytest.raises(RuntimeError, match="in the middle"):
            schema.upgrade(empty_database, metadata)
    with empty_database.read() as tx:
        assert sa.inspect(tx).get_table_names() == []
    schema.upgrade(empty_database, metadata)


def _indexes(database: Database) -> dict[str, str]:
    """The definition of every index by name, as the engine itself tells it."""
    statement = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        if database.is_sqlite
        else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    )
    with database.read() as tx:
        rows = tx.execute(sa.text(statement)).all()
    return {name: sql for name, sql in rows if name != "alembic_version_pkc"}
