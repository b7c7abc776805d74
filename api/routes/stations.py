"""Stations: what each is doing, as it says itself; enrolling and revoking one."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from api import errors
from api.dependencies import Person, PersonDep, ServicesDep, SubmittedDep, may_submit
from api.services import Services
from api.web.pages import Pages
from api.web.station_status import read_status
from custody.access import Right
from ingest.dock_lists import count_dock_sessions
from ingest.errors import EnrolmentError, StationExistsError
from ingest.stations import TOKEN_LIFE, create_enrolment_token, list_stations, revoke

router = APIRouter()


@router.get("/stations")
def show_stations(request: Request, services: ServicesDep, person: PersonDep) -> Response:
    """The page; htmx asks for the list alone every three seconds."""
    services.access.require(person.actor, Right.SEE_STATIONS, "stations")
    template = "parts/stations.html" if request.headers.get("hx-request") else "stations.html"
    return _page(request, services, template)


@router.post("/stations")
def invite(
    request: Request,
    services: ServicesDep,
    person: Annotated[Person, may_submit(Right.MANAGE_STATIONS, "stations")],
    name: Annotated[str, Form(max_length=128)] = "",
) -> Response:
    """Give out an enrolment token; shown this once, so the answer is the page itself."""
    try:
        with services.database.write() as tx:
            token = create_enrolment_token(tx, services.clock, services.ledger, person.actor, name)
    except (EnrolmentError, StationExistsError) as error:
        return _page(request, services, "stations.html", answer=errors.answer_for(error))
    return _page(request, services, "stations.html", token=token, invited=name.strip())


@router.post("/stations/{station_id}/revoke")
def revoke_station(services: ServicesDep, person: SubmittedDep, station_id: str) -> Response:
    services.access.require(person.actor, Right.MANAGE_STATIONS, f"station:{station_id}")
    with services.database.write() as tx:
        revoke(tx, services.ledger, services.clock, person.actor, station_id)
    return RedirectResponse("/stations", 303)


def _page(
    request: Request,
    services: Services,
    template: str,
    *,
    token: str = "",
    invited: str = "",
    answer: errors.Answer | None = None,
) -> Response:
    with services.database.read() as tx:
        stations = list_stations(tx)
        sessions = count_dock_sessions(tx)
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        template,
        status=answer.status if answer else 200,
        stations=[(station, read_status(station.status)) for station in stations],
        sessions=sessions,
        token=token,
        invited=invited,
        token_days=TOKEN_LIFE.days,
        answer=answer,
    )
