"""The trace and the history of a clip or a case alone, for a page that waits for its proof.

No entry of the log: the page that asks is in the log already, and only who has read it is shown
more of it, for as long as `LOOKS_LAST`.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.dependencies import Person, PersonDep, ServicesDep
from api.services import Services
from api.web.case_history import asked_for_case, read_case_history
from api.web.clip_history import read_clip_history
from api.web.fresh_history import LOOKS_LAST, PAUSES_S, FreshHistory
from api.web.pages import Pages
from custody.access import Right
from custody.cases import get_case
from custody.clips import get_clip_as_it_stands
from custody.errors import GrantExpiredError
from custody.events import case_item, clip_item
from custody.viewing_entries import has_listed
from custody.viewings import get_grant

router = APIRouter()

Turn = Annotated[int, Query(ge=0, le=len(PAUSES_S))]


@router.get("/clips/{clip_id}/history")
def show_clip_history(
    request: Request,
    services: ServicesDep,
    person: PersonDep,
    clip_id: str,
    turn: Turn = 0,
    viewing: str = "",
) -> Response:
    """The panels of a clip; nothing for who has not just read its page or opened it."""
    services.access.require(person.actor, Right.SEE_CLIPS, clip_item(clip_id))
    if not request.headers.get("hx-request"):
        return RedirectResponse(f"/clips/{clip_id}", 303)
    now = services.clock.now()
    with services.database.read() as tx:
        clip = get_clip_as_it_stands(tx, clip_id)
    if not (
        _has_open(services, person, viewing, clip_id)
        or _has_read(services, person, f"clip {clip_id}")
    ):
        return Response(status_code=204)
    with services.database.read() as tx:
        history = read_clip_history(tx, clip)
    return _show(request, history.fresh(now, turn=turn, viewing=viewing))


@router.get("/cases/{case_id}/history")
def show_case_history(
    request: Request, services: ServicesDep, person: PersonDep, case_id: str, turn: Turn = 0
) -> Response:
    """The panels of a case; nothing for who has not just read its page."""
    services.access.require(person.actor, Right.SEE_CLIPS, case_item(case_id))
    if not request.headers.get("hx-request"):
        return RedirectResponse(f"/cases/{case_id}", 303)
    now = services.clock.now()
    with services.database.read() as tx:
        case = get_case(tx, case_id)
    if not _has_read(services, person, asked_for_case(case)):
        return Response(status_code=204)
    with services.database.read() as tx:
        history = read_case_history(tx, case_id)
    return _show(request, history.fresh(now, turn=turn))


def _has_open(services: Services, person: Person, viewing: str, clip_id: str) -> bool:
    if not viewing:
        return False
    try:
        with services.database.read() as tx:
            get_grant(tx, services.clock, person.actor, viewing, clip_id)
    except GrantExpiredError:
        return False
    return True


def _has_read(services: Services, person: Person, query: str) -> bool:
    with services.database.read() as tx:
        return has_listed(tx, person.actor, query, services.clock.now() - LOOKS_LAST)


def _show(request: Request, fresh: FreshHistory) -> Response:
    pages: Pages = request.app.state.pages
    return pages.render(request, "parts/history.html", fresh=fresh)
