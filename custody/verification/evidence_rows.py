"""The rows of clips and cases, walked in order of id beside the items of the log."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from custody.tables import (
    access_grants,
    case_officers,
    cases,
    clip_names,
    clips,
    links,
    receipts,
    renditions,
)
from custody.verification import evidence, grants, unknown_rows
from custody.verification.comparing import Row
from custody.verification.context import VerificationContext
from custody.verification.expected import ExpectedCase, ExpectedClip
from custody.verification.grouped import grouped_rows
from custody.verification.receipts import (
    check_receipt,
    report_receipt_without_clip,
    report_second_receipt,
)
from custody.verification.reports import Report

CLIP, CASE = "clip:", "case:"


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at: everything, or some clips and cases."""

    clip_ids: frozenset[str] | None = None
    case_ids: frozenset[str] | None = None

    @property
    def items(self) -> frozenset[str] | None:
        if self.clip_ids is None:
            return None
        cases_ = {f"{CASE}{case_id}" for case_id in self.case_ids or ()}
        return frozenset({f"{CLIP}{clip_id}" for clip_id in self.clip_ids} | cases_)


EVERYTHING = Scope()


class ClipRows:
    """The rows of clips, renditions, links and receipts, walked beside the items ``clip:…``."""

    def __init__(self, tx: Connection, context: VerificationContext, scope: Scope) -> None:
        self._context = context
        self._clips = grouped_rows(tx, clips, clips.c.id, scope.clip_ids)
        self._renditions = grouped_rows(tx, renditions, renditions.c.clip_id, scope.clip_ids)
        self._links = grouped_rows(tx, links, links.c.clip_id, scope.clip_ids)
        self._receipts = grouped_rows(tx, receipts, receipts.c.clip_id, scope.clip_ids)
        self._names = grouped_rows(tx, clip_names, clip_names.c.clip_id, scope.clip_ids)
        # A listing is of many clips and has none of its own.
        of_clip = access_grants.c.clip_id.is_not(None)
        self._grants = grouped_rows(
            tx, access_grants, access_grants.c.clip_id, scope.clip_ids, where=of_clip
        )

    def check(self, report: Report, clip_id: str, expected: ExpectedClip) -> None:
        self._report(
            report,
            self._clips.before(clip_id),
            self._renditions.before(clip_id),
            self._links.before(clip_id),
        )
        evidence.check_clip(
            report,
            clip_id,
            expected,
            self._clips.take(clip_id),
            self._renditions.take(clip_id),
            self._links.take(clip_id),
        )
        for row in self._names.before(clip_id):
            unknown_rows.report_name_without_entry(report, row)
        evidence.check_names(report, clip_id, expected, self._names.take(clip_id))
        for row in self._grants.before(clip_id):
            unknown_rows.report_grant_without_entry(report, row)
        grants.check_grants(report, clip_id, expected, self._grants.take(clip_id))
        for row in self._receipts.before(clip_id):
            report_receipt_without_clip(report, row)
        for number, row in enumerate(self._receipts.take(clip_id)):
            check_receipt(self._context, report, clip_id, expected.clip, row)
            if number:
                report_second_receipt(report, clip_id)

    def finish(self, report: Report) -> None:
        self._report(report, self._clips.rest(), self._renditions.rest(), self._links.rest())
        for row in self._names.rest():
            unknown_rows.report_name_without_entry(report, row)
        for row in self._grants.rest():
            unknown_rows.report_grant_without_entry(report, row)
        for row in self._receipts.rest():
            report_receipt_without_clip(report, row)

    def _report(
        self,
        report: Report,
        clip_rows: Iterable[Row],
        rendition_rows: Iterable[Row],
        link_rows: Iterable[Row],
    ) -> None:
        for row in clip_rows:
            unknown_rows.report_clip_without_entry(report, row)
        for row in rendition_rows:
            unknown_rows.report_rendition_without_entry(report, row)
        for row in link_rows:
            unknown_rows.report_link_without_entry(report, row)


class CaseRows:
    """The rows of cases with their officers, walked beside the items ``case:…``."""

    def __init__(self, tx: Connection, scope: Scope) -> None:
        self._cases = grouped_rows(tx, cases, cases.c.id, scope.case_ids)
        self._officers = grouped_rows(
            tx, case_officers, case_officers.c.case_id, scope.case_ids, case_officers.c.officer
        )

    def check(self, report: Report, case_id: str, expected: ExpectedCase) -> None:
        for row in self._cases.before(case_id):
            unknown_rows.report_case_without_entry(report, row)
        self._report_unknown(report, self._officers.before(case_id))
        officers = [
            {"officer": row["officer"], "certificate_number": row["certificate_number"]}
            for row in self._officers.take(case_id)
        ]
        found: list[Row] = [{**row, "officers": officers} for row in self._cases.take(case_id)]
        evidence.check_case(report, case_id, expected, found)

    def finish(self, report: Report) -> None:
        for row in self._cases.rest():
            unknown_rows.report_case_without_entry(report, row)
        self._report_unknown(report, self._officers.rest())

    def _report_unknown(self, report: Report, officers: Iterable[Row]) -> None:
        """Officers of a case that no entry made; also where there is no row of the case itself."""
        for row in officers:
            unknown_rows.report_officer_without_case(report, row)
