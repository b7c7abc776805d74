"""Every table of the house, and the way to write a migration for what has changed in them.

``python -m tests.services.tables "what changes"`` writes the next revision from the difference
between the migrations and the tables, to be read before it is committed.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command

import api.auth.tables  # noqa: F401  # each of these registers its tables
import custody.tables  # noqa: F401
import ingest.tables  # noqa: F401
from storage import schema
from storage.database import Database, metadata

__all__ = ["metadata"]


def write_revision(message: str) -> None:
    """Write `storage/migrations/versions/<number>_<message>.py`."""
    versions = schema.MIGRATIONS / "versions"
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'scratch.db'}")
        schema.upgrade(database, metadata)
        number = len(list(versions.glob("*.py"))) + 1
        with database.write() as tx:
            config = schema.alembic_config()
            config.attributes.update(connection=tx, metadata=metadata)
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")
        database.close()
    [path] = versions.glob(f"{number:04d}_*.py")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.lstrip().startswith("# ###")))
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", versions], check=True)
    subprocess.run([sys.executable, "-m", "ruff", "check", "-q", "--fix", versions], check=True)


if __name__ == "__main__":
    write_revision(sys.argv[1])
