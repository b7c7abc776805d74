import tracemalloc

from custody.verification.findings import Finding, FindingCode, Unchecked
from custody.verification.reports import MAX_FINDINGS, Report


def test_report_counts_what_it_no_longer_keeps() -> None:
    report = Report()
    finding = Finding(FindingCode.TILE_MISSING, "log/tile/0/000", "gone")
    report.extend([finding] * (MAX_FINDINGS + 3))
    assert len(report.findings) == MAX_FINDINGS
    assert report.more_findings == 3
    assert report.finding_count == MAX_FINDINGS + 3
    assert not report.good


def test_a_hundred_thousand_findings_take_no_more_room_than_ten_thousand() -> None:
    """What a disk that lost everything makes of one run; each clip has its own finding."""
    told = 0

    def hear(_: Finding) -> None:
        nonlocal told
        told += 1

    report = Report(told=hear)
    code = FindingCode.CLIP_OBJECT_MISSING
    for number in range(100_000):
        clip_id = f"0193533c-0000-7000-8000-{number:012}"
        key = f"originals/00/00/{number:064x}"
        report.add(Finding(code, key, "It is gone.", f"{number:064x}", "nothing", clip_id))
        if number == 90_000:
            tracemalloc.start()
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    # Of the last ones only the count of each clip: an id of 36 letters and its place in a table.
    assert grown < 10_000 * 300
    assert told == len(report.findings) == MAX_FINDINGS
    assert report.by_code == {code: 100_000}
    shown = report.as_json()
    listed = shown["findings"]
    assert isinstance(listed, list)
    assert len(listed) == MAX_FINDINGS
    assert (shown["finding_count"], shown["more_findings"]) == (100_000, 100_000 - MAX_FINDINGS)


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
