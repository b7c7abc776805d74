"""What is typed into a case's form: read, written back, and held against another's change.

Pure. A form is the texts of its fields by the names that `custody.cases.CASE_FIELDS` has.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from custody.case_numbers import normalize_case_number
from custody.cases import CASE_FIELDS, Case, CaseOfficer, NewCase
from custody.codes import MAX_CODE_CHARACTERS, find_code, names_several
from custody.errors import CaseNumberError
from custody.history import HistoryEvent
from ingest.filenames import FIRST_YEAR, LAST_YEAR

MAX_OFFICERS = 50
#: Of a code that is too long, as much is named.
SHOWN_CHARACTERS = 20

Typed = dict[str, str]


class CaseDayError(Exception):
    """What was typed is no day, or of a year in which nothing was recorded."""


class CaseOfficerError(Exception):
    """An officer stands in two lines that say different things; the message is their code."""


class CaseCodeError(Exception):
    """A code or certificate number is longer than any is; the message is its beginning."""


class CaseOfficersError(Exception):
    """More officers than a case can have; the message is how many it can."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that somebody else changed meanwhile: ``theirs`` stands, ``yours`` was typed.

    ``kept`` says whether the form goes on with ``yours``: where only they changed it, it does not.
    """

    name: str
    theirs: str
    yours: str
    kept: bool


def read_case(typed: Mapping[str, str]) -> NewCase:
    """What the form says; whether that makes a case is for `custody.cases` to say.

    Raises `CaseDayError`, `CaseCodeError`, `CaseOfficerError`, `CaseOfficersError`, and
    `ValueError` for a procedure that is none.
    """
    officers = read_officers(typed["officers"])
    if len(officers) > MAX_OFFICERS:
        raise CaseOfficersError(str(MAX_OFFICERS))
    codes = [one.officer for one in officers]
    for code in [*codes, *(one.certificate_number or "" for one in officers)]:
        if len(code) > MAX_CODE_CHARACTERS and not names_several(code):
            raise CaseCodeError(f"{code[:SHOWN_CHARACTERS]}…")
    for code in codes:
        if codes.count(code) > 1:
            raise CaseOfficerError(code)
    return NewCase(
        number=typed["number"],
        procedure=typed["procedure"],
        title=typed["title"],
        party=typed["party"].strip() or None,
        occurred_on=_read_day(typed["occurred_on"].strip()),
        officers=officers,
    )


def write_case(case: Case) -> Typed:
    """The form of a case as it stands."""
    return {
        "number": case.number,
        "procedure": case.procedure,
        "title": case.title,
        "party": case.party or "",
        "occurred_on": "" if case.occurred_on is None else case.occurred_on.isoformat(),
        "officers": _write_officers(case.officers),
    }


def write_event(event: HistoryEvent) -> Typed | None:
    """The form of a case as an entry said it was; None where what it said is lost."""
    details = {**event.details, "procedure": event.facts.get("procedure")}
    officers = details.get("officers")
    if not isinstance(officers, list):
        return None
    typed = {name: str(details.get(name) or "") for name in CASE_FIELDS}
    typed["officers"] = _write_officers(
        CaseOfficer(str(one.get("officer")), _text(one.get("certificate_number")))
        for one in officers
        if isinstance(one, dict)
    )
    return typed


def merge(before: Typed | None, theirs: Typed, yours: Typed) -> tuple[Typed, list[Difference]]:
    """The form to go on with, and what else than ``yours`` others made of ``before``.

    Where only they changed a field, it says what they say: else saving it once more would undo
    that unseen. Where ``before`` is not known, all that was typed is kept.
    """
    merged, differences = dict(yours), []
    for name in CASE_FIELDS:
        was = None if before is None else _normal(name, before[name])
        now, typed = _normal(name, theirs[name]), _normal(name, yours[name])
        if now in {was, typed}:
            continue
        kept = typed != was
        if not kept:
            merged[name] = theirs[name]
        differences.append(Difference(name, theirs[name], yours[name], kept))
    return merged, differences


def read_officers(text: str) -> tuple[CaseOfficer, ...]:
    """One officer a line: the code, then 执法证号 if it is known, parted by spaces.

    A code is in its normal form. A line that only repeats another is left out. Whatever else stands
    in it stays as it is typed: custody refuses what may name two.
    """
    found: dict[CaseOfficer, None] = {}
    for line in text.splitlines():
        parts = line.split(maxsplit=1)
        if parts:
            certificate = parts[1].strip() if len(parts) > 1 else ""
            found[CaseOfficer(find_code(parts[0]) or parts[0], certificate or None)] = None
    return tuple(found)


def _write_officers(officers: Iterable[CaseOfficer]) -> str:
    return "\n".join(f"{one.officer} {one.certificate_number or ''}".strip() for one in officers)


def _normal(name: str, text: str) -> str:
    if name == "officers":
        return _write_officers(sorted(read_officers(text), key=lambda one: one.officer))
    if name == "number":
        try:
            return normalize_case_number(text)
        except CaseNumberError:
            return text.strip()
    return text.strip()


def _read_day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise CaseDayError(text) from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise CaseDayError(text)
    return day


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
