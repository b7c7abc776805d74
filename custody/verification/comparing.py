"""One row held against what the log says of it, column by column."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from custody.cells import Misfit, described
from custody.log.canonical import format_time
from custody.said import said
from custody.verification.cells import as_logged
from custody.verification.expected import ANYTHING, Logged
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report

#: A row's own time is taken in the transaction that appends its entry; a writer may wait that long
#: for another one in between.
SAME_TRANSACTION = timedelta(minutes=5)

Row = Mapping[str, Any]


def compare(
    report: Report,
    code: FindingCode,
    subject: str,
    logged: Logged,
    row: Row,
    times: Iterable[str],
    clip_id: str | None,
) -> None:
    """One finding for each column that differs, naming the entry that says what it must hold.

    ``times`` were taken beside the first entry's own.
    """
    for column, expected in logged.columns.items():
        found = as_logged(column, row[column])
        if isinstance(found, Misfit) or (expected is not ANYTHING and found != expected):
            index = logged.index_of(column)
            report_column(report, code, subject, column, expected, found, index, clip_id)
    for column in times:
        moment = row[column]
        if not isinstance(moment, datetime) or abs(moment - logged.at) > SAME_TRANSACTION:
            report_column(
                report,
                code,
                subject,
                column,
                format_time(logged.at),
                as_logged(column, moment),
                logged.index,
                clip_id,
            )


def report_column(
    report: Report,
    code: FindingCode,
    subject: str,
    column: str,
    expected: object,
    found: object,
    index: int | None,
    clip_id: str | None,
) -> None:
    known = expected is not ANYTHING
    wanted = described(expected) if known else said("lost")
    report.add(
        Finding(
            code,
            subject,
            said("log_row", column=column, expected=wanted, found=described(found)),
            expected=said("column", column=column, value=wanted) if known else None,
            found=said("column", column=column, value=described(found)),
            clip_id=clip_id,
            entry_index=index,
        )
    )
