"""What counts as a purpose: the words under which evidence is opened. Rules without I/O."""

import unicodedata

from custody.errors import PurposeMissingError, PurposeTooLongError

MAX_PURPOSE_CHARACTERS = 500

#: Of these kinds a reader sees something: letters, numbers, punctuation, symbols.
_SEEN = frozenset("LNPS")
#: And of these nothing, for all their kind: fillers and a blank; what stands for the unreadable.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffd")


def read_purpose(text: str) -> str:
    """The purpose as it goes into the log: trimmed, NUL made visible (PostgreSQL has no place
    for it).

    Raises `PurposeMissingError` where nothing in it can be seen, and `PurposeTooLongError`.
    """
    purpose = text.replace("\x00", "\ufffd").strip()
    if not any(_is_visible(character) for character in purpose):
        raise PurposeMissingError
    if len(purpose) > MAX_PURPOSE_CHARACTERS:
        raise PurposeTooLongError(f"at most {MAX_PURPOSE_CHARACTERS} characters")
    return purpose


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in _SEEN and character not in _BLANK
