"""Whether a text says anything to whoever reads it. Rules without I/O."""

import unicodedata

#: Of these kinds a reader sees something: letters, numbers, punctuation, symbols.
_SEEN = frozenset("LNPS")
#: And of these nothing, for all their kind: fillers and a blank; what stands for the unreadable.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffd")


def is_visible(text: str) -> bool:
    """Whether anything in ``text`` can be seen: spaces and what looks like them can't."""
    return any(_is_visible(character) for character in text)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in _SEEN and character not in _BLANK
