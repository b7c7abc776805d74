"""Listings held against the entries that opened them: whose, of which recordings, until when.

A listing lets thumbnails be seen and is of many clips, so its entry stands on whoever listed. One
person's are held at a time, however many there are in all.
"""

import hashlib
from collections.abc import Mapping

from sqlalchemy.engine import Connection

from custody.cells import Misfit, shown
from custody.events import EventKind
from custody.log.canonical import canonical_json
from custody.log.entry import Entry, Json
from custody.log.errors import LogError
from custody.tables import access_grants
from custody.verification.comparing import Row, compare
from custody.verification.expected import ANYTHING, Columns, Logged
from custody.verification.findings import FindingCode
from custody.verification.grouped import grouped_rows
from custody.verification.reports import Report
from custody.verification.unknown_rows import report_grant_without_entry

USER = "user:"


class ListingRows:
    """`RowsAgainstEntries` of the grants that are of no one clip, beside the items ``user:…``."""

    prefixes: tuple[str, ...] = (USER,)

    def __init__(self, tx: Connection, report: Report) -> None:
        self._report = report
        where = access_grants.c.clip_id.is_(None)
        self._rows = grouped_rows(tx, access_grants, access_grants.c.actor_id, where=where)
        self._actor_id: str | None = None
        self._logged: dict[str, Logged] = {}

    def apply(self, entry: Entry, details: Mapping[str, Json] | None, index: int | None) -> None:
        self._turn_to(entry.item.removeprefix(USER))
        if (entry.kind, entry.outcome) == (EventKind.CLIPS_LISTED, "ok"):
            columns: Columns = {
                "kind": "listing",
                "purpose": ANYTHING if details is None else details.get("query"),
                "expires_at": entry.facts.get("expires_at"),
                "clip_ids": ANYTHING if details is None else _digest(details.get("clips")),
            }
            # Who only read what is written of clips has no grant, and the fact is not there.
            self._logged[str(entry.facts.get("grant"))] = Logged(columns, index, entry.at)

    def finish(self, tx: Connection, report: Report) -> None:  # noqa: ARG002 - the protocol's
        self._turn_to(None)
        for row in self._rows.rest():
            report_grant_without_entry(report, row)

    def _turn_to(self, actor_id: str | None) -> None:
        """Hold the rows of the person whose entries have ended."""
        if actor_id == self._actor_id:
            return
        if self._actor_id is not None:
            for row in self._rows.before(self._actor_id):
                report_grant_without_entry(self._report, row)
            for row in self._rows.take(self._actor_id):
                self._check(row)
        self._actor_id, self._logged = actor_id, {}

    def _check(self, row: Row) -> None:
        logged = self._logged.pop(str(row["id"]), None)
        if logged is None:
            report_grant_without_entry(self._report, row)
            return
        listed = row["clip_ids"]
        held = {**row, "clip_ids": listed if isinstance(listed, Misfit) else _digest(listed)}
        code, subject = FindingCode.GRANT_ALTERED, f"grant:{shown(row['id'])}"
        compare(self._report, code, subject, logged, held, ("opened_at",), None)


def _digest(clip_ids: object) -> str | None:
    """One value for a list that can be long; None for what no entry can hold."""
    try:
        return hashlib.sha256(canonical_json(clip_ids)).hexdigest()  # type: ignore[arg-type]
    except (LogError, TypeError, ValueError, RecursionError):
        return None
