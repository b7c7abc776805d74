"""The table of columns held against the tables there are and the page it is on."""

import api.auth.tables  # noqa: F401 - every table of the house is to be known
import custody.tables
import ingest.tables  # noqa: F401
from storage.database import metadata
from tests.tamper.columns import EVERY
from tests.tamper.columns_page import PAGE, page


def test_every_column_of_every_table_has_one_line() -> None:
    lines = [(one.table, name) for one in EVERY for name, _ in one.columns]
    assert len(lines) == len(set(lines))
    tables = metadata.sorted_tables
    assert custody.tables.clips in tables
    assert set(lines) == {(table.name, column.name) for table in tables for column in table.c}


def test_the_page_has_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text), "make threat-model"
