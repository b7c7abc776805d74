"""A purpose can be read, is not too long, and can be kept on every engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.errors import PurposeMissingError, PurposeTooLongError
from custody.purposes import MAX_PURPOSE_CHARACTERS, read_purpose

INVISIBLE = (
    "",
    " \n\t",
    "\x00",
    "\x00\u200b",
    "\u200b",  # zero-width space
    "\ufeff\u2060\u00ad",
    "\u3000\u00a0",
    "\u3164\u115f\u1160\uffa0",  # fillers: letters by their kind
    "\u2800",  # a symbol without a dot
    "\u0301\ufe0f\u034f",  # marks on nothing
    "\U000e0041",  # a tag
    "\ue000",  # private use
    "\ufffd\ufffd",
)


@pytest.mark.parametrize("text", INVISIBLE)
def test_what_nobody_can_see_is_no_purpose(text: str) -> None:
    with pytest.raises(PurposeMissingError):
        read_purpose(text)


@pytest.mark.parametrize("text", ["复核", "1", "?", "✓", "a\u200bb", "\u3164复核"])
def test_one_visible_character_is_enough(text: str) -> None:
    assert read_purpose(f" {text}\n") == text


def test_a_nul_in_a_purpose_can_be_seen() -> None:
    assert read_purpose("复\x00核") == "复\ufffd核"


def test_the_limit_holds_for_what_is_kept() -> None:
    longest = "复" * MAX_PURPOSE_CHARACTERS
    assert read_purpose(f"  {longest}  ") == longest
    with pytest.raises(PurposeTooLongError):
        read_purpose(longest + "核")


@given(st.text())
def test_any_text_is_a_purpose_or_refused(text: str) -> None:
    try:
        purpose = read_purpose(text)
    except (PurposeMissingError, PurposeTooLongError):
        return
    assert "\x00" not in purpose
    assert 0 < len(purpose) <= MAX_PURPOSE_CHARACTERS
