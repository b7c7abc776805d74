"""Cases: the list, a new one, and one case with its clips by stage and what is missing."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from api import errors
from api.dependencies import PersonDep, ServicesDep, SubmittedDep
from api.web.pages import Pages, parameters_of
from api.web.trace import build_trace
from custody.access import Right, allows
from custody.case_search import CASE_SORTS, CaseFilter, search_cases
from custody.cases import (
    Case,
    CaseOfficer,
    LinkedClip,
    NewCase,
    Procedure,
    Stage,
    clips_of_case,
    create_case,
    get_case,
)
from custody.errors import CaseExistsError, CaseNumberError
from custody.events import EventKind, case_item, clip_item
from custody.history import HistoryEvent, histories_of, history_of
from custody.links import clips_once_in_case
from custody.renditions import renditions_of
from custody.viewings import note_listing, open_listing

router = APIRouter()

PER_PAGE = 50
DEFAULT_SORT = "-occurred_on"
ROW_GAP = 5.0
MAX_OFFICERS = 50


@dataclass(frozen=True, slots=True)
class Missing:
    """What a case still lacks: stages without a recording, officers without one of their own."""

    stages: tuple[Stage, ...]
    officers: tuple[str, ...]


def what_is_missing(case: Case, linked: Sequence[LinkedClip]) -> Missing:
    """Stages that no clip covers and officers of whom there is no clip.

    One recording may show both officers, so this warns and blocks nothing (处罚法 42).
    """
    covered = {one.stage for one in linked}
    recording = {one.clip.officer for one in linked}
    return Missing(
        tuple(stage for stage in Stage if stage not in covered),
        tuple(one.officer for one in case.officers if one.officer not in recording),
    )


def merge_history(
    case_id: str,
    own: Sequence[HistoryEvent],
    of_clips: Iterable[Sequence[HistoryEvent]],
) -> list[HistoryEvent]:
    """The case's own events and those that linked clips to it or took them out, oldest first."""
    linking = (
        event
        for history in of_clips
        for event in history
        if event.kind in {EventKind.LINK_MADE, EventKind.LINK_REMOVED}
        and event.facts.get("case") == case_id
    )
    return sorted([*own, *linking], key=lambda event: event.at)


@router.get("/cases")
def list_cases(
    request: Request,
    services: ServicesDep,
    person: PersonDep,
    text: str = "",
    officer: str = "",
    procedure: str = "",
    sort: str = DEFAULT_SORT,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    services.access.require(person.actor, Right.SEE_CLIPS, "cases")
    if sort.removeprefix("-") not in CASE_SORTS:
        sort = DEFAULT_SORT
    wanted = CaseFilter(
        text=text.strip() or None,
        officer=officer.strip() or None,
        procedure=procedure if procedure in set(Procedure) else None,
    )
    with services.database.read() as tx:
        page = search_cases(tx, wanted, sort, offset, PER_PAGE)
        histories = histories_of(tx, [case_item(case.id) for case in page.cases])
    if wanted.text or wanted.officer:  # a search for a person, though in cases
        with services.database.write() as tx:
            note_listing(tx, services.ledger, person.actor, [], f"cases {request.url.query}")
    now = services.clock.now()
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "cases.html",
        cases=page.cases,
        total=page.total,
        traces={
            case.id: build_trace(histories[case_item(case.id)], now, min_gap=ROW_GAP)
            for case in page.cases
        },
        parameters=parameters_of(request, "text", "officer", "procedure", "sort"),
        sort=sort,
        offset=offset,
        per_page=PER_PAGE,
        procedures=tuple(Procedure),
    )


@router.get("/cases/new")
def show_new_case(request: Request, services: ServicesDep, person: PersonDep) -> Response:
    services.access.require(person.actor, Right.MANAGE_CASES, "cases")
    return _form(request, services.config.office_code, {})


@router.post("/cases")
def create(
    request: Request,
    services: ServicesDep,
    person: SubmittedDep,
    number: Annotated[str, Form(max_length=128)] = "",
    procedure: Annotated[Procedure, Form()] = Procedure.SUMMARY,
    title: Annotated[str, Form(max_length=500)] = "",
    party: Annotated[str, Form(max_length=500)] = "",
    occurred_on: Annotated[str, Form(max_length=10)] = "",
    officers: Annotated[str, Form(max_length=5000)] = "",
) -> Response:
    services.access.require(person.actor, Right.MANAGE_CASES, "cases")
    new = NewCase(
        number=number,
        procedure=procedure,
        title=title.strip() or number.strip(),
        party=party.strip() or None,
        occurred_on=_read_day(occurred_on),
        officers=read_officers(officers),
    )
    try:
        with services.database.write() as tx:
            case = create_case(tx, services.ledger, person.actor, new)
    except (CaseNumberError, CaseExistsError) as error:
        # What was typed stays in the form.
        values = {
            "number": number,
            "procedure": procedure.value,
            "title": title,
            "party": party,
            "occurred_on": occurred_on,
            "officers": officers,
        }
        return _form(request, services.config.office_code, values, errors.answer_for(error))
    return RedirectResponse(f"/cases/{case.id}", 303)


@router.get("/cases/{case_id}")
def show_case(request: Request, services: ServicesDep, person: PersonDep, case_id: str) -> Response:
    services.access.require(person.actor, Right.SEE_CLIPS, case_item(case_id))
    with services.database.read() as tx:
        case = get_case(tx, case_id)
        linked = clips_of_case(tx, case_id)
        clip_ids = [one.clip.id for one in linked]
        # A link stands in the history of its clip; those that were taken out again count too.
        ever_linked = clips_once_in_case(tx, case_id)
        histories = histories_of(tx, [clip_item(clip_id) for clip_id in ever_linked])
        history = merge_history(case_id, history_of(tx, case_item(case_id)), histories.values())
        renditions = renditions_of(tx, clip_ids)
    listing = None
    with services.database.write() as tx:
        if linked and allows(person.actor.role, Right.SEE_FOOTAGE):
            listing = open_listing(
                tx, services.ledger, services.clock, person.actor, clip_ids, case.number
            )
        else:
            note_listing(tx, services.ledger, person.actor, clip_ids, case.number)
    now = services.clock.now()
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "case.html",
        case=case,
        linked=linked,
        missing=what_is_missing(case, linked),
        history=history,
        trace=build_trace(history, now),
        traces={
            clip_id: build_trace(histories[clip_item(clip_id)], now, min_gap=ROW_GAP)
            for clip_id in clip_ids
        },
        pictured={
            clip_id
            for clip_id, made in renditions.items()
            if {one.kind for one in made} & {"poster", "waveform"}
        },
        listing=listing,
        stages=tuple(Stage),
    )


def read_officers(text: str) -> tuple[CaseOfficer, ...]:
    """One officer a line: the code, then 执法证号 if it is known, parted by space or comma."""
    found: dict[str, CaseOfficer] = {}
    for line in text.splitlines()[:MAX_OFFICERS]:
        parts = re.split(r"[\s,，、;；]+", line.strip(), maxsplit=1)
        if parts[0]:
            certificate = parts[1].strip() if len(parts) > 1 else ""
            found.setdefault(parts[0][:64], CaseOfficer(parts[0][:64], certificate[:64] or None))
    return tuple(found.values())


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _form(
    request: Request,
    office_code: str,
    typed: dict[str, str],
    answer: errors.Answer | None = None,
) -> Response:
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "case_new.html",
        status=answer.status if answer else 200,
        typed=typed,
        office_code=office_code,
        answer=answer,
        procedures=tuple(Procedure),
    )
