"""One row made again from what the entries say it must hold, by the rules of a verification."""

import base64
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, IntegrityError

from custody.cells import is_readable, raw_columns, read_row
from custody.first_writer import insert_first
from custody.verification.cells import as_logged
from custody.verification.expected import ANYTHING
from custody.verification.others import agrees
from storage.database import UtcDateTime


@dataclass(frozen=True, slots=True)
class Gone:
    """A row that can't be made again, or one that somebody has to complete.

    ``kind`` is a word of the catalogues; ``index`` is that of the entry that made it; ``columns``
    are what nobody knows any more. ``sha256`` and ``original`` (``whole``, ``altered``,
    ``missing``) are of a clip's original.
    """

    kind: str
    id: str
    index: int | None = None
    columns: tuple[str, ...] = ()
    sha256: str | None = None
    original: str | None = None


@dataclass(slots=True)
class Rebuilt:
    """What could not be made again, or is to be completed by somebody."""

    gone: list[Gone] = field(default_factory=list)


def bring(
    tx: Connection,
    table: sa.Table,
    key: Mapping[str, object],
    logged: Mapping[str, object],
    otherwise: Mapping[str, object],
) -> tuple[str, ...] | None:
    """Make the row under ``key`` say what the log says; None once it does.

    ``logged`` has values in the form of entries (the time of the entry itself as such), or
    `ANYTHING` where the details are lost: such a column is left as it stands, and so is one that
    the log gives something that it can't hold, for a verification to find. ``otherwise`` are
    values (of the row's own types) for a new row's columns that the log says nothing of. Returns
    the columns for want of which no row can be made, and none of it is written then; the key's own
    names, where another row has its place.
    """
    if not all(holds(table.c[name], value) for name, value in key.items()):
        return tuple(key)
    own = sa.and_(*(table.c[name] == value for name, value in key.items()))
    found = tx.execute(sa.select(*raw_columns(tx, table)).where(own)).mappings().first()
    known = {
        name: value
        for name, value in logged.items()
        if value is not ANYTHING and holds(table.c[name], value)
    }
    if found is not None:
        cells = read_row(table, found)
        changed = {
            name: as_cell(table.c[name], value)
            for name, value in known.items()
            if not agrees(as_logged(name, cells[name]), cells[name], value)
        }
        if changed:
            with suppress(IntegrityError, DataError), tx.begin_nested():
                tx.execute(table.update().where(own).values(**changed))
        return None
    values = dict(otherwise) | dict(key)
    values |= {name: as_cell(table.c[name], value) for name, value in known.items()}
    wanting = tuple(
        column.name
        for column in table.c
        if not column.nullable and values.get(column.name) is None and column.server_default is None
    )
    if wanting:
        return wanting
    with suppress(IntegrityError, DataError), tx.begin_nested():
        return None if insert_first(tx, table, values) else tuple(key)
    return tuple(key)


def as_cell(column: sa.Column[Any], value: object) -> Any:
    """A value as entries carry it in the type of its column; the inverse of `as_logged`."""
    kind = column.type
    if isinstance(value, str):
        if isinstance(kind, UtcDateTime):
            return datetime.fromisoformat(value)
        if isinstance(kind, sa.Date):
            return date.fromisoformat(value)
        if isinstance(kind, sa.LargeBinary):
            return base64.b64decode(value)
    return value


def holds(column: sa.Column[Any], value: object) -> bool:
    """Whether ``column`` can hold what an entry says; anybody may have written the entry."""
    if value is None:
        return True
    kind = column.type
    try:
        cell = as_cell(column, value)
    except ValueError:
        return False
    if isinstance(kind, sa.JSON):
        return True
    if isinstance(kind, UtcDateTime):
        return isinstance(cell, datetime) and cell.tzinfo is not None
    if isinstance(kind, sa.Date):
        return isinstance(cell, date)
    if isinstance(kind, sa.LargeBinary):
        return isinstance(cell, bytes)
    if isinstance(kind, sa.Boolean):
        return isinstance(cell, bool)
    if isinstance(kind, sa.Integer):
        return isinstance(cell, int) and not isinstance(cell, bool) and abs(cell) < 1 << 63
    length = kind.length if isinstance(kind, sa.String) else None
    fits = isinstance(cell, str) and "\0" not in cell and is_readable(cell)
    return fits and (length is None or len(str(cell)) <= length)
