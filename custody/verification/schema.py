"""The tables themselves: all there, each as the house defined it, and nothing acts by itself.

Whoever drops a table or renames a column would otherwise end a verification before it has looked
at anything else; a key that is gone lets a second row stand beside the true one; and a trigger or a
rule can undo, forge or hide what is written, unseen by whoever writes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.said import Said, said
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report
from storage.database import metadata
from storage.schema import HEAD, VERSION, versions
from storage.side_effects import find_side_effects

#: One thing that differs: what it is called, what is wrong, as it should be, as it is.
_Difference = tuple[str, Said, str | None, str | None]


def check_schema(tx: Connection, report: Report) -> None:
    """A finding for each table, column, key or unique index that is gone, is another, or was added,
    and for whatever acts on a table by itself."""
    catalogue = _Catalogue(tx)
    for table in metadata.sorted_tables:
        for name, message, expected, found in catalogue.compare(table):
            subject = f"table:{table.name}/{name}" if name else f"table:{table.name}"
            _find(report, subject, message, expected, found)
    revisions = versions(tx)
    if revisions != [HEAD]:
        _find(report, f"table:{VERSION}", said("version_other"), HEAD, ", ".join(revisions) or None)
    for effect in find_side_effects(tx, metadata.tables):
        subject = f"table:{effect.table}" if effect.table else "database"
        _find(report, subject, said(effect.kind.value), None, effect.name)


class _Catalogue:
    """What the engine says of its tables."""

    def __init__(self, tx: Connection) -> None:
        self._dialect = tx.dialect
        inspector = sa.inspect(tx)
        self._columns = _by_table(inspector.get_multi_columns())
        self._primary = _by_table(inspector.get_multi_pk_constraint())
        self._unique = _by_table(inspector.get_multi_unique_constraints())
        self._foreign = _by_table(inspector.get_multi_foreign_keys())
        self._indexes = _by_table(inspector.get_multi_indexes())

    def compare(self, table: sa.Table) -> Iterator[_Difference]:
        """Where ``table`` is not as the house defined it."""
        if table.name not in self._columns:
            yield "", said("table_gone"), table.name, None
            return
        yield from self._compare_columns(table)
        yield from self._compare_keys(table)
        yield from self._compare_indexes(table)

    def _compare_columns(self, table: sa.Table) -> Iterator[_Difference]:
        found = {column["name"]: self._written(column) for column in self._columns[table.name]}
        for column in table.columns:
            expected, there = self._defined(column), found.pop(column.name, None)
            if there is None:
                yield column.name, said("column_gone"), column.name, None
            elif there != expected:
                yield column.name, said("column_other"), expected, there
        for name, there in sorted(found.items()):
            yield name, said("column_extra"), None, there

    def _written(self, column: Mapping[str, Any]) -> str:
        """A column of the database in one line."""
        type_ = column["type"].compile(dialect=self._dialect)
        computed = column.get("computed") or column.get("identity")
        default = str(column["default"] or "").split("::")[0]
        # A constant stands in quotes; what is called, like a sequence's next value, keeps them.
        default = f"{default})" if "(" in default else default.strip("'")
        return _line(
            type_, column["nullable"], f"{default}{' ' + str(computed) if computed else ''}"
        )

    def _defined(self, column: sa.Column[Any]) -> str:
        """A column of ours in the same line."""
        default = ""
        if isinstance(column.server_default, sa.DefaultClause):
            default = str(column.server_default.arg)
        elif self._dialect.name == "postgresql" and column is column.table.autoincrement_column:
            default = f"nextval('{column.table.name}_{column.name}_seq')"
        return _line(column.type.compile(dialect=self._dialect), column.nullable, default)

    def _compare_keys(self, table: sa.Table) -> Iterator[_Difference]:
        primary = self._primary[table.name]["constrained_columns"]
        found = {_key("PRIMARY KEY", primary)} if primary else set()
        found |= {_key("UNIQUE", one["column_names"]) for one in self._unique[table.name]}
        found |= {
            _key(
                "FOREIGN KEY",
                one["constrained_columns"],
                f"{one['referred_table']} ({', '.join(one['referred_columns'])})",
                one["options"],
            )
            for one in self._foreign[table.name]
        }
        expected = _keys_of(table)
        for key in sorted(expected - found):
            yield key, said("key_gone"), key, None
        for key in sorted(found - expected):
            yield key, said("key_extra"), None, key

    def _compare_indexes(self, table: sa.Table) -> Iterator[_Difference]:
        found = {
            one["name"]: _index(one["column_names"], self._condition(one["dialect_options"]))
            for one in self._indexes[table.name]
            if one["unique"] and not one.get("duplicates_constraint")
        }
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            if not index.unique:
                continue
            options = index.dialect_options[self._dialect.name]
            expected = _index([one.name for one in index.columns], str(options["where"]))
            there = found.pop(index.name, None)
            if there != expected:
                yield str(index.name), said("index_gone"), expected, there
        for name, there in found.items():
            yield str(name), said("index_extra"), None, there

    def _condition(self, options: Mapping[str, Any]) -> str:
        return str(options.get(f"{self._dialect.name}_where"))


def _by_table(found: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: what for (_, name), what in found.items()}


def _line(type_: str, nullable: bool | None, default: str) -> str:
    return f"{type_}{'' if nullable else ' NOT NULL'}{' DEFAULT ' + default if default else ''}"


def _key(kind: str, columns: Any, of: str = "", options: Mapping[str, Any] | None = None) -> str:
    """A key in one line, with what it does beyond refusing (``ondelete CASCADE``)."""
    words = [f"{kind} ({', '.join(map(str, columns))})", of]
    words += [f"{name} {value}" for name, value in sorted((options or {}).items()) if value]
    return " ".join(filter(None, words))


def _keys_of(table: sa.Table) -> set[str]:
    keys = {_key("PRIMARY KEY", table.primary_key.columns.keys())}
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            keys.add(_key("UNIQUE", constraint.columns.keys()))
        elif isinstance(constraint, sa.ForeignKeyConstraint):
            referred = ", ".join(one.column.name for one in constraint.elements)
            of = f"{constraint.referred_table.name} ({referred})"
            keys.add(_key("FOREIGN KEY", constraint.column_keys, of))
    return keys


def _index(columns: Any, condition: str) -> str:
    """An index in one line; PostgreSQL puts its condition in parentheses."""
    where = "" if condition == "None" else f" WHERE {condition.strip('()')}"
    return f"({', '.join(map(str, columns))}){where}"


def _find(
    report: Report,
    subject: str,
    message: str,
    expected: str | None = None,
    found: str | None = None,
) -> None:
    report.add(Finding(FindingCode.SCHEMA_ALTERED, subject, message, expected, found))
