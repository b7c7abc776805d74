"""The times of entries held against the verifier's clock and against the entries beside them.

An entry says its time by the server's clock, and whoever writes false entries says what he likes.
Without a time-stamping authority this is what bounds them: nothing is of a time to come, and what
was numbered later is not much older. A clock that is corrected by hours (a wrong zone, daylight
saving) is nothing; by more than a day it is told, since nobody can tell it from a false time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import as_bytes, raw, read_cell
from custody.details.destructions import Destruction
from custody.log.canonical import format_time
from custody.log.entry import Entry
from custody.log.errors import LogError
from custody.said import said
from custody.tables import log_entries
from custody.verification.corrections import Corrections
from custody.verification.entry_times import whole
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report
from custody.verification.rows import stream

#: So far a clock may be corrected, and the verifier's be from the server's.
CLOCK_TOLERANCE = timedelta(days=1)


def check_neighbours(
    tx: Connection, report: Report, corrections: Corrections, now: datetime
) -> None:
    """A finding for each entry much older than the one numbered before it, and for the first of
    several that are of a time to come at ``now``.

    An entry whose time a timestamp has ruled out is named already, and no second time.
    """
    named = {one.entry_index for one in report.findings if one.code == FindingCode.ENTRY_TIME}
    limit = now + CLOCK_TOLERANCE
    for index, at, before in _suspicious(tx, corrections, limit):
        if index in named:
            continue
        if before is not None and at < before - CLOCK_TOLERANCE:
            report.add(_finding("entry_backward", "not_before", index, at, before))
        elif at > limit:
            report.add(_finding("entry_to_come", "not_after", index, at, now))


def _suspicious(
    tx: Connection, corrections: Corrections, limit: datetime
) -> Iterator[tuple[int, datetime, datetime | None]]:
    """(index, its time, the time before it) where one of the two may be wrong, by the entries.

    Rows choose; where a row says another time than its entry, or was altered, that is its own
    finding.
    """
    c = log_entries.c
    before = sa.func.lag(c.at, type_=c.at.type).over(order_by=c.idx).label("before")
    walked = sa.select(c.idx, c.at, before).where(c.idx.is_not(None)).subquery().c
    begins = sa.or_(walked.before.is_(None), walked.before <= limit)
    wanted = sa.or_(walked.at < walked.before, sa.and_(walked.at > limit, begins))
    columns = [raw(tx, cast("sa.Column[Any]", walked[name])) for name in ("idx", "at", "before")]
    for index, *cells in stream(tx, sa.select(*columns).where(wanted).order_by(walked.idx)):
        at, earlier = (read_cell(c.at, cell) for cell in cells)
        if not isinstance(index, int) or not isinstance(at, datetime):
            continue
        if at <= limit and isinstance(earlier, datetime) and at >= earlier - CLOCK_TOLERANCE:
            continue  # writers beside each other, and clocks that were put right
        times = _times_up_to(tx, corrections, index)
        if times:
            yield index, times[0], times[1] if len(times) > 1 else None


def _times_up_to(tx: Connection, corrections: Corrections, index: int) -> list[datetime]:
    """By their entries the times of the row at ``index`` and of the one before it, in this order;
    up to the first that is not as it was published."""
    c = log_entries.c
    wanted = sa.select(raw(tx, c.idx), raw(tx, c.entry)).where(c.idx <= index)
    times: list[datetime] = []
    for idx, stored in tx.execute(wanted.order_by(c.idx.desc()).limit(2)).all():
        at = None if idx in corrections.entries else _time_of(stored)
        if at is None:
            break
        times.append(at)
    return times


def came_too_early(tx: Connection, destruction: Destruction, newest: datetime) -> bool:
    """Whether an entry numbered after ``destruction`` is of a time at which the rule did not choose
    the ``newest`` entry it covers.

    One that is much older than that newest entry says nothing: there the clock went back by itself.
    """
    c = log_entries.c
    first = newest - CLOCK_TOLERANCE
    due = newest + timedelta(days=destruction.rule.days) - CLOCK_TOLERANCE
    wanted = sa.select(raw(tx, c.entry)).where(
        sa.or_(c.idx > destruction.entry, c.idx.is_(None)), c.at >= first, c.at < due
    )
    for (stored,) in stream(tx, wanted.order_by(c.idx)):
        at = _time_of(stored)
        if at is not None and first <= at < due:
            return True
    return False


def followed_by_older(tx: Connection, destructions: list[Destruction]) -> list[Destruction]:
    """Those of the ``destructions`` behind which an entry stands that is much older than they say.

    All in one pass over the rows behind the first.
    """
    c = log_entries.c
    oldest = _oldest(tx, c.idx.is_(None))
    end: int | None = None
    found = []
    for one in sorted(destructions, key=lambda one: one.entry or 0, reverse=True):
        if one.entry is None:
            continue  # nothing is numbered behind it
        between = c.idx > one.entry
        between = between if end is None else sa.and_(between, c.idx <= end)
        after = _oldest(tx, between)
        oldest = min((at for at in (oldest, after) if at is not None), default=None)
        if oldest is not None and oldest < one.at - CLOCK_TOLERANCE:
            found.append(one)
        end = one.entry
    return found


def _oldest(tx: Connection, wanted: sa.ColumnElement[bool]) -> datetime | None:
    """The first time that a row says; None where there is no row."""
    c = log_entries.c
    # As text, whose order is that of times: of a plain minimum the engine walks the index of times.
    text = tx.scalar(sa.select(sa.func.min(sa.cast(raw(tx, c.at), sa.Text))).where(wanted))
    at = read_cell(c.at, text)
    # What is no time hides none: then every destruction before it is looked at.
    return at if at is None or isinstance(at, datetime) else datetime.min.replace(tzinfo=UTC)


def _time_of(stored: object) -> datetime | None:
    try:
        return Entry.decode(as_bytes(stored)).at
    except LogError:
        return None  # named where its row is walked


def _finding(text: str, limit: str, index: int, at: datetime, bound: datetime) -> Finding:
    return Finding(
        FindingCode.ENTRY_TIME,
        f"log:{index}",
        said(text, index=index),
        expected=said(limit, at=format_time(whole(bound))),
        found=format_time(whole(at)),
        entry_index=index,
    )
