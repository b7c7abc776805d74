"""Cells of the database as they stand there, whatever their type.

An engine may hold something else in a column than its type says (SQLite takes text where bytes or
a number belong). Rows are therefore read without the types' own conversion, and each cell is
converted here: what can't be converted is a `Misfit`, a finding of its own row and not an error.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.types import NullType

from custody.clips import media_digest
from custody.log.canonical import format_time
from storage.database import UtcDateTime

SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Misfit:
    """What stands in a cell that can hold no such thing; as text it is in plain words."""

    wanted: str
    found: object

    def __str__(self) -> str:
        return f"{described(self.found)}, which is no {self.wanted}"


def raw(tx: Connection, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """``column`` as the engine has it; times, dates and JSON as text on both engines."""
    if tx.dialect.name == "postgresql" and isinstance(column.type, UtcDateTime | sa.Date | sa.JSON):
        # The driver fails on what Python has no value for ("infinity"); text holds everything.
        return sa.cast(column, sa.Text).label(column.name)
    return sa.type_coerce(column, NullType()).label(column.name)


def raw_columns(tx: Connection, table: sa.Table) -> list[sa.ColumnElement[Any]]:
    """Every column of ``table`` by `raw`, under its own name."""
    return [raw(tx, column) for column in table.c]


def read_row(table: sa.Table, row: RowMapping) -> dict[str, Any]:
    """The cells of one raw row by column: Python values, or `Misfit`."""
    return {column.name: read_cell(column, row[column.name]) for column in table.c}


def read_cell(column: sa.Column[Any], value: Any) -> Any:
    """One raw value as the type of its column has it, None, or a `Misfit`."""
    if value is None:
        return None
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return _time(value)
    if isinstance(kind, sa.Date):
        return _date(value)
    if isinstance(kind, sa.JSON):
        return _json(value)
    if isinstance(kind, sa.Boolean):
        return bool(value) if value in (0, 1) else Misfit("yes or no", value)
    if isinstance(kind, sa.Integer):
        whole = isinstance(value, int) and not isinstance(value, bool)
        return value if whole else Misfit("whole number", value)
    if isinstance(kind, sa.LargeBinary):
        binary = isinstance(value, bytes | bytearray | memoryview)
        return bytes(value) if binary else Misfit("bytes", value)
    return value if isinstance(value, str) else Misfit("text", value)


def as_bytes(value: object) -> bytes:
    """The bytes of a cell where bytes belong, of whatever type it is."""
    if isinstance(value, Misfit):
        value = value.found
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    return b"" if value is None else str(value).encode(errors="surrogateescape")


def as_logged(column: str, value: object) -> object:
    """A cell in the form in which entries carry it; a `Misfit` stays one."""
    if column == "media" and isinstance(value, Mapping):
        try:
            return media_digest(value)
        except (ValueError, RecursionError):
            return Misfit("description of a recording", "JSON")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def described(value: object) -> str:
    """A value for people: no program's notation, and only characters that can be written."""
    if isinstance(value, Misfit):
        return str(value)
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"the bytes {bytes(value).hex()[:SHOWN_CHARACTERS]}"
    if isinstance(value, list | dict):
        return shown(json.dumps(value, ensure_ascii=False))
    return f"“{shown(value)}”" if isinstance(value, str) else str(value)


def shown(value: object) -> str:
    """``value`` as text that any terminal and file takes; lone surrogates are spelled out."""
    return str(value).encode(errors="backslashreplace").decode()


def _time(value: object) -> datetime | Misfit:
    misfit = Misfit("time", value)
    if not isinstance(value, str):
        return misfit
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return misfit


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
