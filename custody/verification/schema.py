"""The tables themselves: all there, with columns and unique indexes, and nothing acts by itself.

Whoever drops a table or renames a column would otherwise end a verification before it has looked
at anything else; and a trigger can undo or forge what is written, unseen by whoever writes.
"""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.said import said
from custody.verification.findings import Finding, FindingCode, Report
from storage.database import metadata

_TRIGGERS_SQLITE = sa.text("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'")
_TRIGGERS_POSTGRESQL = sa.text(
    "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE NOT tgisinternal"
)


def check_schema(tx: Connection, report: Report) -> None:
    """A finding for each table, column or unique index that is gone, and for each trigger."""
    found = {
        name: {column["name"] for column in columns}
        for (_, name), columns in sa.inspect(tx).get_multi_columns().items()
    }
    indexes = {name: several for (_, name), several in sa.inspect(tx).get_multi_indexes().items()}
    for table in metadata.sorted_tables:
        columns = found.get(table.name)
        if columns is None:
            _find(report, f"table:{table.name}", said("table_gone"), expected=table.name)
            continue
        for column in sorted({one.name for one in table.columns} - columns):
            subject = f"table:{table.name}/{column}"
            _find(report, subject, said("column_gone"), expected=column)
        unique = {one["name"] for one in indexes.get(table.name, ()) if one["unique"]}
        for index in sorted({str(one.name) for one in table.indexes if one.unique} - unique):
            message = said("index_gone")
            _find(report, f"table:{table.name}/{index}", message, expected=index)
    is_postgresql = tx.dialect.name == "postgresql"
    for name, table_name in tx.execute(_TRIGGERS_POSTGRESQL if is_postgresql else _TRIGGERS_SQLITE):
        message = said("trigger")
        _find(report, f"table:{table_name}", message, found=str(name))


def _find(
    report: Report,
    subject: str,
    message: str,
    *,
    expected: str | None = None,
    found: str | None = None,
) -> None:
    report.add(Finding(FindingCode.SCHEMA_ALTERED, subject, message, expected, found))
