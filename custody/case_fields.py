"""What people type of a case, in the form in which it is kept. Pure."""

from datetime import date, datetime

from custody.case_rows import CaseOfficer, is_case_day
from custody.codes import names_several, normalize_code, require_one_code, shown_code
from custody.errors import (
    CaseDayAheadError,
    CaseOfficerCodeError,
    CaseOfficerListError,
    CaseTitleError,
)
from custody.readable_text import is_visible
from custody.recording_times import FURTHEST_AHEAD


def read_title(text: str) -> str:
    """``text`` without spaces around it. Raises `CaseTitleError`."""
    title = text.strip()
    if not is_visible(title):
        raise CaseTitleError
    return title


def read_optional(text: str | None) -> str | None:
    """``text`` without spaces around it; None where nothing of it can be seen."""
    return text.strip() if text is not None and is_visible(text) else None


def read_day(day: date | None, now: datetime) -> date | None:
    """``day`` itself, on which something can have happened at ``now``, aware.

    Raises `CaseDayAheadError`, and `ValueError` for a day outside the calendar.
    """
    if day is None:
        return None
    if not is_case_day(day):
        raise ValueError(f"{day}: outside the calendar")
    if day > (now + FURTHEST_AHEAD).date():
        raise CaseDayAheadError(day.isoformat())
    return day


def read_officer(officer: CaseOfficer) -> CaseOfficer:
    """One officer: the code in its normal form, the certificate number without spaces around it.

    Raises `CaseOfficerCodeError` for a code of which nothing can be seen, `CaseOfficerListError`
    where either is more than one, or where both have letters in the same places (JX0227 JX0311): a
    second officer's code would otherwise be logged as the first one's certificate number. Raises
    `CodeHiddenError` and `CodeLongError` for either as `read_code` does.
    """
    code = normalize_code(officer.officer)
    if not is_visible(code):
        raise CaseOfficerCodeError
    one = CaseOfficer(code, read_optional(officer.certificate_number))
    typed, number = officer.officer.strip(), one.certificate_number or ""
    if any(sign.isalpha() for sign in code) and _shape(code) == _shape(normalize_code(number)):
        raise CaseOfficerListError(shown_code(f"{typed} {number}"))
    for kept, said in ((code, typed), (number, number)):
        if names_several(normalize_code(kept)):
            raise CaseOfficerListError(shown_code(said))
        require_one_code(kept, said)
    return one


def _shape(text: str) -> str:
    """Where letters and digits stand in ``text``."""
    return "".join("A" if sign.isalpha() else "0" if sign.isdigit() else sign for sign in text)
