from pathlib import Path

from custody.verification.findings import Finding, FindingCode, Unchecked
from custody.verification.reports import MAX_FINDINGS, Report

PAGE = Path(__file__).parents[4] / "docs" / "formats" / "findings.md"


def test_report_counts_what_it_no_longer_keeps() -> None:
    report = Report()
    finding = Finding(FindingCode.TILE_MISSING, "log/tile/0/000", "gone")
    report.extend([finding] * (MAX_FINDINGS + 3))
    assert len(report.findings) == MAX_FINDINGS
    assert report.more_findings == 3
    assert report.finding_count == MAX_FINDINGS + 3
    assert not report.good


def test_both_digests_of_other_bytes_are_one_thing_that_is_wrong() -> None:
    report = Report()
    for clip in "ab":
        for code in (FindingCode.CLIP_OBJECT_DIGEST, FindingCode.CLIP_SM3):
            report.add(Finding(code, f"originals/{clip}", "others", clip_id=clip))
    report.add(Finding(FindingCode.CLIP_SM3, "originals/c", "an entry lies", clip_id="c"))
    assert len(report.findings) == 5
    assert report.finding_count == report.as_json()["finding_count"] == 3
    assert report.by_clip == {"a": 1, "b": 1, "c": 1}
    report.clips_checked = 3
    assert not any(map(report.original_held, "abc"))


def test_what_could_not_be_checked_is_not_good() -> None:
    report = Report()
    assert report.good
    report.unchecked.append(Unchecked("originals/ab", "EIO", "clip"))
    assert not report.good
    assert report.as_json()["unchecked"] == [
        {"subject": "originals/ab", "reason": "EIO", "clip_id": "clip"}
    ]
