"""The tables of a database brought up to what this version of the house expects (Alembic)."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database, metadata: sa.MetaData) -> None:
    """Run every migration this database has not had; in one transaction, one process at a time.

    ``metadata`` is that of all packages together: the storage layer knows no table by name.
    """
    with database.exclusive("schema"):
        if current(database) == head():
            return
        with database.write() as tx:
            config = alembic_config()
            config.attributes.update(connection=tx, metadata=metadata)
            command.upgrade(config, "head")


def current(database: Database) -> str | None:
    """The revision this database is at; None before the first."""
    with database.read() as tx:
        return MigrationContext.configure(tx).get_current_revision()


def head() -> str | None:
    """The revision this version of the house expects."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def alembic_config() -> Config:
    """Alembic's configuration, without a file; `migrations/env.py` reads its attributes."""
    config = Config()
    # A percent sign would be taken for an interpolation.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
