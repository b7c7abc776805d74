"""Accounts, for the administrator: add, hand out a one-time password, shut and open again."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from api import errors
from api.auth.errors import OwnAccountError, UserExistsError, UserNameError
from api.auth.users import (
    PERSON_ROLES,
    User,
    create_user,
    disable_user,
    enable_user,
    get_user,
    list_users,
    reissue_one_time_password,
)
from api.dependencies import Person, PersonDep, ServicesDep, SubmittedDep, may_submit
from api.services import Services
from api.web.pages import Pages
from custody.access import Right

router = APIRouter()

#: A one-time password on its way from the form's answer to the page that shows it. It lies with
#: the administrator alone, until that page; so a reload of either makes no other one.
HANDED_COOKIE = "liuhen_handed"
_HANDED_PATH = "/users"


@router.get("/users")
def show_users(request: Request, services: ServicesDep, person: PersonDep) -> Response:
    services.access.require(person.actor, Right.MANAGE_USERS, "users")
    user_id, _, password = request.cookies.get(HANDED_COOKIE, "").partition(".")
    if not password:
        return _page(request, services)
    with services.database.read() as tx:
        user = get_user(tx, user_id)
    response = _page(request, services, new=user, password=password)
    response.delete_cookie(HANDED_COOKIE, path=_HANDED_PATH)
    return response


@router.post("/users")
def add_user(
    request: Request,
    services: ServicesDep,
    person: Annotated[Person, may_submit(Right.MANAGE_USERS, "users")],
    name: Annotated[str, Form(max_length=64)] = "",
    display_name: Annotated[str, Form(max_length=100)] = "",
    role: Annotated[str, Form()] = "",
) -> Response:
    """The password stands on the page that follows, once: asked for again, it is gone."""
    wanted = next((one for one in PERSON_ROLES if one.value == role), None)
    if wanted is None:  # no choice of the form: whoever sent it meant something else
        raise HTTPException(422, "role")
    try:
        with services.database.write() as tx:
            user, password = create_user(
                tx,
                services.ledger,
                person.actor,
                services.clock,
                name=name,
                display_name=display_name,
                role=wanted,
            )
    except (UserNameError, UserExistsError) as error:
        return _page(request, services, answer=errors.answer_for(error))
    return _hand_over(services, user, password)


@router.post("/users/{user_id}/password")
def reissue(
    request: Request, services: ServicesDep, person: SubmittedDep, user_id: str
) -> Response:
    """A new one-time password for somebody who lost theirs; shown once, as the first was."""
    services.access.require(person.actor, Right.MANAGE_USERS, f"user:{user_id}")
    try:
        with services.database.write() as tx:
            password = reissue_one_time_password(tx, services.ledger, person.actor, user_id=user_id)
            user = get_user(tx, user_id)
    except OwnAccountError as error:
        return _page(request, services, answer=errors.answer_for(error))
    return _hand_over(services, user, password)


@router.post("/users/{user_id}/disable")
def disable(services: ServicesDep, person: SubmittedDep, user_id: str) -> Response:
    services.access.require(person.actor, Right.MANAGE_USERS, f"user:{user_id}")
    with services.database.write() as tx:
        disable_user(tx, services.ledger, person.actor, services.clock, user_id=user_id)
    return RedirectResponse("/users", 303)


@router.post("/users/{user_id}/enable")
def enable(services: ServicesDep, person: SubmittedDep, user_id: str) -> Response:
    services.access.require(person.actor, Right.MANAGE_USERS, f"user:{user_id}")
    with services.database.write() as tx:
        enable_user(tx, services.ledger, person.actor, user_id=user_id)
    return RedirectResponse("/users", 303)


def _hand_over(services: Services, user: User, password: str) -> Response:
    response = RedirectResponse("/users", 303)
    response.set_cookie(
        HANDED_COOKIE,
        f"{user.id}.{password}",
        path=_HANDED_PATH,
        httponly=True,
        samesite="strict",
        secure=services.config.secure_cookies,
    )
    return response


def _page(
    request: Request,
    services: Services,
    *,
    new: User | None = None,
    password: str = "",
    answer: errors.Answer | None = None,
) -> Response:
    with services.database.read() as tx:
        users = list_users(tx)
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "users.html",
        status=answer.status if answer else 200,
        users=users,
        new=new,
        password=password,
        answer=answer,
        roles=PERSON_ROLES,
    )
