"""Invitations held against their entries: no station gets in that nobody invited."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import described, raw_columns, read_row, shown
from custody.events import EventKind
from custody.log.canonical import parse_time
from custody.log.entry import Entry, Json
from custody.log.errors import LogError
from custody.said import said
from custody.verification.cells import as_logged
from custody.verification.comparing import SAME_TRANSACTION, Row
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report
from custody.verification.rows import stream
from ingest.stations import INVITATION, INVITATION_DIGITS
from ingest.tables import enrolment_tokens

#: After every entry that has an index.
_LAST = 2**63


@dataclass(frozen=True, slots=True)
class _Entered:
    """An invitation or an enrolment, as its entry has it; ``name`` None where that is lost."""

    mark: str
    name: str | None
    index: int | None
    at: datetime
    expires_at: datetime | None = None

    @property
    def place(self) -> int:
        return _LAST if self.index is None else self.index


class InvitationRows:
    """Of each token: that it was given out, for which name, until when, and when it was used.

    A row that is gone lets nobody in and is no finding; what the log says of it stays.
    """

    prefixes: tuple[str, ...] = ("station:", INVITATION)

    def __init__(self) -> None:
        self._invited: dict[str, _Entered] = {}
        self._enrolled: list[_Entered] = []

    def apply(self, entry: Entry, details: Mapping[str, Json] | None, index: int | None) -> None:
        if entry.outcome != "ok":
            return
        name = None if details is None else str(details.get("name"))
        mark = entry.item.partition(":")[2]
        if entry.kind == EventKind.STATION_INVITED:
            ends = _time(entry.facts.get("expires_at"))
            self._invited.setdefault(mark, _Entered(mark, name, index, entry.at, ends))
        elif entry.kind == EventKind.STATION_ENROLLED:
            self._enrolled.append(_Entered(mark, name, index, entry.at))

    def finish(self, tx: Connection, report: Report) -> None:
        by_name: dict[str, list[_Entered]] = {}
        for one in sorted(self._invited.values(), key=lambda one: one.place):
            if one.name is not None:
                by_name.setdefault(one.name, []).append(one)
        self._check_enrolled(report, by_name)
        for cells in stream(tx, sa.select(*raw_columns(tx, enrolment_tokens))):
            row = read_row(enrolment_tokens, cells._mapping)  # noqa: SLF001 - SQLAlchemy's public name
            self._check_row(report, by_name, row)

    def _check_enrolled(self, report: Report, by_name: Mapping[str, list[_Entered]]) -> None:
        nameless = any(one.name is None for one in self._invited.values())
        for station in self._enrolled:
            # In the log the invitation comes first: it was committed before its token was shown.
            invited = by_name.get(station.name or "", ())
            if station.name is None or any(one.place <= station.place for one in invited):
                continue
            if nameless:
                continue  # it may be the one whose details are lost, which is a finding of its own
            subject, message = f"station:{station.mark}", said("uninvited")
            report.add(
                Finding(FindingCode.STATION_UNINVITED, subject, message, entry_index=station.index)
            )

    def _check_row(self, report: Report, by_name: Mapping[str, list[_Entered]], row: Row) -> None:
        mark = shown(row["token_sha256"])[:INVITATION_DIGITS]
        logged = self._invited.get(mark)
        subject = f"invitation:{mark}"
        if logged is None:
            message = said("row_of_unknown", thing="invitation")
            report.add(Finding(FindingCode.INVITATION_ALTERED, subject, message, found=subject))
            return
        for column, allowed in self._allowed(by_name, logged):
            cell = row[column]
            if any(_agrees(cell, one) for one in allowed):
                continue
            wanted = described(as_logged(column, allowed[0]))
            found = described(as_logged(column, cell))
            report.add(
                Finding(
                    FindingCode.INVITATION_ALTERED,
                    subject,
                    said("log_row", column=column, expected=wanted, found=found),
                    expected=said("column", column=column, value=wanted),
                    found=said("column", column=column, value=found),
                    entry_index=logged.index,
                )
            )

    def _allowed(
        self, by_name: Mapping[str, list[_Entered]], logged: _Entered
    ) -> Iterator[tuple[str, list[object]]]:
        """What each column may hold; the first is what it must hold by the log."""
        yield "created_at", [logged.at]
        if logged.name is None:
            return
        yield "station_name", [logged.name]
        # The next invitation of a name ends the one before, unless both were made at once.
        same = by_name[logged.name]
        later = same[bisect_left(same, logged.place, key=lambda one: one.place) + 1 :]
        at_once = bool(later) and abs(later[0].at - logged.at) <= SAME_TRANSACTION
        if logged.expires_at is not None:
            ends = [one.at for one in later if one.at < logged.expires_at][:1]
            yield "expires_at", [*ends, *([logged.expires_at] if at_once or not ends else [])]
        # A name is taken once, by the last invitation of it.
        used: list[object] = [one.at for one in self._enrolled if one.name == logged.name]
        last = not later or at_once
        yield "used_at", (used if used and not later else [None, *(used if last else [])])


def _agrees(cell: object, expected: object) -> bool:
    """Whether a cell holds what was expected, a time as it was taken beside its entry."""
    if isinstance(cell, datetime) and isinstance(expected, datetime):
        return abs(cell - expected) <= SAME_TRANSACTION
    return cell == expected


def _time(text: Json) -> datetime | None:
    try:
        return parse_time(str(text))
    except LogError:
        return None
