"""Both engines with empty tables, as durable as in use, for what is measured on rows."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from storage.database import Database, metadata
from tests.services.postgres import postgres


@contextmanager
def both_engines(folder: Path) -> Iterator[dict[str, Database]]:
    """The databases by the engine's name; SQLite's file lies in ``folder``."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres(durable=True))
        databases = {
            "SQLite": Database(f"sqlite:///{folder / 'bench.db'}"),
            "PostgreSQL": Database(stack.enter_context(server.fresh_database())),
        }
        for database in databases.values():
            stack.callback(database.close)
            metadata.create_all(database.engine)
        yield databases
