"""Cases: the list, and one case with its clips by officer, by stage, and what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.dependencies import PersonDep, SearchText, ServicesDep
from api.web.case_history import asked_for_case, read_case_history
from api.web.case_timeline import build_timeline
from api.web.filters import Filters
from api.web.origins import origins_of
from api.web.pages import Pages, parameters_of
from api.web.provenance import breach_of
from api.web.trace import TraceState, build_trace
from custody.access import Right, allows
from custody.case_search import CASE_SORTS, CaseFilter, CasePage, search_cases
from custody.case_stages import missing_stages, shown_stages
from custody.cases import (
    Case,
    LinkedClip,
    Procedure,
    Stage,
    clips_of_case,
    get_case_as_it_stands,
)
from custody.events import case_item, clip_item
from custody.history import histories_of
from custody.renditions import renditions_of
from custody.viewings import note_listing, open_listing

router = APIRouter()

PER_PAGE = 50
DEFAULT_SORT = "-occurred_on"
ROW_GAP = 5.0


@dataclass(frozen=True, slots=True)
class Missing:
    """What a case still lacks: stages without a recording, officers without one of their own."""

    stages: tuple[Stage, ...]
    officers: tuple[str, ...]


def what_is_missing(case: Case, linked: Sequence[LinkedClip]) -> Missing:
    """Stages of its procedure that no clip covers and officers of whom there is no clip.

    One recording may show both officers, so this warns and blocks nothing (处罚法 42).
    """
    recording = {one.clip.officer for one in linked}
    return Missing(
        missing_stages(case.procedure, (one.stage for one in linked)),
        tuple(one.officer for one in case.officers if one.officer not in recording),
    )


@router.get("/cases")
def list_cases(
    request: Request,
    services: ServicesDep,
    person: PersonDep,
    text: SearchText = "",
    sort: str = DEFAULT_SORT,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    services.access.require(person.actor, Right.SEE_CLIPS, "cases")
    if sort.removeprefix("-") not in CASE_SORTS:
        sort = DEFAULT_SORT
    parameters = parameters_of(request, "text", "officer", "procedure", "sort")
    filters = Filters(parameters, services.config.zone)
    wanted = CaseFilter(
        text=text.strip() or None,
        officer=filters.text("officer"),
        procedure=filters.choice("procedure", set(Procedure)),
    )
    with services.database.read() as tx:
        page = CasePage([], 0)
        if not filters.unreadable:
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
        status=filters.status,
        cases=page.cases,
        total=page.total,
        traces={
            case.id: build_trace(histories[case_item(case.id)], now, min_gap=ROW_GAP)
            for case in page.cases
        },
        parameters=parameters,
        unreadable=filters.unreadable,
        sort=sort,
        offset=offset,
        per_page=PER_PAGE,
        procedures=tuple(Procedure),
    )


@router.get("/cases/{case_id}")
def show_case(request: Request, services: ServicesDep, person: PersonDep, case_id: str) -> Response:
    services.access.require(person.actor, Right.SEE_CLIPS, case_item(case_id))
    with services.database.read() as tx:
        case = get_case_as_it_stands(tx, case_id)
        linked = clips_of_case(tx, case_id)
        clip_ids = [one.clip.id for one in linked]
        history = read_case_history(tx, case_id)
        origins = origins_of(tx, [one.clip for one in linked], history.of_clips)
        renditions = renditions_of(tx, clip_ids)
    listing = None
    with services.database.write() as tx:
        if linked and allows(person.actor.role, Right.SEE_FOOTAGE):
            listing = open_listing(
                tx, services.ledger, services.clock, person.actor, clip_ids, asked_for_case(case)
            )
        else:
            note_listing(tx, services.ledger, person.actor, clip_ids, asked_for_case(case))
    now = services.clock.now()
    traces = {
        clip_id: build_trace(
            history.of_clips[clip_item(clip_id)], now, min_gap=ROW_GAP, origin=origins[clip_id]
        )
        for clip_id in clip_ids
    }
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "case.html",
        case=case,
        linked=linked,
        missing=what_is_missing(case, linked),
        timeline=build_timeline(case, linked, services.config.zone),
        zone=services.config.zone,
        fresh=history.fresh(now),
        breach=breach_of(history.events),
        traces=traces,
        failing=[
            one
            for one in linked
            if one.clip.altered or traces[one.clip.id].state is TraceState.BROKEN
        ],
        pictured={
            clip_id
            for clip_id, made in renditions.items()
            if {one.kind for one in made} & {"poster", "waveform"}
        },
        listing=listing,
        stages=shown_stages(case.procedure, (one.stage for one in linked)),
    )
