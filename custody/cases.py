"""Cases: what recordings are evidence for.

Links between the two are in `custody.links`, lists of cases in `custody.case_search`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.case_numbers import normalize_case_number
from custody.errors import CaseExistsError, CaseNotFoundError, CaseNumberError
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
    "Case",
    "CaseLink",
    "CaseOfficer",
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


#: Beside the columns of a case: how many links to it stand.
CLIP_COUNT = (
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
    found = select_cases(tx, sa.select(cases, CLIP_COUNT).where(cases.c.id == case_id))
    if not found:
        raise CaseNotFoundError(case_id)
    return found[0]


def find_case(tx: Connection, number: str) -> Case | None:
    """The case with this number in any accepted writing; None also for what is no number."""
    try:
        normal = normalize_case_number(number)
    except CaseNumberError:
        return None
    found = select_cases(tx, sa.select(cases, CLIP_COUNT).where(cases.c.number == normal))
    return found[0] if found else None


def select_cases(tx: Connection, query: sa.Select[Any]) -> list[Case]:
    """The cases that ``query`` (of `cases` with `CLIP_COUNT`) finds, in its order."""
    rows = tx.execute(query).mappings().all()
    officers: dict[str, list[CaseOfficer]] = {row["id"]: [] for row in rows}
    for one in tx.execute(
        sa.select(case_officers)
        .where(case_officers.c.case_id.in_(list(officers)))
        .order_by(case_officers.c.officer)
    ):
        officers[one.case_id].append(CaseOfficer(one.officer, one.certificate_number))
    return [Case(**row, officers=tuple(officers[row["id"]])) for row in rows]
