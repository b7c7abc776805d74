"""One line of a log for an error that was foreseen."""

import sqlite3

from sqlalchemy.exc import OperationalError

from storage.error_lines import line_of
from storage.errors import StoreFullError


def test_a_database_says_its_own_words_and_no_values() -> None:
    error = OperationalError("INSERT INTO x", {"secret": 1}, sqlite3.OperationalError("disk full"))
    assert line_of(error) == "OperationalError: disk full"


def test_it_is_one_printable_line_of_some_length() -> None:
    said = line_of(StoreFullError("a\nb\x1b[2J" + "x" * 5000))
    assert said.isprintable()
    assert said.startswith("StoreFullError: ")
    assert len(said) == 300
