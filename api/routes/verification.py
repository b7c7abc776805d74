"""Verification: one clip now, or everything in the background."""

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import PersonDep, ServicesDep, SubmittedDep
from api.recent_verifications import RecentRuns, recent_runs
from api.services import Services
from api.verification_runs import VerificationRuns, context_of, names_in, record
from api.web.coverage import ShownCoverage, newest_coverage, percent
from api.web.days import day_of
from api.web.pages import Pages, language_of
from api.web.telling import Teller
from custody.access import Right
from custody.clips import get_clip_as_it_stands
from custody.events import EventKind, clip_item
from custody.history import events_of
from custody.item_names import names_of
from custody.publishing.published import PublishedCheckpoint, newest_checkpoint
from custody.verification.context import Selection
from custody.verification.findings import Finding
from custody.verification.run import verify_clip

_logger = logging.getLogger(__name__)

router = APIRouter()

#: As many findings stand on the page.
MAX_FINDINGS = 200


@router.get("/verification")
def show_verification(request: Request, services: ServicesDep, person: PersonDep) -> Response:
    """The page; htmx asks for the state of the run alone while one goes on."""
    services.access.require(person.actor, Right.VERIFY, "verification")
    if request.headers.get("hx-request"):
        return _render(request, services, "parts/verification_run.html")
    return _render(request, services, "verification.html")


@router.post("/verification")
def start_run(request: Request, services: ServicesDep, person: SubmittedDep) -> Response:
    """Read every original and the whole log again, in the background."""
    services.access.require(person.actor, Right.VERIFY, "verification")
    runs: VerificationRuns = request.app.state.verification_runs
    runs.start(person.actor)
    return RedirectResponse("/verification", 303)


@router.post("/verification/stop")
def stop_run(request: Request, services: ServicesDep, person: SubmittedDep) -> Response:
    services.access.require(person.actor, Right.VERIFY, "verification")
    runs: VerificationRuns = request.app.state.verification_runs
    runs.stop()
    return RedirectResponse("/verification", 303)


@router.post("/clips/{clip_id}/verify")
def verify_one(
    request: Request, services: ServicesDep, person: SubmittedDep, clip_id: str
) -> Response:
    """Read the clip's bytes again and follow its proof up to the signed checkpoint."""
    services.access.require(person.actor, Right.VERIFY, clip_item(clip_id))
    with services.database.read() as tx:
        clip = get_clip_as_it_stands(tx, clip_id)
    verdict = verify_clip(context_of(services), clip_id)
    selection = Selection(clip_ids=frozenset({clip_id}))
    unrecorded = record(services, person.actor, selection, verdict.report)
    if unrecorded:
        _logger.error("a verification could not be recorded: %s", unrecorded)
    template = "parts/verdict.html" if request.headers.get("hx-request") else "verdict.html"
    pages: Pages = request.app.state.pages
    response = pages.render(
        request,
        template,
        clip=clip,
        verdict=verdict,
        unrecorded=unrecorded,
        teller=_teller(request, services, verdict.report.findings),
        checked_at=services.clock.now(),
    )
    # The page's trace has one more entry, and waits for its proof.
    response.headers["HX-Trigger"] = "written"
    return response


def _render(request: Request, services: Services, template: str) -> Response:
    runs: VerificationRuns = request.app.state.verification_runs
    # As it stands now: were it to end while the log is read, the page would not list what is done.
    run = None if runs.last is None else replace(runs.last)
    found = [] if run is None or run.report is None else run.report.findings[:MAX_FINDINGS]
    read = _read_log(services)
    coverage = read.coverage
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        template,
        restored=services.publisher.watch.found,
        run=run,
        recent=read.recent,
        coverage=coverage,
        percent=percent,
        oldest_days=0 if coverage is None else coverage.days(services.clock.now()),
        oldest_read_at=read.oldest_read_at,
        teller=_teller(request, services, found),
        names=read.names,
        checkpoint=read.checkpoint,
        verifier_key=services.keys.log.verifier.vkey,
    )


def _teller(request: Request, services: Services, findings: list[Finding]) -> Teller:
    config = services.config
    return Teller(language_of(request, config), config.zone, names_in(services, findings))


@dataclass(frozen=True, slots=True)
class _LogRead:
    """The last runs, what they say was read again, what their items are called, the newest
    checkpoint. ``oldest_read_at``: when the clip that they say never was has been since.

    ``recent`` is None where a damaged database does not give it: what was found must show.
    """

    recent: RecentRuns | None = None
    coverage: ShownCoverage | None = None
    oldest_read_at: datetime | None = None
    names: dict[str, str] = field(default_factory=dict)
    checkpoint: PublishedCheckpoint | None = None


def _read_log(services: Services) -> _LogRead:
    try:
        with services.database.read() as tx:
            recent = recent_runs(tx, day_of(services.clock.now(), services.config.zone))
            items = [event.item for event in (*recent.whole, *recent.single)]
            coverage, read_at = newest_coverage(recent.whole), None
            if coverage is not None and coverage.oldest is not None:
                items.append(clip_item(coverage.oldest))
                read_at = _read_since(tx, coverage, coverage.oldest)
            names = names_of(tx, items)
            return _LogRead(recent, coverage, read_at, names, newest_checkpoint(tx))
    except (SQLAlchemyError, ValueError):
        _logger.exception("the last verifications could not be read")
        return _LogRead()


def _read_since(tx: Connection, coverage: ShownCoverage, clip_id: str) -> datetime | None:
    """When a verification of this clip read it after the run that says nobody had."""
    runs = events_of(tx, clip_item(clip_id), (EventKind.VERIFICATION_RUN,))
    read = [
        event.at
        for event in runs
        if event.intact
        and event.at >= coverage.event.at
        and event.facts.get("scope") in ("clip", "sample")
        and event.facts.get("unchecked") == 0
    ]
    return max(read, default=None)
