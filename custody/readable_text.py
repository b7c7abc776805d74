"""Whether a text says anything to whoever reads it. Rules without I/O."""

import re
import unicodedata

#: Of these kinds a reader sees something: letters, numbers, punctuation, symbols.
_SEEN = frozenset("LNPS")
#: And of these nothing, for all their kind: fillers and a blank; what stands for the unreadable.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffd")
#: Without a look of their own, and often without any: control, format, surrogate, private use and
#: unassigned characters, line and paragraph separators; and marks that only change what is beside.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SELECTORS = re.compile("[\u034f\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def is_visible(text: str) -> bool:
    """Whether anything in ``text`` can be seen: spaces and what looks like them can't."""
    return any(_is_visible(character) for character in text)


def hides_something(text: str) -> bool:
    """Whether a character in ``text`` can't be seen, or turns others round.

    Spaces hide nothing; U+FFFD, which stands for what no database takes, is seen as that.
    """
    return _SELECTORS.search(text) is not None or any(
        unicodedata.category(one) in _HIDDEN or (one in _BLANK and one != "\ufffd") for one in text
    )


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in _SEEN and character not in _BLANK
