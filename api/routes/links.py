"""Which case and stage a clip belongs to, as people say it."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from api import errors
from api.dependencies import Person, PersonDep, ServicesDep, SubmittedDep
from api.services import Services
from api.web.pages import Pages, address, go_back, local_path
from custody.access import Right
from custody.case_numbers import normalize_case_number
from custody.case_rows import require_sound_case
from custody.case_stages import fitting_stages, shown_stages
from custody.cases import Stage, find_case, get_case_as_it_stands
from custody.clip_search import find_clips
from custody.errors import CaseNumberError, LinkExistsError
from custody.events import clip_item
from custody.links import change_stage, link_clips, stages_in_case, unlink_clip
from custody.viewings import note_listing

router = APIRouter()

#: Two pages of the list: so many ids still fit the address of the page that asks about stages.
MAX_LINKED_AT_ONCE = 100


@router.post("/links")
def link(
    request: Request,
    services: ServicesDep,
    person: SubmittedDep,
    stage: Annotated[Stage, Form()],
    clip_id: Annotated[list[str], Form(max_length=MAX_LINKED_AT_ONCE)] = [],  # noqa: B006
    case: Annotated[str, Form(max_length=128)] = "",
    back: Annotated[str, Form()] = "/clips",
) -> Response:
    """Link one or many clips to a stage of a case, named by its number in any accepted writing."""
    if not clip_id:
        services.access.require(person.actor, Right.LINK, "links")
        return errors.respond(request, errors.Answer(422, "nothing_selected"), "")
    for one in clip_id:
        services.access.require(person.actor, Right.LINK, clip_item(one))
    try:
        number = normalize_case_number(case)
    except CaseNumberError as error:
        return _ask_again(request, clip_id, case, stage, back, errors.answer_for(error))
    with services.database.read() as tx:
        found = find_case(tx, number)
        if found is not None:
            require_sound_case(found)
    if found is None:
        answer = errors.Answer(404, "no_such_case")
        return _ask_again(request, clip_id, case, stage, back, answer)
    if stage not in (fitting := fitting_stages(found.procedure)):
        answer = errors.Answer(422, "stage_unfit")
        return _ask_again(request, clip_id, case, stage, back, answer, fitting)
    with services.database.write() as tx:
        made = len(link_clips(tx, services.ledger, person.actor, found.id, clip_id, stage))
        standing = stages_in_case(tx, found.id, clip_id)
    elsewhere = sorted(one for one, its in standing.items() if its is not stage)
    there = len(standing) - len(elsewhere) - made
    if elsewhere:
        if len(standing) == 1:
            answer = errors.answer_for(LinkExistsError())
            return _stages_page(
                request, services, person, found.id, stage, elsewhere, back=back, answer=answer
            )
        return RedirectResponse(_stages_address(found.id, stage, elsewhere, made, there, back), 303)
    if there:
        return go_back(back, "linked_some" if made else "linked_before", made=made, there=there)
    return go_back(back, "linked")


@router.get("/links")
def show_standing(
    request: Request,
    services: ServicesDep,
    person: PersonDep,
    case: Annotated[str, Query(max_length=64)] = "",
    stage: Stage = Stage.INVESTIGATION,
    clip_id: Annotated[list[str], Query(max_length=MAX_LINKED_AT_ONCE)] = [],  # noqa: B006
    made: Annotated[int, Query(ge=0, le=MAX_LINKED_AT_ONCE)] = 0,
    there: Annotated[int, Query(ge=0, le=MAX_LINKED_AT_ONCE)] = 0,
    back: str = "/clips",
) -> Response:
    """After linking many: which of them stand in another stage of the case, and the way to move."""
    services.access.require(person.actor, Right.LINK, "links")
    if not case:
        return RedirectResponse(local_path(back), 303)
    return _stages_page(
        request, services, person, case, stage, clip_id, made=made, there=there, back=back
    )


@router.post("/links/stage")
def move(
    services: ServicesDep,
    person: SubmittedDep,
    stage: Annotated[Stage, Form()],
    clip_id: Annotated[list[str], Form(min_length=1, max_length=MAX_LINKED_AT_ONCE)],
    case: Annotated[str, Form(max_length=64)],
    back: Annotated[str, Form()] = "/clips",
) -> Response:
    """Move clips of a case to another of its stages: each link is ended, and made anew."""
    for one in clip_id:
        services.access.require(person.actor, Right.LINK, clip_item(one))
    with services.database.write() as tx:
        moved = change_stage(tx, services.ledger, person.actor, case, clip_id, stage)
    return go_back(back, "stage_changed", count=len(moved))


def _stages_address(
    case_id: str, stage: Stage, clip_ids: list[str], made: int, there: int, back: str
) -> str:
    return address(
        "/links",
        {
            "case": case_id,
            "stage": stage.value,
            "made": made,
            "there": there,
            "back": local_path(back),
            "clip_id": clip_ids,
        },
    )


def _stages_page(
    request: Request,
    services: Services,
    person: Person,
    case_id: str,
    stage: Stage,
    clip_ids: list[str],
    *,
    back: str,
    made: int = 0,
    there: int = 0,
    answer: errors.Answer | None = None,
) -> Response:
    with services.database.read() as tx:
        case = get_case_as_it_stands(tx, case_id)
        standing = stages_in_case(tx, case_id, clip_ids)
        clips = find_clips(tx, sorted(standing))
    with services.database.write() as tx:
        note_listing(tx, services.ledger, person.actor, sorted(standing), f"links {case.number}")
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "stages.html",
        status=answer.status if answer else 200,
        here=_stages_address(case_id, stage, clip_ids, made, there, back),
        case=case,
        stage=stage,
        others=[(clips[one], its) for one, its in standing.items() if its is not stage],
        made=made,
        there=there,
        stages=shown_stages(case.procedure, [stage]),
        back=local_path(back),
    )


def _ask_again(
    request: Request,
    clip_ids: list[str],
    case: str,
    stage: Stage,
    back: str,
    answer: errors.Answer,
    stages: Sequence[Stage] = tuple(Stage),
) -> Response:
    """The form once more, with what was typed and ticked, and the stages to choose from."""
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "link.html",
        status=answer.status,
        here=local_path(back),
        clip_ids=clip_ids,
        case=case,
        chosen=stage,
        stages=stages,
        back=local_path(back),
        answer=answer,
    )


@router.post("/clips/{clip_id}/unlink")
def unlink(
    services: ServicesDep,
    person: SubmittedDep,
    clip_id: str,
    case_id: Annotated[str, Form()],
    back: Annotated[str, Form()] = "",
) -> Response:
    """Take a clip out of a case; both the link and its end stay in the history."""
    services.access.require(person.actor, Right.LINK, clip_item(clip_id))
    with services.database.write() as tx:
        unlink_clip(tx, services.ledger, person.actor, case_id, clip_id)
    return go_back(back or f"/clips/{clip_id}", "unlinked")
