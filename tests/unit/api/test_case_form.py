"""What is typed into a case's form, and what becomes of it beside another's change."""

from datetime import UTC, date, datetime

import pytest

from api.web.case_form import (
    MAX_OFFICERS,
    CaseCodeError,
    CaseDayError,
    CaseOfficerError,
    CaseOfficersError,
    merge,
    read_case,
    read_officers,
    write_case,
)
from custody.cases import Case, CaseOfficer
from custody.codes import MAX_CODE_CHARACTERS

FORM = {
    "number": "零城执罚决字〔2026〕第12号",
    "procedure": "general",
    "title": "占道经营",
    "party": "王某",
    "occurred_on": "2026-11-22",
    "officers": "JX0227 0012\nJX0228",
}


def test_a_case_written_into_a_form_is_read_back() -> None:
    officers = (CaseOfficer("JX0227", "0012"), CaseOfficer("JX0228"))
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    case = Case(
        "c", FORM["number"], "general", "占道经营", "王某", date(2026, 11, 22), moment, "bob",
        officers, 0,
    )  # fmt: skip
    assert write_case(case) == FORM
    new = read_case(FORM)
    assert (new.number, new.procedure, new.title) == (case.number, case.procedure, case.title)
    assert (new.party, new.occurred_on, new.officers) == (case.party, case.occurred_on, officers)


def test_what_is_left_empty_is_none_and_no_title_is_made_up() -> None:
    new = read_case(FORM | {"title": " ", "party": "", "occurred_on": "", "officers": "\n"})
    assert (new.title, new.party, new.occurred_on, new.officers) == (" ", None, None, ())


@pytest.mark.parametrize("text", ["2026-13-01", "yesterday", "22.11.2026"])
def test_what_is_no_day_is_not_taken_for_none(text: str) -> None:
    with pytest.raises(CaseDayError):
        read_case(FORM | {"occurred_on": text})


def test_officers_are_read_however_they_are_parted() -> None:
    text = " JX0227\u30000012 \nJX0228\t零A7\n\nJX0227 0012"
    assert read_officers(text) == (CaseOfficer("JX0227", "0012"), CaseOfficer("JX0228", "零A7"))


def test_one_officer_written_twice_is_one_however_the_code_is_written() -> None:
    assert read_officers("jx0227 0012\nＪＸ０２２７ 0012") == (CaseOfficer("JX0227", "0012"),)
    with pytest.raises(CaseOfficerError, match="JX0227"):
        read_case(FORM | {"officers": "JX0227 0012\njx0227"})


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("JX0227、JX0311", CaseOfficer("JX0227、JX0311")),
        ("JX0227，JX0311", CaseOfficer("JX0227，JX0311")),
        ("JX0227 0012 JX0311 0013", CaseOfficer("JX0227", "0012 JX0311 0013")),
        ("JX0227:0012; JX0311:0013", CaseOfficer("JX0227:0012;", "JX0311:0013")),
        ("JX0227 " + "0012、" * 64, CaseOfficer("JX0227", "0012、" * 64)),
    ],
)
def test_a_list_on_one_line_is_left_for_custody_to_refuse(line: str, read: CaseOfficer) -> None:
    assert read_case(FORM | {"officers": line}).officers == (read,)


@pytest.mark.parametrize("before", ["", "JX0227 "])
def test_a_code_or_certificate_that_is_too_long_is_refused_and_not_cut(before: str) -> None:
    longest = "七" * MAX_CODE_CHARACTERS
    read_case(FORM | {"officers": before + longest})
    with pytest.raises(CaseCodeError, match=r"^七{20}…$"):
        read_case(FORM | {"officers": f"{before}{longest}七"})


def test_an_officer_in_two_lines_that_differ_is_not_taken_for_one() -> None:
    with pytest.raises(CaseOfficerError, match="JX0227"):
        read_case(FORM | {"officers": "JX0227\nJX0228\nJX0227 2"})


def test_a_field_that_only_they_changed_is_theirs_and_one_that_both_did_yours() -> None:
    theirs = FORM | {"title": "theirs", "party": "theirs"}
    yours = FORM | {"title": "yours", "occurred_on": ""}
    merged, differences = merge(FORM, theirs, yours)
    assert merged == FORM | {"title": "yours", "party": "theirs", "occurred_on": ""}
    assert [(one.name, one.theirs, one.yours, one.kept) for one in differences] == [
        ("title", "theirs", "yours", True),
        ("party", "theirs", "王某", False),
    ]


def test_another_writing_of_the_same_is_no_difference() -> None:
    yours = FORM | {
        "number": "零城执罚决字(2026)012",
        "title": " 占道经营 ",
        "officers": "JX0228\nJX0227  0012",
    }
    assert merge(FORM, FORM | {"party": "theirs"}, yours)[1][0].name == "party"
    assert len(merge(FORM, FORM | {"party": "theirs"}, yours)[1]) == 1
    assert merge(FORM, FORM | {"title": "both"}, FORM | {"title": "both "})[1] == []


def test_where_nobody_knows_what_was_before_everything_typed_is_kept() -> None:
    yours = FORM | {"title": "yours"}
    merged, differences = merge(None, FORM | {"party": "theirs"}, yours)
    assert merged == yours
    assert [(one.name, one.kept) for one in differences] == [("title", True), ("party", True)]


def test_officers_beyond_the_most_are_refused_and_never_dropped() -> None:
    lines = [f"JX{number:04}" for number in range(MAX_OFFICERS + 1)]
    most = [*lines[:-1], lines[0]]  # a line that only repeats another is none
    assert len(read_case(FORM | {"officers": "\n".join(most)}).officers) == MAX_OFFICERS
    with pytest.raises(CaseOfficersError, match=f"^{MAX_OFFICERS}$"):
        read_case(FORM | {"officers": "\n".join(lines)})
