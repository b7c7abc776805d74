"""Every refusal of a command has its words: none can end in a trace for want of them."""

import ast
import sqlite3
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

import api.app
from api.cli.errors import explain
from api.cli.failures import CommandError
from api.cli.words import WORDS
from api.web.locale import LANGUAGES

FOLDER = Path(api.app.__file__).parent


def refusals() -> Iterator[tuple[str, ast.Call]]:
    """Each place that makes a `CommandError`, however it calls it."""
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("CommandError"):
                yield f"{path.relative_to(FOLDER)}:{node.lineno}", node


PLACES = dict(refusals())


def test_the_walk_finds_the_refusals() -> None:
    folders = {place.partition("/")[0] for place in PLACES}
    assert {"cli", "demo"} <= folders


@pytest.mark.parametrize("place", PLACES)
def test_a_refusal_names_its_words_and_fills_them_in(place: str) -> None:
    call = PLACES[place]
    assert len(call.args) == 1, "the key, then values by name"
    key = ast.literal_eval(call.args[0])
    assert key in WORDS
    given = {one.arg for one in call.keywords}
    for text in WORDS[key]:
        assert {name for _, name, _, _ in string.Formatter().parse(text) if name} == given


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_is_one_line(language: str) -> None:
    error = CommandError("failure.server_ended", code=2, log=Path("a.log"), last="x\ny")
    said = explain(error, language)
    assert "a.log" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "磁盘满了"), ("en", "the disk of the database is full")]
)
def test_a_full_disk_under_the_database_is_called_one(language: str, words: str) -> None:
    cause = sqlite3.OperationalError("disk I/O error")
    cause.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    assert words in explain(OperationalError("SELECT 1", None, cause), language)
