"""Dock sessions for people: which a station had, and the whole of what each listed.

File names say who recorded what, so reading a list is an entry like reading a list of clips.
"""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.dependencies import PersonDep, ServicesDep
from api.web.filters import Filters
from api.web.pages import Pages, parameters_of
from custody.access import Right
from custody.clip_search import find_clips
from custody.viewings import note_listing
from ingest.dock_lists import (
    MAX_LOOKED_UP,
    FileFate,
    ListedFile,
    count_archived_before,
    dockings_of,
    fates_of,
    get_dock_session,
    list_dock_sessions,
    read_manifest,
)
from ingest.errors import ManifestError
from ingest.filenames import decode_name
from ingest.stations import get_station

router = APIRouter()

PER_PAGE = 100
SESSIONS_PER_PAGE = 50
#: The largest offset into a list; a manifest has 100,000 files at most.
MAX_OFFSET = 10_000_000


@router.get("/stations/{station_id}/sessions")
def list_sessions(
    request: Request,
    services: ServicesDep,
    person: PersonDep,
    station_id: str,
    offset: Annotated[int, Query(ge=0, le=MAX_OFFSET)] = 0,
) -> Response:
    """The sessions of one station, the newest first."""
    services.access.require(person.actor, Right.SEE_STATIONS, f"station:{station_id}")
    with services.database.read() as tx:
        station = get_station(tx, station_id)
        sessions, total = list_dock_sessions(tx, station_id, offset, SESSIONS_PER_PAGE)
        entries = dockings_of(tx, [session.id for session in sessions])
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "dock_sessions.html",
        station=station,
        sessions=sessions,
        entries=entries,
        total=total,
        offset=offset,
        per_page=SESSIONS_PER_PAGE,
    )


@router.get("/stations/{station_id}/sessions/{session_id}")
def show_session(
    request: Request,
    services: ServicesDep,
    person: PersonDep,
    station_id: str,
    session_id: str,
    offset: Annotated[int, Query(ge=0, le=MAX_OFFSET)] = 0,
) -> Response:
    """Every file that was there, and what became of it; ``fate`` narrows the list.

    Of a very long list only what the station skipped is counted: the rest is looked up a page at
    a time.
    """
    services.access.require(person.actor, Right.SEE_STATIONS, f"station:{station_id}")
    services.access.require(person.actor, Right.SEE_CLIPS, "clips")
    filters = Filters(parameters_of(request, "fate"), services.config.zone)
    fate = filters.choice("fate", set(FileFate))
    with services.database.read() as tx:
        station = get_station(tx, station_id)
        session = get_dock_session(tx, station_id, session_id)
        entry = dockings_of(tx, [session_id]).get(session_id)
        unreadable = ""
        try:
            files = read_manifest(tx, session).files
        except ManifestError as error:
            files, unreadable = (), str(error)
        counted = len(files) <= MAX_LOOKED_UP
        wanted = fate if fate in _choices(counted) else None
        counts = Counter({FileFate.SKIPPED: sum(one.skipped is not None for one in files)})
        listed: list[ListedFile] = []
        before = 0
        if counted:
            listed = fates_of(tx, session, files)
            counts = Counter(one.fate for one in listed)
            before = count_archived_before(tx, session, listed)
            listed = [one for one in listed if not wanted or one.fate == wanted]
            total = len(listed)
            listed = listed[offset : offset + PER_PAGE]
        else:
            some = [one for one in files if not wanted or one.skipped is not None]
            total = len(some)
            listed = fates_of(tx, session, some[offset : offset + PER_PAGE])
    if filters.unreadable:
        listed, total = [], 0
    with services.database.read() as tx:
        clips = find_clips(tx, [one.clip_id for one in listed if one.clip_id is not None])
    with services.database.write() as tx:
        clip_ids = [one.clip_id for one in listed if one.clip_id is not None]
        note_listing(tx, services.ledger, person.actor, clip_ids, f"dock_session {session_id}")
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "dock_session.html",
        status=filters.status,
        station=station,
        session=session,
        entry=entry,
        unreadable=unreadable,
        files=[(decode_name(one.path), one) for one in listed],
        clips=clips,
        before=before,
        fates=[one for one in FileFate if counts[one] or one == wanted],
        counts=counts,
        counted=counted,
        wanted=wanted,
        parameters={"fate": wanted},
        unknown_fate=bool(filters.unreadable),
        total=total,
        offset=offset,
        per_page=PER_PAGE,
    )


def _choices(counted: bool) -> frozenset[str]:
    """What a list can be narrowed to: anything where all is looked up, else what it says itself."""
    return frozenset(FileFate) if counted else frozenset({FileFate.SKIPPED})
