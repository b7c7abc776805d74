"""A lost password: reissued by an administrator, for others only, and never unseen."""

import re
from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa

from api.app import create_app
from api.auth.tables import sign_in_sessions
from api.auth.users import get_user, list_users
from api.verification_runs import context_of
from api.web.locale import translate
from custody.actors import Role
from custody.history import history_of
from custody.verification import LOG_ONLY, verify_all
from tests.services.house import PASSWORD, House
from tests.services.http_server import client_of, serving


@pytest.fixture
def address(house: House) -> Iterator[str]:
    with serving(create_app(house.services)) as address:
        yield address


def sign_in(client: httpx.Client, name: str, password: str) -> httpx.Response:
    return client.post("/sign-in", data={"name": name, "password": password})


def submit(
    house: House, client: httpx.Client, role: Role, path: str, /, **form: str
) -> httpx.Response:
    with house.services.database.read() as tx:
        csrf = tx.scalars(
            sa.select(sign_in_sessions.c.csrf_token).where(
                sign_in_sessions.c.user_id == house.people[role].id
            )
        ).one()
    return client.post(path, data={"csrf": csrf, **form})


def changes(house: House, role: Role) -> list[object]:
    with house.services.database.read() as tx:
        events = history_of(tx, f"user:{house.people[role].id}")
    return [event.facts["what"] for event in events if event.kind == "user.changed"]


def shown_once(page: httpx.Response) -> str:
    [password] = re.findall(r'<code class="once">([^<]+)</code>', page.text)
    return str(password)


def test_a_lost_password_is_reissued_and_its_owner_is_told(house: House, address: str) -> None:
    bob = house.people[Role.LEGAL]
    with (
        client_of(address) as admin,
        client_of(address) as clerk,
    ):
        assert sign_in(admin, "alice", PASSWORD).status_code == 303
        assert sign_in(clerk, "bob", PASSWORD).status_code == 303
        answer = submit(house, admin, Role.ADMIN, f"/users/{bob.id}/password")
        assert answer.status_code == 303  # so that a reload makes no other one
        page = admin.get(answer.headers["location"])
        password = shown_once(page)
        assert "no-store" in page.headers["cache-control"]
        again = admin.get("/users")
        assert password not in again.text
        assert 'class="once"' not in again.text
        # Signed out at once, and the password of before opens nothing.
        assert clerk.get("/clips").headers["location"].startswith("/sign-in")
        assert sign_in(clerk, "bob", PASSWORD).status_code == 403
        assert sign_in(clerk, "bob", password).headers["location"] == "/password"
        told = clerk.get("/password").text
        assert "爱丽丝" in told
        assert "重发了您的密码" in told
        new = "quite another password"
        for why, (first, second) in {
            "太短，至少要": ("short", "short"),
            "太长，最多": ("x" * 2000, "x" * 2000),
            "和现在的一样": (password, password),
            "两次输入的新密码不一样": (new, new + "!"),
        }.items():
            form = {"old": password, "new": first, "again": second}
            refused = submit(house, clerk, Role.LEGAL, "/password", **form)
            assert refused.status_code == 422
            assert why in refused.text
        form = {"old": password, "new": new, "again": new}
        assert submit(house, clerk, Role.LEGAL, "/password", **form).status_code == 303
        assert "重发了您的密码" not in clerk.get("/password").text
    assert changes(house, Role.LEGAL) == ["password", "password_reset", "password"]


def test_a_password_nobody_has_used_is_no_reset_of_anybodys_own(house: House, address: str) -> None:
    bob = house.people[Role.LEGAL]
    with (
        client_of(address) as admin,
        client_of(address) as clerk,
    ):
        sign_in(admin, "alice", PASSWORD)
        for _ in range(2):
            submit(house, admin, Role.ADMIN, f"/users/{bob.id}/password")
        sign_in(clerk, "bob", shown_once(admin.get("/users")))
        # Reissued again before it was used: they are told all the same.
        assert "重发了您的密码" in clerk.get("/password").text
    assert changes(house, Role.LEGAL) == ["password", "password_reset", "one_time_password"]


def test_nobody_reissues_their_own(house: House, address: str) -> None:
    alice = house.people[Role.ADMIN]
    with client_of(address) as admin:
        sign_in(admin, "alice", PASSWORD)
        assert f"/users/{alice.id}/password" not in admin.get("/users").text
        answer = submit(house, admin, Role.ADMIN, f"/users/{alice.id}/password")
        assert answer.status_code == 409
        assert "也不能给自己重发密码" in answer.text
        assert admin.get("/users").status_code == 200
    assert changes(house, Role.ADMIN) == ["password"]


def test_the_rows_of_users_still_agree_with_the_log(house: House, address: str) -> None:
    bob = house.people[Role.LEGAL]
    with client_of(address) as admin:
        sign_in(admin, "alice", PASSWORD)
        submit(house, admin, Role.ADMIN, f"/users/{bob.id}/password")
    with house.services.database.read() as tx:
        assert get_user(tx, bob.id).must_change_password
    house.publish()
    assert verify_all(context_of(house.services), LOG_ONLY).findings == []


def test_a_password_and_an_account_are_asked_about_before_anything_is_done(
    house: House, address: str
) -> None:
    bob = house.people[Role.LEGAL]
    with client_of(address) as admin:
        sign_in(admin, "alice", PASSWORD)
        page = admin.get("/users").text
    for what, question in (("password", "给 bob 重发一次性密码？"), ("disable", "停用 bob？")):
        asked = re.search(
            rf'<details class="ask no-print"><summary>[^<]+</summary>\s*'
            rf'<form action="/users/{bob.id}/{what}".*?</details>',
            page,
            re.DOTALL,
        )
        assert asked is not None
        assert question in asked[0]
        assert asked[0].count("<button") == 1
        assert page.count(f'action="/users/{bob.id}/{what}"') == 1


@pytest.mark.parametrize(
    ("form", "status", "key"),
    [
        ({"name": "carol", "role": "system"}, 422, "unreadable"),
        ({"name": "carol", "role": ""}, 422, "unreadable"),
        ({"name": "ALICE", "role": "legal"}, 409, "user_alike"),
        ({"name": "alic\u0435", "role": "legal"}, 422, "user_letters"),
    ],
)
def test_an_account_that_nobody_could_tell_or_that_no_person_has_is_refused(
    house: House, address: str, form: dict[str, str], status: int, key: str
) -> None:
    with client_of(address) as admin:
        assert sign_in(admin, "alice", PASSWORD).status_code == 303
        refused = submit(house, admin, Role.ADMIN, "/users", **form)
    assert refused.status_code == status
    assert translate("zh", f"error.{key}.what") in refused.text
    assert translate("zh", f"error.{key}.do") in refused.text
    with house.services.database.read() as tx:
        assert len(list_users(tx)) == len(house.people)
