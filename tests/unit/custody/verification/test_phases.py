import pytest

from custody.verification.findings import Finding, FindingCode, VerificationImpossibleError
from custody.verification.phases import Phases
from custody.verification.reports import Progress, Report

FINDING = Finding(FindingCode.STATE_COUNTER, "log", "differ")


def test_what_nobody_foresaw_is_noted_and_keeps_what_was_found() -> None:
    report = Report()
    phases = Phases(report, None)
    with phases.phase("log"):
        report.add(FINDING)
        raise TypeError("unforeseen")
    with phases.phase("rows"):
        report.add(FINDING)
    assert report.findings == [FINDING, FINDING]
    assert [item.subject for item in report.unchecked] == ["log"]
    assert "unforeseen" in report.unchecked[0].reason


def test_a_caller_who_gives_up_is_obeyed() -> None:
    def stop(_: Progress) -> None:
        raise KeyError("stopped")

    phases = Phases(Report(), stop)
    with pytest.raises(KeyError), phases.phase("log"):
        phases.tell(Progress("log", 0, 0))


def test_an_impossible_run_does_not_hide_findings() -> None:
    report = Report()
    phases = Phases(report, None)
    with pytest.raises(VerificationImpossibleError), phases.phase("log"):
        raise VerificationImpossibleError("no disk")
    report.add(FINDING)
    with phases.phase("bytes"):
        raise VerificationImpossibleError("no disk")
    assert report.findings == [FINDING]
    assert [item.subject for item in report.unchecked] == ["bytes"]
