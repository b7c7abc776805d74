"""The way in, the page's own files, the reader's language and theme, and the search box."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from api.dependencies import PersonDep, SearchText, ServicesDep
from api.web.assets import Assets
from api.web.locale import LANGUAGES
from api.web.pages import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, address, local_path
from custody.access import Right
from custody.actors import Role
from custody.case_numbers import normalize_case_number
from custody.case_search import CaseFilter, count_cases
from custody.cases import find_case
from custody.clip_search import ClipFilter, search_clips
from custody.errors import CaseNumberError
from custody.typed_digests import read_digest

router = APIRouter()

YEAR_S = 365 * 86400


@router.get("/")
def show_home(person: PersonDep) -> Response:
    """The first room of whoever comes in."""
    return RedirectResponse("/stations" if person.actor.role is Role.ADMIN else "/clips", 303)


@router.get("/static/{name:path}")
def send_asset(request: Request, name: str) -> Response:
    assets: Assets = request.app.state.assets
    asset = assets.find(name)
    if asset is None:
        raise HTTPException(404)
    headers = {"Vary": "Accept-Encoding", "Cache-Control": "no-cache"}
    if request.query_params.get("v") == asset.version:
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    if "gzip" in request.headers.get("accept-encoding", "") and len(asset.packed) < len(asset.body):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.packed, media_type=asset.media_type, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)


@router.post("/preferences")
def set_preferences(
    services: ServicesDep,
    language: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "/",
) -> Response:
    """Keep the reader's language or theme in a cookie; no secret, so no sign-in is needed."""
    response = RedirectResponse(local_path(back), 303)
    for cookie, value, known in (
        (LANGUAGE_COOKIE, language, LANGUAGES),
        (THEME_COOKIE, theme, THEMES),
    ):
        if value in known:
            response.set_cookie(
                cookie,
                value,
                max_age=YEAR_S,
                httponly=True,
                samesite="lax",
                secure=services.config.secure_cookies,
            )
    return response


@router.get("/search")
def search(services: ServicesDep, person: PersonDep, text: SearchText = "") -> Response:
    """The one search box: a digest or case number goes straight there, the rest to the clips.

    What no clip has and a case has (its matter, its party) goes to the cases.
    """
    services.access.require(person.actor, Right.SEE_CLIPS, "clips")
    wanted = text.strip()
    digest = read_digest(wanted)
    with services.database.read() as tx:
        clips = search_clips(tx, ClipFilter(text=wanted or None), limit=2)
        if digest is not None and digest.is_one and clips.total == 1:
            return RedirectResponse(f"/clips/{clips.clips[0].id}", 303)
        try:
            case = find_case(tx, normalize_case_number(wanted))
        except CaseNumberError:
            case = None
        cases = count_cases(tx, CaseFilter(text=wanted or None))
    if case is not None:
        return RedirectResponse(f"/cases/{case.id}", 303)
    if cases and not clips.total:
        return RedirectResponse(address("/cases", {"text": wanted}), 303)
    return RedirectResponse(address("/clips", {"text": wanted}), 303)
