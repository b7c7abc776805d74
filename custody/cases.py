"""Cases: what recordings are evidence for. Links between the two are in `custody.links`."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.case_numbers import normalize_case_number
from custody.errors import CaseExistsError, CaseNotFoundError, CaseNumberError, UnknownSortError
from custody.events import EventKind, case_item
from custody.first_writer import insert_first
from custody.ids import new_id
from custody.ledger import Event, Ledger
from custody.links import (
    CaseLink,
    LinkedClip,
    Stage,
    clips_of_case,
    link_clip,
    links_of_clip,
    links_of_clips,
    unlink_clip,
)
from custody.log.entry import Json
from custody.tables import case_officers, cases, links

__all__ = [
    "CASE_SORTS",
    "Case",
    "CaseFilter",
    "CaseLink",
    "CaseOfficer",
    "CasePage",
    "LinkedClip",
    "NewCase",
    "Procedure",
    "Stage",
    "case_details",
    "clips_of_case",
    "create_case",
    "find_case",
    "get_case",
    "link_clip",
    "links_of_clip",
    "links_of_clips",
    "search_cases",
    "unlink_clip",
]


class Procedure(StrEnum):
    """简易 (one numbered decision on the spot) or 普通 (行政处罚法 ch. 5)."""

    SUMMARY = "summary"
    GENERAL = "general"


@dataclass(frozen=True, slots=True)
class CaseOfficer:
    """An officer of a case, by the code that recordings carry, with 执法证号 where it is known."""

    officer: str
    certificate_number: str | None = None


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to be created. ``number`` in any accepted writing; the day is the bureau's."""

    number: str
    procedure: Procedure | str
    title: str
    party: str | None = None
    occurred_on: date | None = None
    officers: tuple[CaseOfficer, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its rows stand; ``officers`` in order of code, ``clip_count`` of standing links."""

    id: str
    number: str
    procedure: str
    title: str
    party: str | None
    occurred_on: date | None
    created_at: datetime
    created_by: str
    officers: tuple[CaseOfficer, ...]
    clip_count: int


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases; None asks nothing. Days are the bureau's, both included.

    ``text`` is found anywhere in number, title or party.
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

_CLIP_COUNT = (
    sa.select(sa.func.count())
    .select_from(links)
    .where(links.c.case_id == cases.c.id, links.c.unlinked_at.is_(None))
    .scalar_subquery()
    .label("clip_count")
)


def create_case(tx: Connection, ledger: Ledger, actor: Actor, new: NewCase) -> Case:
    """Create a case; ``case.created``.

    Raises `CaseNumberError`, `CaseExistsError`, and `ValueError` for a procedure that is none.
    """
    number = normalize_case_number(new.number)
    case = Case(
        id=new_id(),
        number=number,
        procedure=Procedure(new.procedure).value,
        title=new.title,
        party=new.party,
        occurred_on=new.occurred_on,
        created_at=ledger.clock.now(),
        created_by=actor.id,
        # A code named twice is one officer; the later certificate number counts.
        officers=tuple(
            officer for _, officer in sorted({one.officer: one for one in new.officers}.items())
        ),
        clip_count=0,
    )
    columns = {name: getattr(case, name) for name in cases.c.keys()}  # noqa: SIM118 - names, not columns
    if not insert_first(tx, cases, columns):
        raise CaseExistsError(number)
    if case.officers:
        tx.execute(
            case_officers.insert(),
            [
                {
                    "case_id": case.id,
                    "officer": one.officer,
                    "certificate_number": one.certificate_number,
                }
                for one in case.officers
            ],
        )
    ledger.append(
        tx,
        actor,
        Event(
            EventKind.CASE_CREATED,
            case_item(case.id),
            facts={"case": case.id, "procedure": case.procedure},
            details=case_details(case),
        ),
    )
    return case


def case_details(case: Case) -> dict[str, Json]:
    """What ``case.created`` commits to (beside the actor's name)."""
    return {
        "number": case.number,
        "title": case.title,
        "party": case.party,
        "occurred_on": None if case.occurred_on is None else case.occurred_on.isoformat(),
        "officers": [
            {"officer": one.officer, "certificate_number": one.certificate_number}
            for one in case.officers
        ],
    }


def get_case(tx: Connection, case_id: str) -> Case:
    """One case. Raises `CaseNotFoundError`."""
    found = _select(tx, sa.select(cases, _CLIP_COUNT).where(cases.c.id == case_id))
    if not found:
        raise CaseNotFoundError(case_id)
    return found[0]


def find_case(tx: Connection, number: str) -> Case | None:
    """The case with this number in any accepted writing; None also for what is no number."""
    try:
        normal = normalize_case_number(number)
    except CaseNumberError:
        return None
    found = _select(tx, sa.select(cases, _CLIP_COUNT).where(cases.c.number == normal))
    return found[0] if found else None


def search_cases(
    tx: Connection,
    wanted: CaseFilter,
    sort: str = DEFAULT_CASE_SORT,
    offset: int = 0,
    limit: int = 50,
) -> CasePage:
    """A page of cases in a stable order: equal ones by id, those without the value at the end.

    Raises `UnknownSortError`.
    """
    column = CASE_SORTS.get(sort.removeprefix("-"))
    if column is None:
        raise UnknownSortError(sort)
    downward = sort.startswith("-")
    conditions = _conditions(wanted)
    page = _select(
        tx,
        sa.select(cases, _CLIP_COUNT)
        .where(*conditions)
        .order_by(
            (column.desc() if downward else column.asc()).nulls_last(),
            cases.c.id.desc() if downward else cases.c.id.asc(),
        )
        .offset(offset)
        .limit(limit),
    )
    total = tx.scalar(sa.select(sa.func.count()).select_from(cases).where(*conditions))
    return CasePage(page, total or 0)


def _conditions(wanted: CaseFilter) -> list[sa.ColumnElement[bool]]:
    c = cases.c
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.text:
        text = wanted.text.replace("\x00", "�")
        any_of = [c.title.contains(text, autoescape=True), c.party.contains(text, autoescape=True)]
        try:
            any_of.append(c.number == normalize_case_number(text))
        except CaseNumberError:
            any_of.append(c.number.contains(text, autoescape=True))
        conditions.append(sa.or_(*any_of))
    if wanted.officer is not None:
        conditions.append(
            c.id.in_(
                sa.select(case_officers.c.case_id).where(case_officers.c.officer == wanted.officer)
            )
        )
    if wanted.procedure is not None:
        conditions.append(c.procedure == wanted.procedure)
    if wanted.occurred_from is not None:
        conditions.append(c.occurred_on >= wanted.occurred_from)
    if wanted.occurred_to is not None:
        conditions.append(c.occurred_on <= wanted.occurred_to)
    return conditions


def _select(tx: Connection, query: sa.Select[Any]) -> list[Case]:
    rows = tx.execute(query).mappings().all()
    officers: dict[str, list[CaseOfficer]] = {row["id"]: [] for row in rows}
    for one in tx.execute(
        sa.select(case_officers)
        .where(case_officers.c.case_id.in_(list(officers)))
        .order_by(case_officers.c.officer)
    ):
        officers[one.case_id].append(CaseOfficer(one.officer, one.certificate_number))
    return [Case(**row, officers=tuple(officers[row["id"]])) for row in rows]
