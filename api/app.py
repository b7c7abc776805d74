"""The web application: every route of the house under one roof."""

from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from api import errors
from api.auth import passwords
from api.denials import Allowance
from api.dependencies import readable_address, whole_log
from api.routes import (
    assignments,
    case_forms,
    cases,
    clips,
    dock_session_pages,
    dock_sessions,
    health,
    histories,
    home,
    links,
    log,
    log_pages,
    log_timestamps,
    media,
    sign_in,
    stations,
    stations_api,
    uploads,
    users,
    verification,
)
from api.services import Services
from api.verification_runs import VerificationRuns
from api.web.assets import Assets
from api.web.body_limits import BodyLimits
from api.web.form_text import FormText
from api.web.pages import Pages
from api.web.security import SameOrigin, SecurityHeaders

_PARTS = (
    home,
    sign_in,
    clips,
    media,
    assignments,
    links,
    case_forms,
    cases,
    histories,
    stations,
    dock_session_pages,
    verification,
    log_pages,
    users,
    health,
    log,
    log_timestamps,
    stations_api,
    dock_sessions,
    uploads,
)


def create_app(services: Services) -> FastAPI:
    """The application over ``services``. It starts no thread and opens no file of its own."""
    # No docs pages: they load scripts from outside, and the contract stands in docs/.
    app = FastAPI(
        title="Liuhen",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(readable_address), Depends(whole_log)],
    )
    assets = Assets()
    app.state.services = services
    app.state.assets = assets
    app.state.denial_allowance = Allowance()
    app.state.pages = Pages(services.config, assets)
    app.state.verification_runs = VerificationRuns(services)
    for part in _PARTS:
        app.include_router(part.router)
    errors.install(app)
    # The last one added is the outermost: headers stand on refusals too.
    app.add_middleware(FormText)
    app.add_middleware(BodyLimits)
    app.add_middleware(SameOrigin, refuse=_refuse)
    app.add_middleware(SecurityHeaders, hsts=services.config.secure_cookies)
    passwords.warm_up()
    return app


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    response = await run_in_threadpool(errors.refuse_forged, Request(scope))
    await response(scope, receive, send)
