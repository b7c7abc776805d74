"""Cells of the database as they stand there, whatever their type.

An engine may hold something else in a column than its type says (SQLite takes text where bytes or
a number belong). Rows of evidence are therefore read without the types' own conversion, and each
cell is converted here: what can't be converted is a `Misfit`, which spoils its own row and no
other, and which a verification finds.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.types import NullType

from custody.log.canonical import EARLIEST, LATEST
from custody.said import said
from storage.database import UtcDateTime

log = logging.getLogger("liuhen.rows")

SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Misfit:
    """What stands in a cell that can hold no such thing; as text it is in plain words."""

    wanted: str
    found: object

    def __str__(self) -> str:
        return said("misfit", found=described(self.found), wanted=self.wanted)


def raw(tx: Connection, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """``column`` as the engine has it; times, dates and JSON as text on both engines."""
    return _raw(column, tx.dialect.name)


def _raw(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    if dialect == "postgresql" and isinstance(column.type, UtcDateTime | sa.Date | sa.JSON):
        # The driver fails on what Python has no value for ("infinity"); text holds everything.
        return sa.cast(column, sa.Text).label(column.name)
    return sa.type_coerce(column, NullType()).label(column.name)


def raw_columns(tx: Connection, table: sa.Table) -> tuple[sa.ColumnElement[Any], ...]:
    """Every column of ``table`` by `raw`, under its own name."""
    return _raw_columns(table, tx.dialect.name)


@cache
def _raw_columns(table: sa.Table, dialect: str) -> tuple[sa.ColumnElement[Any], ...]:
    return tuple(_raw(column, dialect) for column in table.c)


def read_row(table: sa.Table, row: RowMapping) -> dict[str, Any]:
    """The cells of one raw row by column: Python values, or `Misfit`."""
    return {column.name: read_cell(column, row[column.name]) for column in table.c}


def shown_row(
    table: sa.Table,
    row: RowMapping,
    is_fit: Callable[[str, object], bool],
    stand_ins: Mapping[str, Any],
    *,
    names: Iterable[str] | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """A raw row to be shown however it was altered: a value for each column, and the columns whose
    cells are not ``is_fit``.

    For such a cell stands what ``stand_ins`` has for it; else its text as it can be written where
    text belongs, and None elsewhere. ``names``: the columns that the row has, where not all.
    """
    values: dict[str, Any] = {}
    altered = []
    for name in table.c.keys() if names is None else names:
        cell = read_cell(table.c[name], row[name])
        if is_fit(name, cell):
            values[name] = cell
            continue
        altered.append(name)
        if name in stand_ins:
            values[name] = stand_ins[name]
        else:
            values[name] = as_text(cell) if isinstance(table.c[name].type, sa.String) else None
    return values, altered


def fitting_rows(table: sa.Table, rows: Iterable[RowMapping]) -> Iterator[dict[str, Any]]:
    """The cells of those raw rows whose every cell fits its column.

    Any other was altered behind our back; it is told to the log file and left to a verification.
    """
    key = next(iter(table.primary_key)).name
    for row in rows:
        cells = read_row(table, row)
        if all(fits(table.c[name], cell) for name, cell in cells.items()):
            yield cells
        else:
            log.warning("a row of %s was altered: %s", table.name, shown(row[key]))


def fits(column: sa.Column[Any], cell: object) -> bool:
    """Whether ``cell``, from `read_cell`, is something that can be written into ``column``."""
    if cell is None:
        return column.nullable is True
    return not isinstance(cell, Misfit) and not (isinstance(cell, str) and not is_readable(cell))


def read_cell(column: sa.Column[Any], value: Any) -> Any:
    """One raw value as the type of its column has it, None, or a `Misfit`."""
    if value is None:
        return None
    kind: type = type(column.type)
    return _reader(kind)(value)


@cache
def _reader(kind: type) -> Callable[[Any], Any]:
    """What reads the cells of columns of this type."""
    readers: tuple[tuple[type, Callable[[Any], Any]], ...] = (
        (UtcDateTime, _time),
        (sa.Date, _date),
        (sa.JSON, _json),
        (sa.Boolean, _boolean),
        (sa.Integer, _integer),
        (sa.LargeBinary, _binary),
    )
    return next((reader for base, reader in readers if issubclass(kind, base)), _plain_text)


def as_bytes(value: object) -> bytes:
    """The bytes of a cell where bytes belong, of whatever type it is."""
    if type(value) is bytes:  # nearly every one
        return value
    if isinstance(value, Misfit):
        value = value.found
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    return b"" if value is None else str(value).encode(errors="surrogateescape")


def is_readable(text: str) -> bool:
    """Whether every character of ``text`` can be written; what is no UTF-8 in SQLite can't."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def as_text(value: object) -> str:
    """The text of a cell where text belongs, of whatever type it is; fit to be written."""
    if isinstance(value, Misfit):
        value = value.found
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode(errors="backslashreplace")
    return "" if value is None else shown(value)


def described(value: object) -> str:
    """A value for people: no program's notation, and only characters that can be written."""
    if isinstance(value, Misfit):
        return str(value)
    if value is None or value == "":
        return said("nothing")
    if isinstance(value, bool):
        return said("yes" if value else "no")
    if isinstance(value, bytes | bytearray | memoryview):
        return said("the_bytes", hex=bytes(value).hex()[:SHOWN_CHARACTERS])
    if isinstance(value, list | dict):
        text = shown(json.dumps(value, ensure_ascii=False, default=str))
        return said("structure", text=text)
    return said("quoted", text=shown(value)) if isinstance(value, str) else str(value)


def shown(value: object) -> str:
    """``value`` as text that any terminal and file takes; lone surrogates are spelled out."""
    return str(value).encode(errors="backslashreplace").decode()


def _boolean(value: object) -> bool | Misfit:
    return bool(value) if value in (0, 1) else Misfit("yes or no", value)


def _integer(value: object) -> int | Misfit:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return Misfit("whole number", value)


def _binary(value: object) -> bytes | Misfit:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    return Misfit("bytes", value)


def _plain_text(value: object) -> str | Misfit:
    return value if isinstance(value, str) else Misfit("text", value)


def _time(value: object) -> datetime | Misfit:
    if not isinstance(value, str):
        return Misfit("time", value)
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return Misfit("time", value)
    return moment if EARLIEST <= moment <= LATEST else Misfit("time", value)


def _date(value: object) -> date | Misfit:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else Misfit("date", value)
    except ValueError:
        return Misfit("date", value)


def _json(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) else Misfit("JSON", value)
    except (ValueError, RecursionError):
        return Misfit("JSON", value)
