"""What an error said of itself in English, said again in the reader's language.

English stands in each exception's docstring; the catalogue of the command line has the Chinese of
exactly these texts. Nothing heavy is imported, so that `--help` stays quick.
"""

import json
from functools import cache
from pathlib import Path

from custody.outside.explanations import CHINESE

_FILE = Path(__file__).with_name("locale") / "zh.cli.json"


@cache
def chinese() -> dict[str, str]:
    """The Chinese of each English text of help and errors."""
    texts: dict[str, str] = json.loads(_FILE.read_text(encoding="utf-8"))
    return texts | CHINESE


def retold(text: str, language: str) -> str:
    """The text that one of our errors gave of itself (docstring, detail), in the language.

    A detail that is such a text again, as of the error that caused it, is retold as well; what is
    neither stays as it is.
    """
    meaning, _, detail = text.partition(" (")
    known = chinese().get(meaning)
    if language != "zh" or known is None:
        return text
    detail = retold(detail.removesuffix(")"), language)
    return f"{known.rstrip('。')}（{detail}）" if detail else known.rstrip("。")
