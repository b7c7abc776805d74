"""What somebody with the database's own tools does to an SQLite file: a table made anew."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from tests.tamper.worlds import World


@contextmanager
def sqlite_insider(world: World) -> Iterator[sqlite3.Connection]:
    """A connection that no rule of ours binds."""
    path = str(world.services.database.url.database)
    with closing(sqlite3.connect(path, isolation_level=None)) as insider:
        yield insider


def remake(insider: sqlite3.Connection, table: str, change: Callable[[str], str]) -> None:
    """Make ``table`` anew under a changed definition, with the same rows and common indexes."""
    master = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = ? AND sql IS NOT NULL"
    [(definition,)] = insider.execute(master, (table, "table"))
    indexes = [sql for (sql,) in insider.execute(master, (table, "index"))]
    indexes = [sql for sql in indexes if not sql.startswith("CREATE UNIQUE")]
    columns = ", ".join(row[1] for row in insider.execute(f"PRAGMA table_info({table})"))
    insider.execute("PRAGMA foreign_keys=OFF")
    insider.execute("PRAGMA legacy_alter_table=ON")
    insider.execute(change(definition.replace(f"CREATE TABLE {table}", "CREATE TABLE remade")))
    insider.execute(f"INSERT INTO remade ({columns}) SELECT {columns} FROM {table}")
    insider.execute(f"DROP TABLE {table}")
    insider.execute(f"ALTER TABLE remade RENAME TO {table}")
    for index in indexes:
        insider.execute(index)
