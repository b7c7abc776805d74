"""Hashes, one-time passwords, and what a new password must be."""

import re

import pytest

from api.auth.errors import WeakPasswordError
from api.auth.passwords import (
    check_new_password,
    hash_password,
    one_time_password,
    verify_password,
)


@pytest.fixture(autouse=True)
def quick_hashes() -> None:
    """None here: these are about the real ones."""


def test_a_hash_is_argon2id_and_knows_its_password() -> None:
    hashed = hash_password("a long enough password")
    # RFC 9106 section 4, the second recommended choice: 64 MiB, 3 passes, 4 lanes.
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert verify_password(hashed, "a long enough password")
    assert not verify_password(hashed, "another password")


def test_nobody_has_no_password() -> None:
    assert not verify_password(None, "")
    assert not verify_password("no hash at all", "")


def test_one_time_passwords_differ_and_can_be_read_aloud() -> None:
    made = {one_time_password() for _ in range(50)}
    assert len(made) == 50
    assert all(
        re.fullmatch(r"(?:[a-hj-km-np-z2-9]{4}-){3}[a-hj-km-np-z2-9]{4}", one) for one in made
    )


@pytest.mark.parametrize("new", ["short", "x" * 257, "the same old password"])
def test_a_new_password_is_long_and_new(new: str) -> None:
    with pytest.raises(WeakPasswordError):
        check_new_password(new, "the same old password")


def test_ten_characters_are_enough() -> None:
    check_new_password("0123456789", "something else")
