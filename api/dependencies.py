"""What routes ask for: the services, who is signed in, the form's proof."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Form, Query, Request
from fastapi.concurrency import run_in_threadpool

from api.auth.errors import ForgedRequestError, NotSignedInError, PasswordChangeNeededError
from api.auth.sessions import SEEN_STEP, Session, find_session, touch_session
from api.auth.users import User, get_user
from api.services import Services
from api.web.query_text import check_query
from custody.access import Right
from custody.actors import Actor, Role, Via
from custody.events import clip_item

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION_COOKIE = "liuhen_session"
#: With TLS the browser itself refuses this name over plain HTTP or from a subdomain (RFC 6265bis).
SECURE_SESSION_COOKIE = "__Host-liuhen_session"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, and the actor they are for the log."""

    user: User
    session: Session
    actor: Actor


def services_of(request: Request) -> Services:
    """The services the application was made with."""
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(services_of)]


def readable_address(request: Request) -> None:
    """Every route asks for this first. Raises as `check_query`."""
    check_query(request.scope["query_string"])


#: What changes no evidence: people have to get in, to look and to verify.
_WHILE_RESTORED = frozenset(
    {
        *("/sign-in", "/sign-out", "/password", "/preferences"),
        *("/verification", "/verification/stop", "/clips/{clip_id}/verify"),
        *("/clips/{clip_id}/open", "/clips/{clip_id}/download"),
    }
)


def whole_log(request: Request) -> None:
    """Every route asks for this: while an older copy waits to be recovered nothing is changed.

    What would be taken in now could be told twice or contradict what is recovered. Stations and
    people are told to come again; nothing that they hold is lost. Raises `LogRestoredError`.
    """
    path = getattr(request.scope.get("route"), "path", request.url.path)
    if request.method in _READING or path in _WHILE_RESTORED:
        return
    services_of(request).publisher.watch.require_whole()


def origin_of(request: Request) -> str:
    """The address a request comes from."""
    return request.client.host if request.client else "unknown"


def session_cookie_name(services: Services) -> str:
    return SECURE_SESSION_COOKIE if services.config.secure_cookies else SESSION_COOKIE


def anonymous_actor(request: Request) -> Actor:
    """Somebody before sign-in."""
    return Actor(id="anonymous", role=Role.ANONYMOUS, via=Via.NONE, origin=origin_of(request))


def person_actor(user: User, origin: str) -> Actor:
    return Actor(
        id=user.id, role=user.role, via=Via.PASSWORD, origin=origin, name=user.display_name
    )


def find_person(request: Request, services: ServicesDep) -> Person | None:
    """Who is signed in, if anybody; kept on the request so that pages can name them."""
    token = request.cookies.get(session_cookie_name(services))
    if not token:
        return None
    now = services.clock.now()
    idle = timedelta(minutes=services.config.session_idle_minutes)
    with services.database.read() as tx:
        session = find_session(tx, token=token, now=now, idle=idle)
        if session is None:
            return None
        user = get_user(tx, session.user_id)
        if user.altered:
            return None
    if now - session.last_seen_at > SEEN_STEP:
        with services.database.write() as tx:
            touch_session(tx, session, now)
    person = Person(user, session, person_actor(user, origin_of(request)))
    request.state.person = person
    return person


FoundPersonDep = Annotated[Person | None, Depends(find_person)]


def signed_in(person: FoundPersonDep) -> Person:
    """Who is signed in, whatever their password. Raises `NotSignedInError`."""
    if person is None:
        raise NotSignedInError
    return person


def settled(person: Annotated[Person, Depends(signed_in)]) -> Person:
    """Who is signed in with a password of their own. Raises `PasswordChangeNeededError`."""
    if person.user.must_change_password:
        raise PasswordChangeNeededError
    return person


#: A page for somebody signed in. What they may do there is decided by `custody.access`.
PersonDep = Annotated[Person, Depends(settled)]


def _checked_form(
    person: Annotated[Person, Depends(signed_in)], csrf: Annotated[str, Form()] = ""
) -> Person:
    if not secrets.compare_digest(csrf.encode(), person.session.csrf_token.encode()):
        raise ForgedRequestError
    return person


def submitted(person: Annotated[Person, Depends(_checked_form)]) -> Person:
    return settled(person)


#: The sender of a form that came from a page of their own session. Raises `ForgedRequestError`.
SubmittedDep = Annotated[Person, Depends(submitted)]
#: The same for somebody who still has their one-time password.
UnsettledSubmittedDep = Annotated[Person, Depends(_checked_form)]


def may_submit(right: Right, subject: str) -> Any:
    """For ``Annotated[Person, …]``: the sender of a form, who has ``right``.

    It is asked before anything else of the form is read, so that whoever may not is refused, and
    the log says so, whatever they sent. ``subject`` is the item it is about, or a word, with places
    for the parts of the path; of a form that names clips, the first of them.
    """

    async def allowed(request: Request, services: ServicesDep, person: SubmittedDep) -> Person:
        named = [one for one in (await request.form()).getlist("clip_id") if isinstance(one, str)]
        of_path = "{" in subject or not named
        item = subject.format(**request.path_params) if of_path else clip_item(named[0])
        await run_in_threadpool(services.access.require, person.actor, right, item)
        return person

    return Depends(allowed)


#: What somebody looks for. Longer than anything that could be found, and databases refuse.
SearchText = Annotated[str, Query(max_length=500)]
