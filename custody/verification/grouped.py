"""Several sorted streams walked side by side, so that rows meet their entries without a join."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import raw_columns, read_row
from custody.verification.rows import stream, text_order

T = TypeVar("T")
#: After every id there is.
LAST = "\U0010ffff"


class Grouped(Generic[T]):
    """Rows in order of a text key; groups are taken in that same order."""

    def __init__(self, rows: Iterable[T], key: Callable[[T], str]) -> None:
        self._rows = iter(rows)
        self._key = key
        self._next = next(self._rows, None)

    def take(self, key: str) -> list[T]:
        """The rows of exactly this key; those before it must have been taken by `before`."""
        group = []
        while self._next is not None and self._key(self._next) == key:
            group.append(self._next)
            self._next = next(self._rows, None)
        return group

    def before(self, key: str) -> Iterator[T]:
        """The rows whose key comes before ``key``."""
        while self._next is not None and self._key(self._next) < key:
            row = self._next
            self._next = next(self._rows, None)
            yield row

    def rest(self) -> Iterator[T]:
        """All rows that were not taken."""
        while self._next is not None:
            row = self._next
            self._next = next(self._rows, None)
            yield row


def grouped_rows(
    tx: Connection,
    table: sa.Table,
    key: sa.Column[str],
    ids: frozenset[str] | None = None,
    *then: sa.Column[Any],
    where: sa.ColumnElement[bool] | None = None,
) -> Grouped[Mapping[str, Any]]:
    """The rows of ``table`` by ``key`` (of ``ids``, where given), then by ``then``."""
    statement = sa.select(*raw_columns(tx, table)).order_by(
        text_order(tx, key), *(text_order(tx, column) for column in then)
    )
    if where is not None:
        statement = statement.where(where)
    if ids is not None:
        statement = statement.where(key.in_(sorted(ids)))
    rows = (read_row(table, row._mapping) for row in stream(tx, statement))  # noqa: SLF001 - SQLAlchemy's public name
    name = key.name
    return Grouped(rows, key=lambda row: _sort_key(row[name]))


def _sort_key(value: object) -> str:
    """What is no text comes after all text, as SQLite has it."""
    return value if isinstance(value, str) else LAST
