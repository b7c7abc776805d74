"""What people say of a clip: whose recording it is, and which case and stage it belongs to."""

from datetime import datetime, tzinfo
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api import errors
from api.dependencies import ServicesDep, SubmittedDep
from api.web.pages import Pages, go_back, local_path
from custody.access import Right
from custody.case_numbers import normalize_case_number
from custody.cases import Stage, find_case
from custody.clips import assign_clip, get_clip
from custody.errors import CaseNumberError, LinkExistsError
from custody.events import clip_item
from custody.links import link_clips, unlink_clip

router = APIRouter()

#: As many as a page of the list shows.
MAX_LINKED_AT_ONCE = 50


@router.post("/clips/{clip_id}/assign")
def assign(
    services: ServicesDep,
    person: SubmittedDep,
    clip_id: str,
    officer: Annotated[str, Form(max_length=64)] = "",
    recorder: Annotated[str, Form(max_length=64)] = "",
    recorded_at: Annotated[str, Form(max_length=32)] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """Say by hand whose recording it is and when it was made."""
    services.access.require(person.actor, Right.ASSIGN, clip_item(clip_id))
    with services.database.write() as tx:
        clip = get_clip(tx, clip_id)
        assign_clip(
            tx,
            services.ledger,
            person.actor,
            clip_id,
            officer.strip() or None,
            recorder.strip() or None,
            read_moment(recorded_at, services.config.zone) or clip.recorded_at,
        )
    return go_back(back or f"/clips/{clip_id}", "assigned")


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
    if found is None:
        answer = errors.Answer(404, "no_such_case")
        return _ask_again(request, clip_id, case, stage, back, answer)
    with services.database.write() as tx:
        made = link_clips(tx, services.ledger, person.actor, found.id, clip_id, stage)
        if not made and len(clip_id) == 1:
            # Of many, those that are linked already are left as they are; one alone is told so.
            raise LinkExistsError(clip_id[0])
    return go_back(back, "linked")


def _ask_again(
    request: Request,
    clip_ids: list[str],
    case: str,
    stage: Stage,
    back: str,
    answer: errors.Answer,
) -> Response:
    """The form once more, with what was typed and ticked."""
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "link.html",
        status=answer.status,
        clip_ids=clip_ids,
        case=case,
        chosen=stage,
        stages=tuple(Stage),
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


def read_moment(text: str, zone: tzinfo) -> datetime | None:
    """A moment ``2026-11-22T17:21:38`` (as ``datetime-local`` sends it) in the bureau's zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
