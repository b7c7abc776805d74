"""A text of spaces, or of what looks like them, says nothing."""

import pytest

from custody.readable_text import is_visible


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\u3000\u00a0", "\u200b", "\ufeff", "\u3164", "\ufffd"]
)
def test_nothing_is_seen(text: str) -> None:
    assert not is_visible(text)


@pytest.mark.parametrize("text", ["a", " 案 ", "\u200b1", "〔", "𠮷"])
def test_something_is_seen(text: str) -> None:
    assert is_visible(text)
