"""What is wrong with the codes that were typed into a form, field by field. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.errors import answer_for
from custody.codes import read_optional_code
from custody.errors import CodeHiddenError, CodeListError, CodeLongError


@dataclass(frozen=True, slots=True)
class WrongCode:
    """Why a field holds no code: the key of the texts ``error.<key>``, and what they speak of."""

    key: str
    code: str


def wrong_codes(typed: Mapping[str, str]) -> dict[str, WrongCode]:
    """Of the fields ``typed`` those that hold something else than one code; empty ones are fine."""
    wrong = {}
    for name, text in typed.items():
        try:
            read_optional_code(text)
        except (CodeListError, CodeHiddenError, CodeLongError) as error:
            wrong[name] = WrongCode(answer_for(error).key, Exception.__str__(error))
    return wrong
