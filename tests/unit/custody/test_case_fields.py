"""What people type of a case: kept without spaces around it, and one officer never read as two."""

from datetime import UTC, date, datetime

import pytest

from custody.case_fields import read_day, read_officer
from custody.case_rows import CaseOfficer
from custody.codes import SHOWN_CHARACTERS, names_several
from custody.errors import (
    CaseDayAheadError,
    CaseOfficerCodeError,
    CaseOfficerListError,
    CodeHiddenError,
    CodeLongError,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (CaseOfficer(" JX0227 ", "\u300001020304\n"), CaseOfficer("JX0227", "01020304")),
        (CaseOfficer("零A-7(2)"), CaseOfficer("零A-7(2)")),
        (CaseOfficer("JX0227", " \u200b"), CaseOfficer("JX0227")),
        (CaseOfficer("0227", "0311"), CaseOfficer("0227", "0311")),  # of numbers nobody can tell
        (CaseOfficer("JX0227", "零0311"), CaseOfficer("JX0227", "零0311")),
        (CaseOfficer("ｊx０227", "零a-0012"), CaseOfficer("JX0227", "零a-0012")),
    ],
)
def test_an_officer_is_kept_without_spaces_around(typed: CaseOfficer, kept: CaseOfficer) -> None:
    assert read_officer(typed) == kept


@pytest.mark.parametrize("sign", [" ", "\u3000", "\t", "\n", *"、､,，;；:：/／"])
def test_a_code_or_certificate_number_that_names_two_is_refused(sign: str) -> None:
    two = f"JX0227{sign}JX0311"
    assert names_several(two)
    for officer in (CaseOfficer(two), CaseOfficer("JX0227", two)):
        with pytest.raises(CaseOfficerListError) as caught:
            read_officer(officer)
        assert two in str(caught.value)


@pytest.mark.parametrize("second", ["JX0311", "jx0311", "JX0227", "ｊｘ０３１１"])
def test_a_second_code_is_no_certificate_number(second: str) -> None:
    with pytest.raises(CaseOfficerListError, match=f"JX0227 {second}"):
        read_officer(CaseOfficer("JX0227", second))


def test_of_a_long_list_the_beginning_is_repeated() -> None:
    with pytest.raises(CaseOfficerListError, match="…") as caught:
        read_officer(CaseOfficer("JX、" * SHOWN_CHARACTERS))
    assert len(Exception.__str__(caught.value)) == SHOWN_CHARACTERS + 1


def test_a_code_of_nothing_to_be_seen_is_none() -> None:
    with pytest.raises(CaseOfficerCodeError):
        read_officer(CaseOfficer("\u200b", "01020304"))


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u2066", "\ue000"])
def test_neither_code_nor_certificate_number_hides_a_character(hidden: str) -> None:
    for officer in (CaseOfficer(f"JX0227{hidden}"), CaseOfficer("JX0227", f"01{hidden}0203")):
        with pytest.raises(CodeHiddenError):
            read_officer(officer)


def test_what_no_column_takes_is_refused() -> None:
    for officer in (CaseOfficer("7" * 65), CaseOfficer("JX0227", "7" * 65)):
        with pytest.raises(CodeLongError):
            read_officer(officer)


@pytest.mark.parametrize("day", [None, date(2026, 11, 22), date(2026, 11, 23), date(1999, 1, 1)])
def test_a_day_on_which_something_can_have_happened_is_kept(day: date | None) -> None:
    # Somewhere it is the 23rd already.
    assert read_day(day, datetime(2026, 11, 22, 23, 59, tzinfo=UTC)) == day


@pytest.mark.parametrize("day", [date(2026, 11, 24), date(2099, 1, 1)])
def test_nothing_happened_on_a_day_that_is_yet_to_come(day: date) -> None:
    with pytest.raises(CaseDayAheadError, match="more than a day"):
        read_day(day, datetime(2026, 11, 22, 23, 59, tzinfo=UTC))


def test_a_day_outside_the_calendar_is_none() -> None:
    with pytest.raises(ValueError, match="outside the calendar"):
        read_day(date.max, datetime(2026, 11, 22, tzinfo=UTC))
