"""Inserting a row that may be there already: of several racing writers one inserts, all go on."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection


def insert_first(tx: Connection, table: sa.Table, values: Mapping[str, Any]) -> bool:
    """Insert ``values``; False if a unique key of ``table`` is taken, and then nothing happened.

    On PostgreSQL this waits for a transaction under way that holds the key. After False the row is
    there to be read.
    """
    return bool(insert_missing(tx, table, [values]))


def insert_missing(
    tx: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> list[sa.Row[Any]]:
    """Insert those of ``rows`` whose keys are free, in one statement; the primary keys of these."""
    if tx.dialect.name == "postgresql":
        statement: Any = postgresql.insert(table).values(rows).on_conflict_do_nothing()
    else:
        statement = sqlite.insert(table).values(rows).on_conflict_do_nothing()
    # What was inserted is returned, what was left out is not.
    return list(tx.execute(statement.returning(*table.primary_key)))
