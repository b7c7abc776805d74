"""One table from exception to HTTP; a page for people, JSON for stations and programs.

A page says what happened, what it means for the evidence, and what to do: the texts
``error.<key>.what``, ``.evidence`` and ``.do`` of the catalogue.
"""

import logging
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.auth import errors as auth
from api.denials import note_denial, note_withheld
from api.dependencies import find_person, services_of
from api.web.case_form import CaseCodeError, CaseDayError, CaseOfficerError, CaseOfficersError
from api.web.moments import MomentError
from api.web.pages import Pages
from api.web.provenance import UnconfirmedDownloadError
from api.web.query_text import AddressLongError, AddressUnreadableError
from custody import errors as custody
from custody.verification.findings import VerificationImpossibleError
from ingest import errors as ingest
from storage import errors as storage
from storage.error_lines import line_of
from storage.full_disks import is_disk_full
from storage.read_only import is_read_only

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and the key of the texts."""

    status: int
    key: str


#: The first class that fits wins, so the particular stands before the general.
ANSWERS: tuple[tuple[type[Exception], Answer], ...] = (
    (auth.SignInFailedError, Answer(403, "sign_in_failed")),
    (auth.AccountAlteredError, Answer(403, "account_altered")),
    (auth.OldPasswordError, Answer(403, "old_password")),
    (auth.TooBusyError, Answer(429, "too_busy")),
    (auth.TooManyFailuresError, Answer(429, "too_many_failures")),
    (auth.ForgedRequestError, Answer(403, "forged_request")),
    (auth.WeakPasswordError, Answer(422, "weak_password")),
    (auth.UserNotFoundError, Answer(404, "not_found")),
    (auth.UserAlikeError, Answer(409, "user_alike")),
    (auth.UserLettersError, Answer(422, "user_letters")),
    (auth.UserExistsError, Answer(409, "user_exists")),
    (auth.UserNameError, Answer(422, "user_name")),
    (auth.OwnAccountError, Answer(409, "own_account")),
    (UnconfirmedDownloadError, Answer(409, "unconfirmed_download")),
    (custody.DeniedError, Answer(403, "denied")),
    (custody.ClipNotFoundError, Answer(404, "not_found")),
    (custody.ServedAlteredError, Answer(409, "served_altered")),
    (custody.ClipAlteredError, Answer(409, "clip_altered")),
    (custody.RecordingTimeAheadError, Answer(422, "recording_ahead")),
    (custody.RecordingTimeEarlyError, Answer(422, "recording_early")),
    (custody.HistoryAlteredError, Answer(409, "history_altered")),
    (custody.EntryLostError, Answer(503, "entry_lost")),
    (custody.LogRestoredError, Answer(503, "log_restored")),
    (custody.CaseNotFoundError, Answer(404, "not_found")),
    (custody.RenditionNotFoundError, Answer(404, "no_rendition")),
    (custody.CaseAlteredError, Answer(409, "case_altered")),
    (custody.CaseExistsError, Answer(409, "case_exists")),
    (custody.StaleCaseError, Answer(409, "case_changed")),
    (AddressLongError, Answer(414, "address_long")),
    (AddressUnreadableError, Answer(400, "address_unreadable")),
    (MomentError, Answer(422, "moment")),
    (CaseOfficersError, Answer(422, "case_officers")),
    (CaseCodeError, Answer(422, "case_code")),
    (CaseDayError, Answer(422, "case_day")),
    (CaseOfficerError, Answer(422, "case_officer")),
    (custody.CaseDayAheadError, Answer(422, "case_day_ahead")),
    (custody.CaseTitleError, Answer(422, "case_title")),
    (custody.CaseOfficerCodeError, Answer(422, "case_officer_code")),
    (custody.CaseOfficerListError, Answer(422, "case_officer_list")),
    (custody.CodeListError, Answer(422, "code_list")),
    (custody.CodeHiddenError, Answer(422, "code_hidden")),
    (custody.CodeLongError, Answer(422, "code_long")),
    (custody.CaseNumberError, Answer(422, "case_number")),
    (custody.LinkExistsError, Answer(409, "link_exists")),
    (custody.LinkNotFoundError, Answer(409, "link_gone")),
    (custody.UnknownSortError, Answer(422, "unreadable")),
    (custody.PurposeMissingError, Answer(422, "purpose_missing")),
    (custody.PurposeTooLongError, Answer(422, "purpose_too_long")),
    (custody.GrantExpiredError, Answer(403, "grant_expired")),
    (custody.ReceiptNotReadyError, Answer(409, "not_published")),
    (ingest.StationAuthError, Answer(401, "station_auth")),
    (ingest.StationExistsError, Answer(409, "station_exists")),
    (ingest.StationNotFoundError, Answer(404, "not_found")),
    (ingest.DockSessionNotFoundError, Answer(404, "not_found")),
    (ingest.EnrolmentError, Answer(422, "station_name")),
    (VerificationImpossibleError, Answer(503, "cannot_check")),
    (storage.StoreUnavailableError, Answer(503, "store_unavailable")),
    (storage.StoreFullError, Answer(507, "store_full")),
    (storage.ObjectNotFoundError, Answer(500, "object_missing")),
    (custody.CustodyError, Answer(409, "custody")),
    (ingest.IngestError, Answer(409, "ingest")),
    (storage.StorageError, Answer(503, "store_unavailable")),
    # What the database could not do just now, whatever it was asked.
    (OperationalError, Answer(503, "database_unavailable")),
    (InterfaceError, Answer(503, "database_unavailable")),
    (InternalError, Answer(503, "database_unavailable")),
    (PoolTimeoutError, Answer(503, "database_unavailable")),
)
#: When somebody turned away while the log waits to be recovered may come again, in seconds.
_RECOVERY_S = "60"
_DISK_FULL = Answer(507, "disk_full")
_READ_ONLY = Answer(503, "database_read_only")
_UNKNOWN = Answer(500, "internal")
_BY_STATUS = {
    404: Answer(404, "not_found"),
    405: Answer(405, "method"),
    408: Answer(408, "body_slow"),
    413: Answer(413, "body_large"),
    416: Answer(416, "range"),
}


def answer_for(error: Exception) -> Answer:
    """The row of the table for ``error``."""
    if is_disk_full(error):
        return _DISK_FULL
    if is_read_only(error):
        return _READ_ONLY
    for kind, answer in ANSWERS:
        if isinstance(error, kind):
            return answer
    return _UNKNOWN


def install(app: FastAPI) -> None:
    """Let the application answer every exception by the table."""
    app.add_exception_handler(auth.NotSignedInError, _ask_to_sign_in)
    app.add_exception_handler(auth.PasswordChangeNeededError, _ask_for_password)
    app.add_exception_handler(auth.ForgedRequestError, _answer_forged)
    app.add_exception_handler(custody.GrantExpiredError, _answer_grant)
    app.add_exception_handler(custody.ServedAlteredError, _answer_withheld)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_unreadable)
    app.add_exception_handler(ClientDisconnect, _answer_nobody)
    for address_error in (AddressLongError, AddressUnreadableError):
        app.add_exception_handler(address_error, _answer_address)
    app.add_exception_handler(custody.LogRestoredError, _answer_restored)
    own: set[type[Exception]] = {auth.ForgedRequestError, custody.GrantExpiredError}
    own |= {custody.ServedAlteredError, custody.LogRestoredError}
    own |= {AddressLongError, AddressUnreadableError}
    for kind, _ in ANSWERS:
        if kind not in own:
            app.add_exception_handler(kind, _answer)
    app.add_exception_handler(Exception, _answer_unknown)


def _answer(request: Request, error: Exception) -> Response:
    answer = answer_for(error)
    if answer.status == 507:
        _log_full(request, error)
    elif answer.status >= 500:
        _logger.error("%s %s: %s", request.method, request.url.path, error, exc_info=error)
    # What a database says of itself is a statement with its values: it goes to our log only.
    return respond(request, answer, "" if isinstance(error, SQLAlchemyError) else str(error))


def _answer_restored(request: Request, error: Exception) -> Response:
    """A house that has to be recovered first: no mistake of a program, and whoever asked comes
    again by themselves."""
    _logger.warning("%s %s: %s", request.method, request.url.path, error)
    if not _is_api(request):
        # Refused before any route asked who is there; the page keeps its five rooms.
        find_person(request, services_of(request))
    return respond(request, answer_for(error), str(error), {"Retry-After": _RECOVERY_S})


def _answer_forged(request: Request, _error: Exception) -> Response:
    return refuse_forged(request)


def refuse_forged(request: Request) -> Response:
    """The answer to a form that did not come from a page of ours."""
    note_denial(request, "forged_form")
    return respond(request, Answer(403, "forged_request"), "")


def _answer_grant(request: Request, error: Exception) -> Response:
    note_denial(request, "no_grant")
    return _answer(request, error)


def _answer_withheld(request: Request, error: Exception) -> Response:
    note_withheld(request, "row_altered")
    return _answer(request, error)


def _answer_address(request: Request, error: Exception) -> Response:
    # It was refused before anybody asked who is there; at footage it is an attempt like another.
    person = find_person(request, services_of(request))
    note_denial(request, "not_signed_in" if person is None else "no_grant")
    return _answer(request, error)


def _answer_unknown(request: Request, error: Exception) -> Response:
    # The message of an unforeseen error may name paths and secrets: it goes to our log only.
    answer = answer_for(error)
    if answer.status == 507:
        _log_full(request, error)
    else:
        _logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return respond(request, answer, "")


def _log_full(request: Request, error: Exception) -> None:
    """A full disk is no mistake of a program: what it was asked, and no traceback."""
    _logger.error(
        "%s %s: no room on the disk: %s", request.method, request.url.path, line_of(error)
    )


def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    answer = _BY_STATUS.get(error.status_code, Answer(error.status_code, "unreadable"))
    if not _is_api(request):
        # No route was found, so none has looked who is asking; the page keeps its five rooms.
        find_person(request, services_of(request))
    return respond(request, answer, str(error.detail), dict(error.headers or {}))


def _answer_unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    fields = ", ".join(".".join(str(part) for part in item["loc"]) for item in error.errors())
    return respond(request, Answer(422, "unreadable"), fields)


def _answer_nobody(_request: Request, _error: Exception) -> Response:
    """The sender hung up in the middle: nobody reads this, and it is no fault of ours (499)."""
    return Response(status_code=499)


def _ask_to_sign_in(request: Request, _error: Exception) -> Response:
    if _is_api(request):
        return JSONResponse({"error": "not_signed_in"}, 401)
    note_denial(request, "not_signed_in")
    target = _address_of(request)
    if request.method != "GET" or target == "/":
        return _go(request, "/sign-in")
    return _go(request, f"/sign-in?next={quote(target, safe='')}")


def _ask_for_password(request: Request, _error: Exception) -> Response:
    if request.method != "GET" or request.url.path == "/":
        return _go(request, "/password")
    return _go(request, f"/password?next={quote(_address_of(request), safe='')}")


def _address_of(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _go(request: Request, address: str) -> Response:
    if request.headers.get("hx-request"):
        # htmx would paste the page it was sent on to into the middle of this one.
        return Response(status_code=204, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


def respond(
    request: Request, answer: Answer, detail: str, headers: dict[str, str] | None = None
) -> Response:
    """The answer as JSON under ``/api/``, else as a page."""
    if _is_api(request):
        body = {"error": answer.key, "detail": detail}
        return JSONResponse(body, answer.status, headers=headers)
    pages: Pages = request.app.state.pages
    response = pages.render(
        request, "error.html", status=answer.status, answer=answer, detail=detail
    )
    response.headers.update(headers or {})
    return response


def _is_api(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/log/tile", "/log/checkpoint", "/healthz"))
