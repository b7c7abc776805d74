"""What the tables of the layers above say, held against what their entries say: one table's part.

`RowsAgainstEntries` of those layers put this together; they own the tables, not the rules.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import Misfit, described, raw_columns, read_row, shown
from custody.said import said
from custody.verification.cells import as_logged
from custody.verification.comparing import SAME_TRANSACTION
from custody.verification.expected import ANYTHING, Logged
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report
from custody.verification.rows import stream


@dataclass(slots=True)
class LoggedTable:
    """The rows a table must have, by id. ``what`` is one of them in findings: ``station``.

    A time that is expected is that of an entry: the row's own was taken in the same transaction.
    """

    table: sa.Table
    what: str
    altered: FindingCode
    missing: FindingCode
    unknown: FindingCode
    #: Columns of which entries carry the SHA-256: what stands in them is no reading matter.
    secret: frozenset[str] = frozenset()
    rows: dict[str, Logged] = field(default_factory=dict)

    def finish(self, tx: Connection, report: Report) -> None:
        """Findings for rows that differ, are gone, or stand without their entry."""
        unseen = dict(self.rows)
        for raw in stream(tx, sa.select(*raw_columns(tx, self.table))):
            row = read_row(self.table, raw._mapping)  # noqa: SLF001 - SQLAlchemy's public name
            subject = f"{self.what}:{shown(row['id'])}"
            logged = unseen.pop(str(row["id"]), None)
            if logged is None:
                message = said("row_of_unknown", thing=self.what)
                report.add(Finding(self.unknown, subject, message, found=subject))
                continue
            self._compare(report, subject, logged, row)
        for row_id, logged in unseen.items():
            message = said("row_of_known", thing=self.what)
            subject = f"{self.what}:{row_id}"
            nothing = said("nothing")
            report.add(
                Finding(self.missing, subject, message, subject, nothing, entry_index=logged.index)
            )

    def _compare(
        self, report: Report, subject: str, logged: Logged, row: dict[str, object]
    ) -> None:
        for column, cell in row.items():
            expected, found = logged.columns.get(column, ANYTHING), as_logged(column, cell)
            if column in self.secret and isinstance(cell, str):
                found = hashlib.sha256(cell.encode(errors="surrogateescape")).hexdigest()
            if expected is ANYTHING and not isinstance(cell, Misfit):
                continue
            if not isinstance(cell, Misfit) and agrees(found, cell, expected):
                continue
            known = expected is not ANYTHING
            wanted = described(as_logged(column, expected)) if known else said("something_else")
            there = described(cell if isinstance(cell, Misfit) else found)
            report.add(
                Finding(
                    self.altered,
                    subject,
                    said("log_row", column=column, expected=wanted, found=there),
                    expected=said("column", column=column, value=wanted),
                    found=said("column", column=column, value=there),
                    entry_index=logged.index_of(column),
                )
            )


def agrees(found: object, cell: object, expected: object) -> bool:
    """Whether ``cell``, in the form of entries ``found``, holds what is expected; of a time that it
    was taken in the transaction of the entry."""
    if isinstance(cell, datetime) and isinstance(expected, datetime):
        return abs(cell - expected) <= SAME_TRANSACTION
    return found == expected
