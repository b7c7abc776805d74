"""Guessing passwords: counted before they are looked at, under whatever spelling and address."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import sqlalchemy as sa

from api.app import create_app
from api.auth import passwords
from api.auth.tables import sign_in_failures
from api.auth.throttle import FREE_TRIES_HERE
from custody.actors import Role
from custody.events import EventKind
from custody.history import history_of
from tests.services.house import PASSWORD, House
from tests.services.http_server import serving


@pytest.fixture
def address(house: House) -> Iterator[str]:
    with serving(create_app(house.services)) as address:
        yield address


def sign_in(address: str, name: str, password: str) -> int:
    form = {"name": name, "password": password}
    return httpx.post(f"{address}/sign-in", data=form, timeout=60).status_code


def failures_in_log(house: House) -> int:
    with house.services.database.read() as tx:
        events = history_of(tx, f"user:{house.people[Role.LEGAL].id}")
    return sum(event.kind == EventKind.SIGN_IN_FAILED for event in events)


def test_of_guesses_at_one_moment_no_more_are_tried_than_one_by_one(
    house: House, address: str
) -> None:
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda n: sign_in(address, "bob", f"wrong {n}"), range(24)))
    assert answers.count(403) == failures_in_log(house) == FREE_TRIES_HERE
    assert answers.count(429) == 24 - FREE_TRIES_HERE


def test_another_spelling_of_a_name_has_no_tries_of_its_own(house: House, address: str) -> None:
    spellings = ["bob", " bob", "bob\u3000", "BOB", "\uff42ob"]
    assert [sign_in(address, name, "wrong") for name in spellings] == [403] * 5
    assert sign_in(address, "bob ", PASSWORD) == 429
    assert failures_in_log(house) == 3  # the others are nobody's names


def test_a_right_password_leaves_nothing_counted(house: House, address: str) -> None:
    assert sign_in(address, "bob", "wrong") == 403
    assert sign_in(address, " bob ", PASSWORD) == 303
    with house.services.database.read() as tx:
        assert tx.execute(sa.select(sign_in_failures)).all() == []


def test_who_finds_no_turn_is_told_so_and_not_counted(
    house: House, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "PATIENCE_S", 0.01)
    for _ in range(passwords.CHECKS_AT_ONCE):
        passwords._turns.acquire()
    try:
        assert sign_in(address, "bob", PASSWORD) == 429
    finally:
        for _ in range(passwords.CHECKS_AT_ONCE):
            passwords._turns.release()
    assert sign_in(address, "bob", PASSWORD) == 303
    assert failures_in_log(house) == 0
