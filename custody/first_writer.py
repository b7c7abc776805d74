"""Inserting a row that may be there already: of several racing writers one inserts, all go on."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection


def insert_first(tx: Connection, table: sa.Table, values: Mapping[str, Any]) -> bool:
    """Insert ``values``; False if a unique key of ``table`` is taken, and then nothing happened.

    On PostgreSQL this waits for a transaction under way that holds the key. After False the row is
    there to be read.
    """
    if tx.dialect.name == "postgresql":
        statement: Any = postgresql.insert(table).values(values).on_conflict_do_nothing()
    else:
        statement = sqlite.insert(table).values(values).on_conflict_do_nothing()
    # What was inserted is returned, what was left out is not.
    return tx.execute(statement.returning(*table.primary_key)).first() is not None
