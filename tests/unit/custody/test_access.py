"""The rule of who may do what, as domain.md says it."""

import pytest

from custody.access import RIGHTS, Right, allows
from custody.actors import Role


def test_every_role_is_in_the_table() -> None:
    assert set(RIGHTS) == set(Role)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.LEGAL])
def test_only_legal_sees_footage_here(role: Role) -> None:
    assert not allows(role, Right.SEE_FOOTAGE)
    assert not allows(role, Right.DOWNLOAD)


def test_a_station_only_brings() -> None:
    assert [right for right in Right if allows(Role.STATION, right)] == [Right.UPLOAD]


def test_nobody_is_allowed_anything_before_sign_in() -> None:
    assert not any(allows(Role.ANONYMOUS, right) for right in Right)


def test_the_administrator_manages_and_does_not_judge() -> None:
    assert allows(Role.ADMIN, Right.MANAGE_USERS)
    assert not any(
        allows(Role.ADMIN, right)
        for right in (Right.LINK, Right.MANAGE_CASES, Right.ASSIGN, Right.EXPORT, Right.UPLOAD)
    )


def test_each_right_is_somebodys() -> None:
    assert set(Right) == frozenset().union(*RIGHTS.values())
