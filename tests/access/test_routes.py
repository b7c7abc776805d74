"""Every route × every role. A route that is missing from the table fails the test."""

import itertools
import re
from dataclasses import dataclass, field

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from custody.actors import Role
from custody.events import EventKind
from custody.tables import log_entries
from tests.access.conftest import Door

ROLES = (Role.ANONYMOUS, Role.ADMIN, Role.LEGAL, Role.STATION)

#: What a role gets: the page; a refusal that is in the log; the way to the door; "who are you?".
YES, NO, DOOR, WHO = "yes", "no", "door", "who"


@dataclass(frozen=True)
class Rule:
    """What each role gets, in the order of `ROLES`, and what a form has to carry."""

    anonymous: str
    admin: str
    legal: str
    station: str
    form: dict[str, str] = field(default_factory=dict)
    query: str = ""

    def of(self, role: Role) -> str:
        return dict(
            zip(ROLES, (self.anonymous, self.admin, self.legal, self.station), strict=True)
        )[role]


def public() -> Rule:
    return Rule(YES, YES, YES, YES)


def people(*, admin: str = YES, legal: str = YES, query: str = "", **form: str) -> Rule:
    """A page: who is not signed in goes to the door, a station too (it has no cookie)."""
    return Rule(DOOR, admin, legal, DOOR, form, query)


def stations() -> Rule:
    """An interface for stations: a person's cookie counts for nothing there."""
    return Rule(WHO, WHO, WHO, YES)


RULES: dict[str, Rule] = {
    "GET /": people(),
    "GET /static/{name}": public(),
    "POST /preferences": public(),
    "GET /search": people(),
    "GET /sign-in": public(),
    "POST /sign-in": Rule(NO, NO, NO, NO),  # no name, no password: refused, for everybody
    "GET /password": people(),
    "POST /password": people(admin=NO, legal=NO),  # the old password is missing
    "POST /sign-out": people(),
    "GET /clips": people(),
    "GET /unassigned": people(),
    "POST /unassigned": people(admin=NO, clip_id="{clip_id}", officer="JX0227"),
    "GET /clips/{clip_id}": people(),
    "GET /clips/{clip_id}/history": people(),
    "POST /clips/{clip_id}/open": people(admin=NO, purpose="a test"),
    "POST /clips/{clip_id}/assign": people(admin=NO, officer="JX0227", recorder="TA00716"),
    "POST /links": people(
        admin=NO, clip_id="{clip_id}", case="零城执罚决字〔2026〕第12号", stage="review"
    ),
    "GET /links": people(admin=NO, query="case={case_id}&clip_id={clip_id}&stage=review"),
    "POST /links/stage": people(
        admin=NO, clip_id="{clip_id}", case="{case_id}", stage="investigation"
    ),
    "POST /clips/{clip_id}/unlink": people(admin=NO, case_id="{case_id}"),
    "POST /clips/{clip_id}/verify": people(),
    "GET /clips/{clip_id}/thumbnail": people(admin=NO, query="listing={listing}"),
    "GET /clips/{clip_id}/renditions/{kind}": people(admin=NO, query="viewing={viewing}"),
    "GET /clips/{clip_id}/stream": people(admin=NO, query="viewing={viewing}"),
    "POST /clips/{clip_id}/download": people(admin=NO, purpose="a test"),
    "GET /clips/{clip_id}/original": people(admin=NO, query="download={download}"),
    "GET /cases": people(),
    "GET /cases/new": people(admin=NO),
    "POST /cases": people(admin=NO, number="零城执罚决字〔2026〕第{number}号", title="a test"),
    "GET /cases/{case_id}": people(),
    "GET /cases/{case_id}/history": people(),
    "GET /cases/{case_id}/edit": people(admin=NO),
    "POST /cases/{case_id}/edit": people(
        admin=NO, number="零城执罚决字〔2026〕第12号", title="a test {number}", seen="0"
    ),
    "GET /stations": people(),
    "GET /stations/{station_id}/sessions": people(),
    "GET /stations/{station_id}/sessions/{session_id}": people(),
    "POST /stations": people(legal=NO, name="station {number}"),
    "POST /stations/{station_id}/revoke": people(legal=NO),
    "GET /verification": people(),
    "POST /verification": people(),
    "POST /verification/stop": people(),
    "GET /log": people(),
    "GET /log/entries/{index}": people(),
    "GET /users": people(legal=NO),
    "POST /users": people(legal=NO, name="user{number}", role="legal"),
    "POST /users/{user_id}/password": people(legal=NO),
    "POST /users/{user_id}/disable": people(legal=NO),
    "POST /users/{user_id}/enable": people(legal=NO),
    "GET /healthz": public(),
    "GET /log/checkpoint": public(),
    "HEAD /log/checkpoint": public(),
    "GET /log/tile/{path}": public(),
    "HEAD /log/tile/{path}": public(),
    "GET /log/checkpoints/{size}": public(),
    "HEAD /log/checkpoints/{size}": public(),
    "GET /log/cosignatures/{size}/{key}": public(),
    "HEAD /log/cosignatures/{size}/{key}": public(),
    "GET /log/keys": public(),
    "HEAD /log/keys": public(),
    "GET /log/timestamps/{size}/{name}": public(),
    "HEAD /log/timestamps/{size}/{name}": public(),
    # Whoever brings a token or a signature proves themselves with it; without, nothing happens.
    "POST /api/stations/enrol": public(),
    "POST /api/stations/challenge": Rule(YES, YES, YES, YES),
    "POST /api/stations/session": Rule(YES, YES, YES, YES),
    "POST /api/stations/status": stations(),
    "POST /api/stations/cosignatures": stations(),
    "POST /api/dock-sessions": stations(),
    "OPTIONS /api/uploads": public(),
    "OPTIONS /api/uploads/{upload_id}": public(),
    "POST /api/uploads": stations(),
    "POST /api/uploads/{upload_id}": stations(),
    "HEAD /api/uploads/{upload_id}": stations(),
    "PATCH /api/uploads/{upload_id}": stations(),
    "DELETE /api/uploads/{upload_id}": stations(),
    "GET /api/uploads/{upload_id}/receipt": stations(),
}

#: What shows or hands out pictures and sound: a stranger at these is in the log too.
FOOTAGE = {
    "POST /clips/{clip_id}/open",
    "POST /clips/{clip_id}/download",
    "GET /clips/{clip_id}/thumbnail",
    "GET /clips/{clip_id}/renditions/{kind}",
    "GET /clips/{clip_id}/stream",
    "GET /clips/{clip_id}/original",
}

#: So that no two requests create the same thing.
NUMBERS = itertools.count(100)

#: What a route changes so that the next role would find nothing: tried last, in this order.
LAST = (
    "POST /users/{user_id}/disable",
    "POST /users/{user_id}/enable",
    "POST /stations/{station_id}/revoke",
)

#: A page whose form another page of another session sent: nobody gets through.
FORMS = sorted(
    route
    for route in RULES
    if route.startswith("POST ")
    and not route.startswith("POST /api/")
    and route not in {"POST /preferences", "POST /sign-in"}
)


def routes_of(app: FastAPI) -> set[str]:
    return {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }


def call(
    door: Door,
    route: str,
    role: Role,
    *,
    with_token: bool = True,
    form: dict[str, str] | None = None,
    **headers: str,
) -> httpx.Response:
    rule = RULES[route]
    identity, csrf = door.enter(role)
    method, path = route.split(" ")
    names = door.names | {"number": str(next(NUMBERS))}

    def fill(text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda match: names[match[1]], text)

    typed = rule.form if form is None else form
    body = {name: fill(value) for name, value in typed.items()}
    if with_token and csrf:
        body["csrf"] = csrf
    address = fill(path) + (f"?{fill(rule.query)}" if rule.query else "")
    if path.startswith("/api/"):
        return door.client.request(
            method, address, headers={"Tus-Resumable": "1.0.0", **identity, **headers}
        )
    return door.client.request(
        method, address, headers={**identity, **headers}, data=body if method == "POST" else None
    )


def outcome(response: httpx.Response) -> str:
    """Which of the four it is; what is wrong with a request that was let in is no matter here."""
    location = response.headers.get("location", "")
    if (response.status_code == 303 and location.startswith("/sign-in?")) or location == "/sign-in":
        return DOOR
    if response.status_code == 401:
        return WHO
    if response.status_code == 403:
        return NO
    assert response.status_code < 500, response.text
    return YES


def denials(door: Door) -> int:
    with door.house.services.database.read() as tx:
        query = sa.select(sa.func.count()).where(
            log_entries.c.kind == EventKind.ACCESS_DENIED.value
        )
        return tx.scalar(query) or 0


# HEAD and GET of one function share a name in the description nobody is shown.
@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
def test_every_route_is_in_the_table(door: Door) -> None:
    assert routes_of(door.app) == set(RULES)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", [*(route for route in RULES if route not in LAST), *LAST])
def test_each_role_gets_what_it_may(door: Door, route: str, role: Role) -> None:
    if route == "POST /sign-out" and role in {Role.ADMIN, Role.LEGAL}:
        response = call(door, route, role)
        assert response.status_code == 303
        assert response.headers["location"] == "/sign-in"
        return
    before = denials(door)
    response = call(door, route, role)
    assert outcome(response) == RULES[route].of(role), response.text[:2000]
    denied = (
        RULES[route].of(role) == NO
        and role in {Role.ADMIN, Role.LEGAL}
        and route not in {"POST /sign-in", "POST /password"}
    ) or (RULES[route].of(role) == DOOR and route in FOOTAGE)
    assert denials(door) - before == (1 if denied else 0)


#: What no route takes in any of its fields.
SENSELESS = {
    **dict.fromkeys(("stage", "procedure", "seen", "offset", "role"), "no such thing"),
    **dict.fromkeys(("number", "title", "officers", "officer", "recorder", "name"), "x" * 9000),
    **dict.fromkeys(("case", "case_id", "recorded_at", "display_name", "clip_id"), "x" * 9000),
}


@pytest.mark.parametrize("form", [{}, SENSELESS], ids=["empty", "senseless"])
@pytest.mark.parametrize(
    ("route", "role"),
    [(route, role) for route in FORMS for role in ROLES if RULES[route].of(role) != YES],
)
def test_who_may_is_asked_before_what_the_form_says(
    door: Door, route: str, role: Role, form: dict[str, str]
) -> None:
    allowed = RULES[route].of(role)
    before = denials(door)
    response = call(door, route, role, form=form)
    assert outcome(response) == allowed, response.text[:500]
    denied = (allowed == NO and route != "POST /password") or (allowed == DOOR and route in FOOTAGE)
    assert denials(door) - before == (1 if denied else 0)


@pytest.mark.parametrize("route", FORMS)
def test_a_form_without_the_sessions_token_is_refused(door: Door, route: str) -> None:
    for role in (Role.ADMIN, Role.LEGAL):
        before = denials(door)
        assert call(door, route, role, with_token=False).status_code == 403
        assert denials(door) - before == (1 if route in FOOTAGE else 0)


@pytest.mark.parametrize("route", [*FORMS, "POST /preferences", "POST /sign-in"])
def test_a_form_from_another_origin_is_refused(door: Door, route: str) -> None:
    response = call(door, route, Role.LEGAL, origin="https://evil.example")
    assert response.status_code == 403
    assert "set-cookie" not in response.headers


#: Every parameter an address of ours is read for; each is asked of every page, known there or not.
PARAMETERS = (
    *("text", "officer", "recorder", "from", "to", "state", "kind", "important", "case", "sort"),
    *("procedure", "item", "actor", "who", "before", "offset", "fate", "clip_id", "stage", "made"),
    *("there", "back", "viewing", "listing", "download", "refused", "next", "entry"),
)
#: What no text is, and the status of an address with it.
HOSTILE = (
    ("%00", 400),
    ("a%00b", 400),
    ("%ED%A0%80", 400),  # a lone surrogate
    ("%F0%9F", 400),  # half a character
    ("%FF", 400),
    ("x" * 10_000, 414),
    ("%E7%95%99" * 3_400, 414),  # ten thousand bytes of Chinese
)


@pytest.mark.parametrize("role", [Role.ANONYMOUS, Role.LEGAL])
@pytest.mark.parametrize(("value", "status"), HOSTILE)
def test_an_address_that_no_engine_could_look_for_is_refused_in_words(
    door: Door, role: Role, value: str, status: int
) -> None:
    identity, _ = door.enter(role)
    for route in (route for route in RULES if route.startswith("GET ")):
        path = re.sub(r"\{(\w+)\}", lambda match: door.names[match[1]], route.split(" ")[1])
        query = "&".join(f"{name}={value if len(value) < 99 else 'x'}" for name in PARAMETERS)
        for asked in (query, f"text={value}", f"clip_id={value}"):
            answer = door.client.get(f"{path}?{asked}", headers=identity)
            if asked == query and status == 414:
                assert answer.status_code < 500, (route, asked)
                continue
            assert answer.status_code == status, (route, asked)
            if answer.headers["content-type"].startswith("text/html"):
                assert "地址" in answer.text
                assert "证据没有变化" in answer.text
            else:
                assert answer.json()["error"].startswith("address_")


def test_a_hostile_address_at_footage_is_a_denied_attempt(door: Door) -> None:
    before = denials(door)
    identity, _ = door.enter(Role.LEGAL)
    path = f"/clips/{door.names['clip_id']}/stream?viewing=%00"
    assert door.client.get(path, headers=identity).status_code == 400
    assert denials(door) - before == 1


def test_every_answer_carries_the_headers_that_protect_it(door: Door) -> None:
    for route in ("GET /sign-in", "GET /clips", "GET /clips/{clip_id}/stream", "GET /healthz"):
        headers = call(door, route, Role.LEGAL).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers
