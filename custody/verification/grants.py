"""Viewings and downloads held against the entries that opened and closed them."""

from collections.abc import Iterable

from custody.cells import Misfit, shown
from custody.log.canonical import format_time
from custody.verification.cells import as_logged
from custody.verification.comparing import Row, compare, report_column
from custody.verification.expected import ANYTHING, ExpectedClip, Logged
from custody.verification.findings import FindingCode
from custody.verification.reports import Report
from custody.verification.unknown_rows import report_grant_without_entry
from custody.viewing_ends import told_count

COUNTERS = ("requests", "bytes_sent")


def check_grants(
    report: Report, clip_id: str, expected: ExpectedClip, grants: Iterable[Row]
) -> None:
    """Each viewing or download of a clip is what its entries say; an ended one may be gone."""
    unseen = dict(expected.grants)
    for row in grants:
        grant_id = str(row["id"])
        logged = unseen.pop(grant_id, None)
        if logged is None:
            report_grant_without_entry(report, row)
            continue
        code, subject = FindingCode.GRANT_ALTERED, f"grant:{shown(row['id'])}"
        compare(report, code, subject, logged, row, ("opened_at",), clip_id)
        _check_end(report, clip_id, subject, logged, expected.closed_grants.get(grant_id), row)


def _check_end(
    report: Report, clip_id: str, subject: str, opened: Logged, closed: Logged | None, row: Row
) -> None:
    """While it stands, only what could have been counted is known; then its last entry says it."""
    code = FindingCode.GRANT_ALTERED
    countable = True
    for column in COUNTERS:
        if told_count(row[column]) is None:
            countable = False
            found = row[column] if isinstance(row[column], Misfit) else Misfit("count", row[column])
            report_column(report, code, subject, column, ANYTHING, found, opened.index, clip_id)
    if (row["closed_at"] is None) != (closed is None):
        ended = None if closed is None else format_time(closed.at)
        found = as_logged("closed_at", row["closed_at"])
        index = (closed or opened).index
        report_column(report, code, subject, "closed_at", ended, found, index, clip_id)
    elif closed is not None and countable:
        compare(report, code, subject, closed, row, ("closed_at",), clip_id)
