"""Lists of cases: filters, order, one page at a time."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.case_numbers import normalize_case_number
from custody.case_rows import Case, case_query, select_cases
from custody.codes import normalize_code
from custody.errors import CaseNumberError, UnknownSortError
from custody.tables import case_officers, cases


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases; None asks nothing. Days are the bureau's, both included.

    ``text`` is found anywhere in number, title or party, or is an officer's code, in any writing
    as ``officer`` is (`normalize_code`), or certificate number 执法证号 (ASCII letters in either
    case).
    """

    text: str | None = None
    officer: str | None = None
    procedure: str | None = None
    occurred_from: date | None = None
    occurred_to: date | None = None


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page, and how many cases the filter finds in all."""

    cases: list[Case]
    total: int


#: What a list can be sorted by; with a minus in front, downward.
CASE_SORTS: dict[str, sa.Column[Any]] = {
    "number": cases.c.number,
    "title": cases.c.title,
    "procedure": cases.c.procedure,
    "occurred_on": cases.c.occurred_on,
    "created_at": cases.c.created_at,
}
DEFAULT_CASE_SORT = "-created_at"


def search_cases(
    tx: Connection,
    wanted: CaseFilter,
    sort: str = DEFAULT_CASE_SORT,
    offset: int = 0,
    limit: int = 50,
) -> CasePage:
    """A page of cases in a stable order: equal ones by id, those without the value at the end.

    Rows that were altered stand among them (`Case.altered`). Raises `UnknownSortError`.
    """
    column = CASE_SORTS.get(sort.removeprefix("-"))
    if column is None:
        raise UnknownSortError(sort)
    downward = sort.startswith("-")
    page = select_cases(
        tx,
        case_query(tx)
        .where(*_conditions(wanted))
        .order_by(
            (column.desc() if downward else column.asc()).nulls_last(),
            cases.c.id.desc() if downward else cases.c.id.asc(),
        )
        .offset(offset)
        .limit(limit),
    )
    return CasePage(page, count_cases(tx, wanted))


def count_cases(tx: Connection, wanted: CaseFilter) -> int:
    """How many cases the filter finds."""
    counted = sa.select(sa.func.count()).select_from(cases).where(*_conditions(wanted))
    return tx.scalar(counted) or 0


def _conditions(wanted: CaseFilter) -> list[sa.ColumnElement[bool]]:
    c = cases.c
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.text:
        text = wanted.text.replace("\x00", "�")
        any_of = [*_contain(c.title, text), *_contain(c.party, text)]
        try:
            any_of.append(c.number == normalize_case_number(text))
        except CaseNumberError:
            any_of += _contain(c.number, text)
        conditions.append(sa.or_(*any_of, c.id.in_(_with_officer(text))))
    if wanted.officer is not None:
        named = case_officers.c.officer == normalize_code(wanted.officer)
        conditions.append(c.id.in_(sa.select(case_officers.c.case_id).where(named)))
    if wanted.procedure is not None:
        conditions.append(c.procedure == wanted.procedure)
    if wanted.occurred_from is not None:
        conditions.append(c.occurred_on >= wanted.occurred_from)
    if wanted.occurred_to is not None:
        conditions.append(c.occurred_on <= wanted.occurred_to)
    return conditions


def _with_officer(text: str) -> sa.Select[tuple[str]]:
    """The cases that name an officer by this code or 执法证号."""
    named = case_officers.c
    return sa.select(named.case_id).where(
        sa.or_(
            named.officer == normalize_code(text),
            sa.func.lower(named.certificate_number) == text.strip().lower(),
        )
    )


def _contain(column: sa.Column[Any], text: str) -> list[sa.ColumnElement[bool]]:
    """Conditions for ``text`` in ``column``; other letters than ASCII's may differ in case only
    where the engine knows them."""
    lowered = sa.func.lower(column).contains(text.lower(), autoescape=True)
    return [column.contains(text, autoescape=True), lowered]
