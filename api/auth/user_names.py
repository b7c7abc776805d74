"""What an account may be called: names that can be told apart by looking at them."""

import re
import unicodedata
from collections.abc import Iterable

from api.auth.errors import UserAlikeError, UserExistsError, UserLettersError, UserNameError

_NAME = re.compile(r"[\w.-]{2,64}")
#: Scripts (as Unicode names their letters) in which there are letters that look like Latin ones.
_ALIKE = frozenset(
    {"ARMENIAN", "CHEROKEE", "COPTIC", "CYRILLIC", "DESERET", "GREEK", "LISU", "OSAGE"}
)


def is_name(name: str) -> bool:
    """Whether ``name`` can be one at all."""
    return _NAME.fullmatch(name) is not None


def check_new_name(name: str, known: Iterable[str]) -> None:
    """Raise unless a new account may be called so beside those that are ``known``.

    `UserNameError` for what is no name, `UserLettersError` where it has a letter or digit that
    looks like another one, `UserExistsError` and `UserAlikeError` where it is taken.
    """
    if not is_name(name):
        raise UserNameError(repr(name))
    strange = next(filter(_looks_like_another, name), None)
    if strange is not None:
        raise UserLettersError(f"{strange} U+{ord(strange):04X}")
    folded = name.casefold()
    for one in known:
        if one == name:
            raise UserExistsError(name)
        if one.casefold() == folded:
            raise UserAlikeError(one)


def _looks_like_another(character: str) -> bool:
    if character.isascii():
        return False
    plain = unicodedata.normalize("NFKC", character)
    if plain != character or character.isnumeric():
        return not unicodedata.name(character, "").startswith("CJK UNIFIED")
    script = unicodedata.name(character, "?").partition(" ")[0]
    if script == "LATIN":
        # One with marks is its plain letter with marks: é. Others are letters on their own: ɑ, ı.
        return not unicodedata.normalize("NFD", character)[0].isascii()
    return script in _ALIKE
