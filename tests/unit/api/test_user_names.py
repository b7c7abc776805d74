"""Names of accounts can be told apart by whoever reads them in the log."""

import pytest

from api.auth.errors import UserAlikeError, UserExistsError, UserLettersError, UserNameError
from api.auth.user_names import check_new_name

KNOWN = ("alice", "Bob", "王芳")


@pytest.mark.parametrize("name", ["carol", "li.wei-2", "李伟", "josé", "ab", "x" * 64, "王芳2"])
def test_plain_letters_and_chinese_will_do(name: str) -> None:
    check_new_name(name, KNOWN)


@pytest.mark.parametrize("name", ["", "a", "x" * 65, "a b", "a/b", "a\u202eb"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(UserNameError):
        check_new_name(name, KNOWN)


@pytest.mark.parametrize("name", ["alice", "王芳"])
def test_a_name_that_is_taken(name: str) -> None:
    with pytest.raises(UserExistsError):
        check_new_name(name, KNOWN)


@pytest.mark.parametrize("name", ["Alice", "ALICE", "bob"])
def test_a_name_that_differs_in_case_only(name: str) -> None:
    with pytest.raises(UserAlikeError) as refused:
        check_new_name(name, KNOWN)
    assert str(refused.value).endswith("(alice)") or str(refused.value).endswith("(Bob)")


@pytest.mark.parametrize(
    "name",
    [
        "alic\u0435",  # Cyrillic
        "\u03bfscar",  # Greek
        "\uff41lice",  # full width
        "d\u0131na",  # dotless
        "\u0251lice",  # Latin alpha
        "bob\u0661",  # an Arabic digit
        "\u13a0nn",  # Cherokee
    ],
)
def test_letters_that_look_like_others(name: str) -> None:
    with pytest.raises(UserLettersError):
        check_new_name(name, KNOWN)
