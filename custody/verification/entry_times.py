"""The times of all entries held against what time-stamping authorities said."""

from datetime import datetime, timedelta
from itertools import accumulate

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import raw, read_cell
from custody.log.canonical import format_time
from custody.said import said
from custody.tables import log_entries
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report
from custody.verification.rows import stream

#: Between an entry's own time and the checkpoint with it: publication, and two clocks that may
#: differ. Nothing is stamped while entries have waited for more than a sixth of this.
TIME_TOLERANCE = timedelta(hours=1)


def check_times(tx: Connection, report: Report, stamps: list[tuple[int, datetime]]) -> None:
    """Every entry was made before what stamped a tree with it, after what stamped one without it.

    ``stamps`` are (size, time) of tokens that hold, by size.
    """
    # The earliest time of each stamp and those of larger trees, from the last one back.
    uppers = list(accumulate((at for _, at in reversed(stamps)), min))[::-1]
    begin, lower = 0, None
    for (end, at), upper in zip(stamps, uppers, strict=True):
        if end > begin:
            _check_span(tx, report, begin, end, lower, upper)
        begin, lower = end, at if lower is None else max(lower, at)
    _check_span(tx, report, begin, None, lower, None)


def _check_span(
    tx: Connection,
    report: Report,
    begin: int,
    end: int | None,
    lower: datetime | None,
    upper: datetime | None,
) -> None:
    entries = log_entries.c
    wrong = []
    if lower is not None:
        wrong.append(entries.at < lower - TIME_TOLERANCE)
    if upper is not None:
        wrong.append(entries.at > upper + TIME_TOLERANCE)
    if not wrong:
        return
    wanted = sa.select(raw(tx, entries.idx), raw(tx, entries.at)).where(
        entries.idx >= begin, sa.or_(*wrong)
    )
    if end is not None:
        wanted = wanted.where(entries.idx < end)
    for row in stream(tx, wanted.order_by(entries.idx)):
        at = read_cell(entries.at, row.at)
        if not isinstance(at, datetime):
            continue  # the row's own finding
        early = lower is not None and at < lower - TIME_TOLERANCE
        limit = lower if early else upper
        if limit is None:
            continue
        report.add(
            Finding(
                FindingCode.ENTRY_TIME,
                f"log:{row.idx}",
                said("entry_early" if early else "entry_late", index=row.idx),
                expected=said("not_before" if early else "not_after", at=format_time(whole(limit))),
                found=format_time(whole(at)),
                entry_index=row.idx,
            )
        )


def whole(moment: datetime) -> datetime:
    """``moment`` as entries write it, in milliseconds."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
