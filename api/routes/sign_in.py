"""Signing in and out, and replacing the one-time password. Each is an entry in the log."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from api import errors
from api.auth.errors import (
    AccountAlteredError,
    AuthError,
    OldPasswordError,
    SignInFailedError,
    TooBusyError,
    TooManyFailuresError,
    WeakPasswordError,
)
from api.auth.passwords import (
    MAX_LENGTH,
    MIN_LENGTH,
    check_new_password,
    hash_password,
    verify_password,
)
from api.auth.sessions import end_session, open_session
from api.auth.throttle import forget_failures, forget_try, reserve_try
from api.auth.users import User, find_reset, find_user_by_name, set_password
from api.dependencies import (
    FoundPersonDep,
    ServicesDep,
    UnsettledSubmittedDep,
    anonymous_actor,
    origin_of,
    person_actor,
    services_of,
    session_cookie_name,
    signed_in,
)
from api.services import Services
from api.web.pages import Pages, address, local_path
from custody.events import ANONYMOUS_ITEM, EventKind
from custody.ledger import Event

router = APIRouter()


@router.get("/sign-in")
def show_sign_in(
    request: Request,
    person: FoundPersonDep,
    next: str = "/",  # noqa: A002 - the usual name
) -> Response:
    if person is not None:
        return RedirectResponse(local_path(next), 303)
    return _sign_in_page(request, target=next)


@router.post("/sign-in")
def sign_in(
    request: Request,
    services: ServicesDep,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    target: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Check name and password and start a session."""
    try:
        user = _check(services, request, name, password)
    except AuthError as error:
        return _sign_in_page(request, target=target, name=name, error=error)
    target = local_path(target)
    if user.must_change_password:
        target = address("/password", {"next": target if target != "/" else ""})
    response = RedirectResponse(target, 303)
    _start_session(services, request, response, user)
    return response


@router.post("/sign-out")
def sign_out(services: ServicesDep, person: UnsettledSubmittedDep) -> Response:
    with services.database.write() as tx:
        end_session(tx, person.session)
        services.ledger.append(
            tx, person.actor, Event(EventKind.PERSON_SIGNED_OUT, f"user:{person.user.id}")
        )
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(session_cookie_name(services))
    return response


@router.get("/password")
def show_password(
    request: Request,
    person: FoundPersonDep,
    next: str = "/",  # noqa: A002 - the usual name
) -> Response:
    signed_in(person)
    return _password_page(request, target=next)


@router.post("/password")
def change_password(
    request: Request,
    services: ServicesDep,
    person: UnsettledSubmittedDep,
    old: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
    target: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Replace the password; every other session of this person ends."""
    try:
        _check_old(services, request, person.user.name, old)
        check_new_password(new, old)
        if new != again:
            raise WeakPasswordError("different")
    except AuthError as error:
        return _password_page(request, target=target, error=error)
    password_hash = hash_password(new)
    with services.database.write() as tx:
        set_password(
            tx,
            services.ledger,
            person.actor,
            user_id=person.user.id,
            password_hash=password_hash,
        )
    response = RedirectResponse(local_path(target), 303)
    _start_session(services, request, response, person.user)
    return response


def _check(services: Services, request: Request, name: str, password: str) -> User:
    """The user of this name and password.

    Raises `SignInFailedError`, `TooManyFailuresError`, `TooBusyError`, and `AccountAlteredError` to
    whoever knows the password of an account whose row was altered. The try is counted before
    it is made, and forgotten if it was right (`api.auth.throttle`).

    argon2 runs between the transactions, so that nobody waits for it; and it runs for unknown
    and disabled names too, so that the time it takes tells nothing.
    """
    origin = origin_of(request)
    now = services.clock.now()
    with services.database.write() as tx:
        wait_s, try_id = reserve_try(tx, name, origin, now)
        user = find_user_by_name(tx, name)
    if wait_s > 0:
        raise TooManyFailuresError(wait_s)
    usable = user if user is not None and user.disabled_at is None else None
    try:
        right = verify_password(usable.password_hash if usable else None, password)
    except TooBusyError:
        with services.database.write() as tx:
            forget_try(tx, try_id)
        raise
    with services.database.write() as tx:
        altered = usable is not None and right and usable.altered
        if usable is not None and right and not altered:
            forget_failures(tx, name, origin)
            return usable
        services.ledger.append(
            tx,
            anonymous_actor(request),
            Event(
                EventKind.SIGN_IN_FAILED,
                f"user:{user.id}" if user else ANONYMOUS_ITEM,
                facts={
                    "known": user is not None,
                    "disabled": user is not None and (usable is None or bool(user.altered)),
                },
                outcome="denied",
            ),
        )
    raise AccountAlteredError if altered else SignInFailedError


def _check_old(services: Services, request: Request, name: str, password: str) -> None:
    """The same for somebody who is signed in: it is their password that is wrong."""
    try:
        _check(services, request, name, password)
    except SignInFailedError as error:
        raise OldPasswordError from error


def _start_session(services: Services, request: Request, response: Response, user: User) -> None:
    lifetime = timedelta(hours=services.config.session_hours)
    origin = origin_of(request)
    with services.database.write() as tx:
        token, _ = open_session(
            tx, user_id=user.id, origin=origin, now=services.clock.now(), lifetime=lifetime
        )
        event = Event(EventKind.PERSON_SIGNED_IN, f"user:{user.id}")
        services.ledger.append(tx, person_actor(user, origin), event)
    response.set_cookie(
        session_cookie_name(services),
        token,
        max_age=int(lifetime.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=services.config.secure_cookies,
        path="/",
    )


def _sign_in_page(
    request: Request, *, target: str, name: str = "", error: AuthError | None = None
) -> Response:
    return _page(request, "sign_in.html", target, error, name=name)


def _password_page(request: Request, *, target: str, error: AuthError | None = None) -> Response:
    user: User = request.state.person.user
    reset = None
    if user.must_change_password:
        with services_of(request).database.read() as tx:
            reset = find_reset(tx, user.id)
    return _page(
        request,
        "password.html",
        target,
        error,
        min_length=MIN_LENGTH,
        max_length=MAX_LENGTH,
        why=error.why if isinstance(error, WeakPasswordError) else "",
        reset=reset,
    )


def _page(
    request: Request, template: str, target: str, error: AuthError | None, **context: object
) -> Response:
    pages: Pages = request.app.state.pages
    answer = errors.answer_for(error) if error else None
    return pages.render(
        request,
        template,
        status=answer.status if answer else 200,
        target=local_path(target),
        answer=answer,
        wait_s=error.wait_s if isinstance(error, TooManyFailuresError) else 0,
        **context,
    )
