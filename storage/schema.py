"""The tables of a database brought up to what this version of the house expects (Alembic).

Alembic is imported only where there is something to migrate: every command opens the database,
and hardly any has to.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from storage.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
#: The newest revision in `MIGRATIONS`; a test holds it against them.
HEAD = "0001"
_VERSION = sa.table("alembic_version", sa.column("version_num", sa.String))


def upgrade(database: Database, metadata: sa.MetaData) -> None:
    """Run every migration this database has not had; in one transaction, one process at a time.

    ``metadata`` is that of all packages together: the storage layer knows no table by name.
    """
    if current(database) == HEAD:
        return
    from alembic import command  # noqa: PLC0415

    with database.exclusive("schema"):
        if current(database) == HEAD:
            return
        with database.write() as tx:
            config = alembic_config()
            config.attributes.update(connection=tx, metadata=metadata)
            command.upgrade(config, "head")


def current(database: Database) -> str | None:
    """The revision this database is at; None before the first."""
    with database.read() as tx:
        if not sa.inspect(tx).has_table(_VERSION.name):
            return None
        revision: str | None = tx.scalar(sa.select(_VERSION.c.version_num))
        return revision


def alembic_config() -> "Config":
    """Alembic's configuration, without a file; `migrations/env.py` reads its attributes."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    # A percent sign would be taken for an interpolation.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
