"""Codes of officers and recorders: many ways to type one, one way to keep it. Pure.

File names, forms, commands and searches all bring codes, in capitals or not, in full width or not;
what they mean is found only where all are kept and looked for in the one form of `normalize_code`.
"""

import re
import unicodedata

from custody.errors import CodeHiddenError, CodeListError, CodeLongError
from custody.readable_text import hides_something, is_visible

#: As wide as the columns that keep them.
MAX_CODE_CHARACTERS = 64
#: Of what is refused, as much is repeated.
SHOWN_CHARACTERS = 60
#: No code and no certificate number has one of these in it: what parts two of a list.
_PARTING = re.compile(r"[\s、､,，;；:：/／]")


def normalize_code(text: str) -> str:
    """The normal form of a code: half-width, in capitals, without spaces around it.

    Of any text, a code or not: what is no code is equal to none. Normalizing the normal form
    changes nothing.
    """
    # Capitals of what is composed may be in pieces (ΐ), which are composed once more.
    capitals = unicodedata.normalize("NFKC", text).upper()
    return unicodedata.normalize("NFKC", capitals).strip()


def read_code(text: str) -> str:
    """The normal form of the one code that ``text`` is.

    Raises `CodeListError` where it may be several, `CodeHiddenError` where it has a character that
    can't be seen or none that can, and `CodeLongError` where it is longer than any column.
    """
    code, typed = normalize_code(text), text.strip()
    if not is_visible(code):
        raise CodeHiddenError(shown_code(typed))
    require_one_code(code, typed)
    return code


def read_optional_code(text: str | None) -> str | None:
    """`read_code` of what may be left empty; None where it is. Raises as `read_code`."""
    return read_code(text) if text is not None and text.strip() else None


def find_code(text: str) -> str | None:
    """`read_code` of what nobody typed, such as a part of a file name; None for no code."""
    try:
        return read_code(text)
    except (CodeListError, CodeHiddenError, CodeLongError):
        return None


def require_one_code(code: str, typed: str) -> None:
    """Raises as `read_code` where ``code``, as it would be kept, is no single one.

    The message is the beginning of what was ``typed``.
    """
    if names_several(code):
        raise CodeListError(shown_code(typed))
    if hides_something(code):
        raise CodeHiddenError(shown_code(typed))
    if len(code) > MAX_CODE_CHARACTERS:
        raise CodeLongError(shown_code(typed))


def names_several(text: str) -> bool:
    """Whether ``text`` has a space or a sign of a list in it."""
    return _PARTING.search(text) is not None


def shown_code(text: str) -> str:
    """Of a text that is refused, as much as its refusal repeats."""
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
