"""Rows of clips, renditions, links and cases held against what the log says of them."""

from collections.abc import Iterable

from custody.cells import shown
from custody.said import said
from custody.verification.cells import as_logged
from custody.verification.comparing import Row, compare
from custody.verification.expected import ANYTHING, ExpectedCase, ExpectedClip, Logged, LoggedLink
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report
from custody.verification.unknown_rows import (
    report_case_without_entry,
    report_clip_without_entry,
    report_link_without_entry,
    report_name_without_entry,
    report_rendition_without_entry,
)


def check_clip(
    report: Report,
    clip_id: str,
    expected: ExpectedClip,
    clips: list[Row],
    renditions: list[Row],
    links: list[Row],
) -> None:
    """Findings for one clip; its rows are those that name it."""
    subject = f"clip:{clip_id}"
    if expected.clip is None:
        for row in clips:
            report_clip_without_entry(report, row)
    elif not clips:
        _report_missing(
            report,
            FindingCode.CLIP_ROW_MISSING,
            subject,
            "clip_gone",
            expected.clip,
            clip_id,
        )
    else:
        own, others = _tell_apart(expected.clip, clips)
        compare(
            report,
            FindingCode.CLIP_ROW_ALTERED,
            subject,
            expected.clip,
            own,
            ("admitted_at",),
            clip_id,
        )
        for row in others:
            report_clip_without_entry(report, row, again=True)
    _check_renditions(report, clip_id, expected, renditions)
    _check_links(report, clip_id, expected, links)


def _check_renditions(
    report: Report, clip_id: str, expected: ExpectedClip, renditions: list[Row]
) -> None:
    unseen = dict(expected.renditions)
    for row in renditions:
        logged = unseen.pop(row["kind"], None)
        if logged is None:
            report_rendition_without_entry(report, row)
            continue
        compare(
            report,
            FindingCode.RENDITION_ROW_ALTERED,
            f"clip:{clip_id}/{row['kind']}",
            logged,
            row,
            ("made_at",),
            clip_id,
        )
    for kind, logged in unseen.items():
        code, subject = FindingCode.RENDITION_ROW_MISSING, f"clip:{clip_id}/{kind}"
        _report_missing(report, code, subject, "rendition_gone", logged, clip_id, kind)


def _check_links(report: Report, clip_id: str, expected: ExpectedClip, links: list[Row]) -> None:
    unseen = dict(expected.links)
    for row in links:
        logged = unseen.pop(row["id"], None)
        if logged is None:
            report_link_without_entry(report, row)
        else:
            _compare_link(report, clip_id, logged, row)
    for link_id, link in unseen.items():
        made = link.made.columns
        report.add(
            Finding(
                FindingCode.LINK_MISSING,
                f"link:{link_id}",
                said("link_gone", standing=_standing(link.removed)),
                expected=said("case_stage", case=made["case_id"], stage=made["stage"]),
                found=said("nothing"),
                clip_id=clip_id,
                entry_index=link.made.index,
            )
        )


def _compare_link(report: Report, clip_id: str, logged: LoggedLink, row: Row) -> None:
    subject = f"link:{shown(row['id'])}"
    code = FindingCode.LINK_ALTERED
    compare(report, code, subject, logged.made, row, ("linked_at",), clip_id)
    if (row["unlinked_at"] is None) != (logged.removed is None):
        standing = _standing(logged.removed)
        report.add(
            Finding(
                code,
                subject,
                said("link_differs", standing=standing),
                expected=said("standing", standing=standing),
                found=said("standing", standing=_standing(row["unlinked_at"])),
                clip_id=clip_id,
                entry_index=(logged.removed or logged.made).index,
            )
        )
    elif logged.removed is not None:
        compare(report, code, subject, logged.removed, row, ("unlinked_at",), clip_id)
    else:
        nobody = Logged({"unlinked_by": None}, logged.made.index, logged.made.at)
        compare(report, code, subject, nobody, row, (), clip_id)


def check_names(report: Report, clip_id: str, expected: ExpectedClip, names: Iterable[Row]) -> None:
    """Each further name of a clip is what its entry says, and none is gone."""
    unseen = dict(expected.names)
    for row in names:
        logged = unseen.pop(str(row["id"]), None)
        if logged is None:
            report_name_without_entry(report, row)
            continue
        code, subject = FindingCode.CLIP_NAME_ALTERED, f"clip:{clip_id}/{shown(row['id'])}"
        compare(report, code, subject, logged, row, ("named_at",), clip_id)
    for naming_id, logged in unseen.items():
        code, subject = FindingCode.CLIP_NAME_MISSING, f"clip:{clip_id}/{naming_id}"
        _report_missing(report, code, subject, "name_gone", logged, clip_id)


def check_case(report: Report, case_id: str, expected: ExpectedCase, cases: list[Row]) -> None:
    """Findings for one case; its row carries its officers as its entries list them."""
    subject = f"case:{case_id}"
    if expected.case is None:
        for row in cases:
            report_case_without_entry(report, row)
    elif not cases:
        _report_missing(
            report, FindingCode.CASE_ROW_MISSING, subject, "case_gone", expected.case, None
        )
    else:
        code = FindingCode.CASE_ALTERED
        own, others = _tell_apart(expected.case, cases)
        compare(report, code, subject, expected.case, own, ("created_at",), None)
        for row in others:
            report_case_without_entry(report, row, again=True)


def _report_missing(
    report: Report,
    code: FindingCode,
    subject: str,
    text: str,
    logged: Logged,
    clip_id: str | None,
    rendition: str = "",
) -> None:
    """A row that an entry speaks of and that is not there; ``text`` (a code) says what it did."""
    index = logged.index
    entry = said("not_numbered") if index is None else index
    sha256 = logged.columns.get("sha256")
    report.add(
        Finding(
            code,
            subject,
            said(text, entry=entry, rendition=rendition),
            expected=None if sha256 is None else str(sha256),
            found=said("nothing"),
            clip_id=clip_id,
            entry_index=index,
        )
    )


def _tell_apart(logged: Logged, rows: list[Row]) -> tuple[Row, list[Row]]:
    """The row that the entries made, and further rows under its id, which nothing made.

    Where no key forbids them, anybody's query may come upon one of them first.
    """
    place = next((place for place, row in enumerate(rows) if _says(logged, row)), 0)
    return rows[place], rows[:place] + rows[place + 1 :]


def _says(logged: Logged, row: Row) -> bool:
    return all(
        expected is ANYTHING or as_logged(column, row[column]) == expected
        for column, expected in logged.columns.items()
    )


def _standing(removed: object) -> str:
    return "stands" if removed is None else "was removed"
