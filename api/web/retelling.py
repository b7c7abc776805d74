"""What an error said of itself in English, said again in the reader's language.

English stands in each exception's docstring and, as its detail, where it is raised; the catalogues
have the Chinese of exactly these texts. Nothing heavy is imported, so that `--help` stays quick.
"""

import json
import re
from functools import cache
from pathlib import Path

from custody.outside.explanations import CHINESE

_FOLDER = Path(__file__).with_name("locale")
#: Where a detail has a value.
PLACE = "{}"


@cache
def chinese() -> dict[str, str]:
    """The Chinese of each English text of help and errors."""
    texts: dict[str, str] = json.loads((_FOLDER / "zh.cli.json").read_text(encoding="utf-8"))
    return texts | CHINESE


@cache
def details() -> dict[str, str]:
    """The Chinese of each English detail: `PLACE` where it has a value, the values by number."""
    texts: dict[str, str] = json.loads((_FOLDER / "zh.details.json").read_text(encoding="utf-8"))
    return texts


def retold(text: str, language: str) -> str:
    """The text that one of our errors gave of itself (docstring, detail), in the language.

    A detail or a value in it that is such a text again, as of the error that caused it, is retold
    as well; what is neither (a name, what the system said) stays as it is.
    """
    if language != "zh":
        return text
    meaning, _, detail = text.partition(" (")
    known = chinese().get(meaning)
    if known is None:
        return _detail(text)
    detail = retold(detail.removesuffix(")"), language)
    return f"{known.rstrip('。')}（{detail}）" if detail else known.rstrip("。")


def _detail(text: str) -> str:
    known = details().get(text)
    if known is not None:
        return known
    for pattern, said in _patterns():
        if found := pattern.fullmatch(text):
            return said.format(*(retold(value, "zh") for value in found.groups()))
    return text


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Those with the most words of their own first: others fit what they fit, and more."""
    inexact = [one for one in details() if PLACE in one]
    return [
        (re.compile("(.+?)".join(map(re.escape, one.split(PLACE))), re.DOTALL), details()[one])
        for one in sorted(inexact, key=lambda one: len(one.replace(PLACE, "")), reverse=True)
    ]
