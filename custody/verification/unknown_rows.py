"""Rows of the evidence that no entry of the log has made, each under the code of its sort."""

from collections.abc import Mapping
from typing import Any

from custody.cells import shown
from custody.said import said
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report

Row = Mapping[str, Any]


def report_clip_without_entry(report: Report, row: Row, *, again: bool = False) -> None:
    """``again``: a further row under the id of a clip that has its own."""
    code, subject = FindingCode.CLIP_WITHOUT_ENTRY, f"clip:{shown(row['id'])}"
    message = said("clip_again" if again else "clip_unknown")
    found = shown(row["name"] if again else row["sha256"])
    _report_unknown(report, code, subject, message, found, row["id"])


def report_rendition_without_entry(report: Report, row: Row) -> None:
    code = FindingCode.RENDITION_WITHOUT_ENTRY
    subject = f"clip:{shown(row['clip_id'])}/{shown(row['kind'])}"
    message = said("rendition_unknown", rendition=shown(row["kind"]))
    _report_unknown(report, code, subject, message, shown(row["sha256"]), row["clip_id"])


def report_link_without_entry(report: Report, row: Row) -> None:
    code, subject = FindingCode.LINK_WITHOUT_ENTRY, f"link:{shown(row['id'])}"
    message = said("link_unknown")
    found = said("case_stage", case=shown(row["case_id"]), stage=shown(row["stage"]))
    _report_unknown(report, code, subject, message, found, row["clip_id"])


def report_grant_without_entry(report: Report, row: Row) -> None:
    code, subject = FindingCode.GRANT_WITHOUT_ENTRY, f"grant:{shown(row['id'])}"
    of_one = row["clip_id"] is not None
    message = said("grant_unknown" if of_one else "listing_unknown", grant=shown(row["kind"]))
    found = said("grant_by", grant=shown(row["kind"]), actor=shown(row["actor_id"]))
    _report_unknown(report, code, subject, message, found, row["clip_id"])


def report_name_without_entry(report: Report, row: Row) -> None:
    code = FindingCode.CLIP_NAME_WITHOUT_ENTRY
    subject = f"clip:{shown(row['clip_id'])}/{shown(row['id'])}"
    message = said("name_unknown")
    _report_unknown(report, code, subject, message, shown(row["name"]), row["clip_id"])


def report_case_without_entry(report: Report, row: Row, *, again: bool = False) -> None:
    """``again``: a further row under the id of a case that has its own."""
    code, subject = FindingCode.CASE_WITHOUT_ENTRY, f"case:{shown(row['id'])}"
    message = said("case_again" if again else "case_unknown")
    _report_unknown(report, code, subject, message, shown(row["number"]), None)


def report_officer_without_case(report: Report, row: Row) -> None:
    """Where somebody took away the key, an officer stands in a case that need not be there."""
    code, subject = FindingCode.CASE_WITHOUT_ENTRY, f"case:{shown(row['case_id'])}"
    _report_unknown(report, code, subject, said("officer_unknown"), shown(row["officer"]), None)


def _report_unknown(
    report: Report, code: FindingCode, subject: str, message: str, found: str, clip_id: object
) -> None:
    """A row that the log knows nothing of."""
    clip = None if clip_id is None else shown(clip_id)
    report.add(Finding(code, subject, message, found=found, clip_id=clip))
