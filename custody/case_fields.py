"""What people type of a case, in the form in which it is kept. Pure."""

import re
from datetime import date, datetime

from custody.case_rows import CaseOfficer, is_case_day
from custody.errors import (
    CaseDayAheadError,
    CaseOfficerCodeError,
    CaseOfficerListError,
    CaseTitleError,
)
from custody.readable_text import is_visible
from custody.recording_times import FURTHEST_AHEAD

#: No code and no certificate number has one of these in it: what parts two of a list.
_PARTING = re.compile(r"[\s、,，;；:：/／]")
#: Of what names several, as much is repeated.
SHOWN_CHARACTERS = 60


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
    """One officer, without spaces around code and certificate number.

    Raises `CaseOfficerCodeError` for a code of which nothing can be seen, and
    `CaseOfficerListError` where either is more than one, or where both have letters in the same
    places (JX0227 JX0311): a second officer's code would otherwise be logged as the first one's
    certificate number.
    """
    code = officer.officer.strip()
    if not is_visible(code):
        raise CaseOfficerCodeError
    one = CaseOfficer(code, read_optional(officer.certificate_number))
    texts = [one.officer, one.certificate_number or ""]
    if any(sign.isalpha() for sign in code) and _shape(texts[0]) == _shape(texts[1]):
        texts = [" ".join(texts)]
    for text in texts:
        if names_several(text):
            shown = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
            raise CaseOfficerListError(shown)
    return one


def names_several(text: str) -> bool:
    """Whether ``text`` has a space or a sign of a list in it."""
    return _PARTING.search(text) is not None


def _shape(text: str) -> str:
    """Where letters and digits stand in ``text``."""
    return "".join("A" if sign.isalpha() else "0" if sign.isdigit() else sign for sign in text)
