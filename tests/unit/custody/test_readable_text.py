"""A text of spaces, or of what looks like them, says nothing."""

import pytest

from custody.readable_text import hides_something, is_visible


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\u3000\u00a0", "\u200b", "\ufeff", "\u3164", "\ufffd"]
)
def test_nothing_is_seen(text: str) -> None:
    assert not is_visible(text)


@pytest.mark.parametrize("text", ["a", " 案 ", "\u200b1", "〔", "𠮷"])
def test_something_is_seen(text: str) -> None:
    assert is_visible(text)


@pytest.mark.parametrize(
    "text", ["a\u202e", "\u200bb", "a\x07", "\u3164", "\u2800", "a\ufe0f", "\ud800", "a\nb"]
)
def test_something_is_hidden(text: str) -> None:
    assert hides_something(text)


@pytest.mark.parametrize("text", ["", "a b", "案\u3000由", "𠮷〔2026〕", "e\u0301", "\ufffd"])
def test_nothing_is_hidden(text: str) -> None:
    assert not hides_something(text)
