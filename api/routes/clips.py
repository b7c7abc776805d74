"""Clips: the list with its filters, one clip, opening it."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.denials import note_withheld
from api.dependencies import Person, PersonDep, SearchText, ServicesDep, may_submit
from api.listings import log_listing
from api.routes.links import MAX_LINKED_AT_ONCE
from api.routes.media import find_streamed, playable_type, read_text
from api.web.clip_history import read_clip_history
from api.web.filters import Filters
from api.web.origins import origins_of
from api.web.pages import Pages, parameters_of
from api.web.provenance import breach_of, original_held, time_source
from api.web.trace import build_trace
from custody.access import Right
from custody.case_search import CaseFilter, count_cases
from custody.case_stages import fitting_stages
from custody.cases import (
    Stage,
    find_case_by_id,
    links_of_clip,
    links_of_clips,
)
from custody.clip_names import names_of_clips
from custody.clip_rows import MEDIA_KINDS
from custody.clip_search import CLIP_SORTS, DEFAULT_CLIP_SORT, ClipFilter, ClipPage, search_clips
from custody.clips import Clip, ClipState, get_clip_as_it_stands
from custody.errors import GrantExpiredError, PurposeMissingError, ServedAlteredError
from custody.events import clip_item
from custody.history import histories_of
from custody.renditions import renditions_of
from custody.viewings import GrantKind, get_grant, note_listing, open_viewing
from ingest.dock_lists import find_dock_session
from ingest.linking import suggestions_for
from ingest.name_hints import hint_for

router = APIRouter()

PER_PAGE = 50
#: Marks in a row of the list stand at least this far apart, in percent.
ROW_GAP = 5.0
#: What the address can ask for.
FILTERS = ("text", "officer", "recorder", "from", "to", "state", "kind", "important", "untimed")
#: What else stands in it: for which case clips are looked for, and the order.
KEPT = (*FILTERS, "case", "sort")
#: Columns that can be sorted by, in the order of the table.
SORTS = ("recorded_at", "officer", "name", "size_bytes", "state")


@router.get("/clips")
def list_clips(
    request: Request,
    services: ServicesDep,
    person: PersonDep,
    text: SearchText = "",
    case: str = "",
    sort: str = DEFAULT_CLIP_SORT,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """The clips that the filters in the address find, fifty a page.

    ``case``: the id of the case that they are looked for, to be linked to it.
    """
    services.access.require(person.actor, Right.SEE_CLIPS, "clips")
    parameters = parameters_of(request, *KEPT)
    filters = Filters(parameters, services.config.zone)
    begin, end = filters.days("from", "to")
    wanted = ClipFilter(
        officer=filters.text("officer"),
        recorder=filters.text("recorder"),
        recorded_from=begin,
        recorded_to=end,
        state=filters.choice("state", set(ClipState)),
        media_kind=filters.choice("kind", MEDIA_KINDS),
        important=filters.tick("important") or None,
        untimed=filters.tick("untimed"),
        text=text.strip() or None,
    )
    if sort.removeprefix("-") not in CLIP_SORTS:
        sort = DEFAULT_CLIP_SORT
    with services.database.read() as tx:
        page = ClipPage([], 0)
        if not filters.unreadable:
            page = search_clips(tx, wanted, sort, offset, PER_PAGE)
        untimed = 0
        if begin or end:  # whatever has no time is of no day, and may belong here all the same
            anytime = replace(wanted, recorded_from=None, recorded_to=None, untimed=True)
            untimed = 0 if filters.unreadable else search_clips(tx, anytime, limit=0).total
        unassigned = search_clips(tx, ClipFilter(unassigned=True), limit=0).total
        clip_ids = [clip.id for clip in page.clips]
        histories = histories_of(tx, [clip_item(clip_id) for clip_id in clip_ids])
        origins = origins_of(tx, page.clips, histories)
        links = links_of_clips(tx, clip_ids)
        renditions = renditions_of(tx, clip_ids)
        wanting = find_case_by_id(tx, case)
        if wanting is not None and wanting.altered:
            wanting = None  # nothing is linked by what somebody wrote there
        cases = count_cases(tx, CaseFilter(text=wanted.text)) if wanted.text else 0
    # A search that finds nothing, one that can't be carried out, and one by somebody who sees no
    # picture, are searches.
    listing = log_listing(services, person.actor, clip_ids, request.url.query or "all")
    now = services.clock.now()
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "clips.html",
        status=filters.status,
        clips=page.clips,
        total=page.total,
        unassigned=unassigned,
        untimed=untimed,
        traces={
            clip.id: build_trace(
                histories[clip_item(clip.id)], now, min_gap=ROW_GAP, origin=origins[clip.id]
            )
            for clip in page.clips
        },
        links=links,
        pictured={
            clip_id
            for clip_id, made in renditions.items()
            if {one.kind for one in made} & {"poster", "waveform"}
        },
        listing=listing,
        case=wanting,
        cases_found=cases,
        parameters=parameters,
        unreadable=filters.unreadable,
        sort=sort,
        sorts=SORTS,
        offset=offset,
        per_page=PER_PAGE,
        most=MAX_LINKED_AT_ONCE,
        states=tuple(ClipState),
        kinds=MEDIA_KINDS,
        stages=fitting_stages(wanting.procedure) if wanting else tuple(Stage),
    )


@router.get("/clips/{clip_id}")
def show_clip(
    request: Request,
    services: ServicesDep,
    person: PersonDep,
    clip_id: str,
    viewing: str = "",
    refused: str = "",
) -> Response:
    """One clip: facts and history for all, the picture under a viewing only.

    ``refused``: the form, "open" or "download", that was sent without a purpose.
    """
    services.access.require(person.actor, Right.SEE_CLIPS, clip_item(clip_id))
    grant = None
    ended = withheld = False
    with services.database.read() as tx:
        clip = get_clip_as_it_stands(tx, clip_id)
        renditions = renditions_of(tx, [clip_id])[clip_id]
        names = names_of_clips(tx, [clip_id])[clip_id]
        links = links_of_clip(tx, clip_id)
        history = read_clip_history(tx, clip)
        dock_session = find_dock_session(tx, clip.dock_session_id or "")
        suggestions = suggestions_for(tx, [clip_id], services.config.zone).get(clip_id, [])
        if viewing:
            try:
                grant = get_grant(
                    tx,
                    services.clock,
                    person.actor,
                    viewing,
                    clip_id,
                    kinds=(GrantKind.VIEWING,),
                )
                find_streamed(tx, clip_id)
            except GrantExpiredError:
                ended = True  # a reload long after: the page stays, the picture is closed again
            except ServedAlteredError:
                withheld = True
    if grant is None:
        # Under a grant the opening is in the log; what is written of a clip is read all the same.
        with services.database.write() as tx:
            note_listing(tx, services.ledger, person.actor, [clip_id], f"clip {clip_id}")
    if withheld:
        note_withheld(request, "row_altered")
    now = services.clock.now()
    made = {one.kind: one for one in renditions}
    readable = clip.media_kind == "text" and not clip.altered
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "clip.html",
        status=409 if withheld else 200,
        withheld=withheld,
        refused=refused,
        clip=clip,
        names=names,
        hint=hint_for(clip, names, services.config.zone),
        renditions=renditions,
        made=made,
        readable=readable,
        written=read_text(services, grant, clip) if grant and readable and not withheld else None,
        stream_type=made["proxy"].media_type if "proxy" in made else _original_type(clip),
        links=links,
        suggestions=suggestions,
        fresh=history.fresh(now, viewing=grant.id if grant else ""),
        dock_session=dock_session,
        breach=breach_of(history.events),
        spared=original_held(history.events),
        time_source=time_source(history.events, clip.recorded_at),
        grant=grant,
        ended=ended,
        stages=tuple(Stage),
        stages_of={one.case_id: fitting_stages(one.procedure) for one in suggestions},
    )


def _original_type(clip: Clip) -> str | None:
    """Under which type the original is played; nothing is sent by a row that was altered."""
    return None if clip.altered else playable_type(clip)


@router.post("/clips/{clip_id}/open")
def open_clip(
    services: ServicesDep,
    person: Annotated[Person, may_submit(Right.SEE_FOOTAGE, "clip:{clip_id}")],
    clip_id: str,
    purpose: Annotated[str, Form()] = "",
) -> Response:
    """Open the picture: who and why is in the log before the way to the bytes is known."""
    lifetime = timedelta(minutes=services.config.viewing_minutes)
    try:
        with services.database.write() as tx:
            grant = open_viewing(
                tx,
                services.ledger,
                services.clock,
                person.actor,
                clip_id,
                purpose,
                lifetime=lifetime,
            )
    except PurposeMissingError:
        return RedirectResponse(f"/clips/{clip_id}?refused=open", 303)
    return RedirectResponse(f"/clips/{clip_id}?viewing={grant.id}", 303)
