"""The tables of a database brought up to what this version of the house expects (Alembic).

Alembic is imported only where there is something to migrate: every command opens the database,
and hardly any has to.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.database import Database
from storage.errors import SchemaUnknownError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
#: The newest revision in `MIGRATIONS`; a test holds it against them.
HEAD = "0001"
#: The table in which Alembic keeps the revision.
VERSION = "alembic_version"
_VERSION = sa.table(VERSION, sa.column("version_num", sa.String))


def upgrade(database: Database, metadata: sa.MetaData) -> None:
    """Run every migration this database has not had; in one transaction, one process at a time.

    ``metadata`` is that of all packages together: the storage layer knows no table by name. Raises
    `SchemaUnknownError` where there are tables of ours and nothing says how old they are: what a
    migration would make of them, nobody knows.
    """
    if current(database) == HEAD:
        return
    from alembic import command  # noqa: PLC0415

    with database.exclusive("schema"):
        if current(database) == HEAD:
            return
        _require_known(database, metadata)
        with database.write() as tx:
            config = alembic_config()
            config.attributes.update(connection=tx, metadata=metadata)
            command.upgrade(config, "head")


def current(database: Database) -> str | None:
    """The revision this database is at; None before the first."""
    with database.read() as tx:
        found = versions(tx)
    return found[0] if found else None


def versions(tx: Connection) -> list[str]:
    """What the database says of its revision: one, unless somebody altered it."""
    if not sa.inspect(tx).has_table(_VERSION.name):
        return []
    return list(map(str, tx.scalars(sa.select(_VERSION.c.version_num))))


def _require_known(database: Database, metadata: sa.MetaData) -> None:
    """Raise `SchemaUnknownError` unless the database is empty or of a revision in `MIGRATIONS`."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    revision = current(database)
    if revision is None:
        with database.read() as tx:
            ours = set(sa.inspect(tx).get_table_names()) & set(metadata.tables)
        known = not ours
    else:
        revisions = ScriptDirectory.from_config(alembic_config()).walk_revisions()
        known = revision in {one.revision for one in revisions}
    if not known:
        raise SchemaUnknownError(f"expected {HEAD}, found {revision or 'none'}")


def alembic_config() -> "Config":
    """Alembic's configuration, without a file; `migrations/env.py` reads its attributes."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    # A percent sign would be taken for an interpolation.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
