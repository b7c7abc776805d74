"""Accounts, for the administrator: add, hand out a one-time password, shut and open again."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
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
from api.dependencies import PersonDep, ServicesDep, SubmittedDep
from api.services import Services
from api.web.pages import Pages
from custody.access import Right
from custody.actors import Role

router = APIRouter()


@router.get("/users")
def show_users(request: Request, services: ServicesDep, person: PersonDep) -> Response:
    services.access.require(person.actor, Right.MANAGE_USERS, "users")
    return _page(request, services)


@router.post("/users")
def add_user(
    request: Request,
    services: ServicesDep,
    person: SubmittedDep,
    name: Annotated[str, Form(max_length=64)] = "",
    display_name: Annotated[str, Form(max_length=100)] = "",
    role: Annotated[str, Form()] = Role.LEGAL.value,
) -> Response:
    """Answers with the page itself: the password is shown once; a redirect would lose it."""
    services.access.require(person.actor, Right.MANAGE_USERS, "users")
    wanted = next((one for one in PERSON_ROLES if one.value == role), Role.LEGAL)
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
    return _page(request, services, new=user, password=password)


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
    return _page(request, services, new=user, password=password)


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
