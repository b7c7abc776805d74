"""Whose recordings clips are, as people say it, and the list of those of which nobody has yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.dependencies import Person, PersonDep, ServicesDep, may_submit
from api.errors import Answer, answer_for
from api.services import Services
from api.web.code_fields import WrongCode, wrong_codes
from api.web.moments import MomentError, read_moment
from api.web.pages import Pages, address, go_back
from api.web.trace import build_trace
from custody.access import Right
from custody.clip_names import names_of_clips
from custody.clip_search import ClipFilter, find_clips, search_clips
from custody.clips import assign_clip, assign_unassigned, get_clip
from custody.errors import RecordingTimeAheadError, RecordingTimeEarlyError
from custody.events import clip_item
from custody.history import histories_of
from custody.viewings import note_listing
from ingest.name_hints import hint_for

router = APIRouter()

PER_PAGE = 50
#: Ticks of several pages come together.
MAX_ASSIGNED_AT_ONCE = 100
#: Marks in a row of the list stand at least this far apart, in percent.
ROW_GAP = 5.0


@dataclass(frozen=True, slots=True)
class Refused:
    """A form for many that could not be carried out: why, and what was ticked and typed.

    ``wrong``: by field, what is wrong with the codes.
    """

    key: str
    clip_ids: Sequence[str]
    officer: str
    recorder: str
    wrong: Mapping[str, WrongCode] = field(default_factory=dict)


@router.get("/unassigned")
def list_unassigned(
    request: Request,
    services: ServicesDep,
    person: PersonDep,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """Clips whose name gave no officer, to be assigned by hand."""
    services.access.require(person.actor, Right.SEE_CLIPS, "clips")
    return _unassigned_page(request, services, person, offset)


@router.post("/unassigned")
def assign_many(
    request: Request,
    services: ServicesDep,
    person: Annotated[Person, may_submit(Right.ASSIGN, "clips")],
    clip_id: Annotated[list[str], Form(max_length=MAX_ASSIGNED_AT_ONCE)] = [],  # noqa: B006
    officer: Annotated[str, Form(max_length=64)] = "",
    recorder: Annotated[str, Form(max_length=64)] = "",
    offset: Annotated[int, Form(ge=0, le=10_000_000)] = 0,
) -> Response:
    """Say of many clips at once whose recordings they are: all of them or, on an error, none."""
    said = (officer.strip(), recorder.strip())
    if not clip_id or not any(said):
        refused = Refused("nobody_named" if clip_id else "nothing_ticked", clip_id, *said)
        return _unassigned_page(request, services, person, offset, refused)
    wrong = wrong_codes({"officer": officer, "recorder": recorder})
    if wrong:
        refused = Refused("wrong_code", clip_id, *said, wrong)
        return _unassigned_page(request, services, person, offset, refused)
    with services.database.write() as tx:
        changed = assign_unassigned(
            tx, services.ledger, person.actor, clip_id, said[0] or None, said[1] or None
        )
        found = find_clips(tx, clip_id)
    untimed = sum(one.recorded_at is None for one in found.values())
    made, there = len(changed), len(set(clip_id)) - len(changed)
    done = "assigned_some" if made and there else "assigned_many" if made else "assigned_before"
    counts = {"made": made, "there": there} | ({"untimed": untimed} if untimed else {})
    return go_back(address("/unassigned", {"offset": offset or ""}), done, **counts)


def _unassigned_page(
    request: Request,
    services: Services,
    person: Person,
    offset: int,
    refused: Refused | None = None,
) -> Response:
    with services.database.read() as tx:
        total = search_clips(tx, ClipFilter(unassigned=True), limit=0).total
        # Whoever assigned the last page's clips goes on with what is the last page now.
        offset = min(offset, max(total - 1, 0) // PER_PAGE * PER_PAGE)
        page = search_clips(tx, ClipFilter(unassigned=True), "-admitted_at", offset, PER_PAGE)
        clip_ids = [clip.id for clip in page.clips]
        histories = histories_of(tx, [clip_item(clip_id) for clip_id in clip_ids])
        names = names_of_clips(tx, clip_ids)
    now = services.clock.now()
    with services.database.write() as tx:
        note_listing(tx, services.ledger, person.actor, clip_ids, "unassigned")
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "unassigned.html",
        status=422 if refused else 200,
        here=address("/unassigned", {"offset": offset or ""}),
        clips=page.clips,
        hints={
            clip.id: hint_for(clip, names[clip.id], services.config.zone) for clip in page.clips
        },
        traces={
            clip_id: build_trace(histories[clip_item(clip_id)], now, min_gap=ROW_GAP)
            for clip_id in clip_ids
        },
        clip_ids=set(clip_ids),
        most=MAX_ASSIGNED_AT_ONCE,
        refused=refused,
        total=page.total,
        offset=offset,
        per_page=PER_PAGE,
    )


@router.post("/clips/{clip_id}/assign")
def assign(
    request: Request,
    services: ServicesDep,
    person: Annotated[Person, may_submit(Right.ASSIGN, "clip:{clip_id}")],
    clip_id: str,
    officer: Annotated[str, Form(max_length=64)] = "",
    recorder: Annotated[str, Form(max_length=64)] = "",
    recorded_at: Annotated[str, Form(max_length=32)] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """Say by hand whose recording it is and when it was made."""
    typed = {"officer": officer, "recorder": recorder, "recorded_at": recorded_at}
    wrong = wrong_codes({"officer": officer, "recorder": recorder})
    if wrong:
        return _ask_again(request, services, person, clip_id, typed, back, wrong=wrong)
    try:
        moment = read_moment(recorded_at, services.config.zone)
        with services.database.write() as tx:
            clip = get_clip(tx, clip_id)
            when = moment or clip.recorded_at
            assigned = assign_clip(
                tx, services.ledger, person.actor, clip_id, officer, recorder, when
            )
    except (MomentError, RecordingTimeAheadError, RecordingTimeEarlyError) as error:
        answer = answer_for(error)
        return _ask_again(request, services, person, clip_id, typed, back, answer=answer)
    done = "assigned_nothing" if assigned == clip else "assigned"
    return go_back(back or f"/clips/{clip_id}", done)


def _ask_again(
    request: Request,
    services: Services,
    person: Person,
    clip_id: str,
    typed: Mapping[str, str],
    back: str,
    *,
    answer: Answer | None = None,
    wrong: Mapping[str, WrongCode] | None = None,
) -> Response:
    """The form alone, with what was ``typed``.

    ``answer`` says what is wrong with the time in it, ``wrong`` with its codes.
    """
    with services.database.read() as tx:
        clip = get_clip(tx, clip_id)
    with services.database.write() as tx:
        note_listing(tx, services.ledger, person.actor, [clip_id], f"clip {clip_id}")
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "assign.html",
        status=answer.status if answer else 422,
        here=f"/clips/{clip_id}",
        clip=clip,
        typed=typed,
        back=back,
        answer=answer,
        wrong=wrong or {},
    )
