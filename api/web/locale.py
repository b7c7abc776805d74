"""Words of the interface: one flat catalogue a language, Chinese first."""

import json
from functools import cache
from pathlib import Path

LANGUAGES = ("zh", "en")
#: The end of a key whose text is for a ``count`` of one; Chinese has no such form.
ONE = "#one"

_FOLDER = Path(__file__).with_name("locale")


@cache
def catalogue(language: str) -> dict[str, str]:
    """Every text of ``language`` by its key. Raises `KeyError` for a language there is none of."""
    if language not in LANGUAGES:
        raise KeyError(language)
    texts: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return texts


def translate(language: str, key: str, **values: object) -> str:
    """The text of ``key`` with ``{names}`` filled in. Raises `KeyError` where it is missing.

    Where ``count`` is one and the language says that otherwise, ``key#one``. The result is plain
    text; the template escapes it.
    """
    texts = catalogue(language)
    text = texts[key]
    if str(values.get("count")) == "1":
        text = texts.get(f"{key}{ONE}", text)
    return text.format(**values) if values else text


def has_text(key: str) -> bool:
    """Whether the catalogues know ``key``; for words that come from data, as an event's kind."""
    return key in catalogue(LANGUAGES[0])
