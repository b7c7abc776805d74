from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from custody.cells import Misfit, as_bytes, described, read_cell, shown
from custody.verification.cells import as_logged
from storage.database import UtcDateTime

TIME = sa.Column("at", UtcDateTime)
DAY = sa.Column("day", sa.Date)
JSON = sa.Column("media", sa.JSON)
FLAG = sa.Column("flag", sa.Boolean)
NUMBER = sa.Column("number", sa.BigInteger)
BYTES = sa.Column("bytes", sa.LargeBinary)
TEXT = sa.Column("text", sa.Text)


@pytest.mark.parametrize(
    ("column", "raw", "value"),
    [
        (TIME, "2026-11-22 01:30:00.000000", datetime(2026, 11, 22, 1, 30, tzinfo=UTC)),
        (TIME, "2026-11-22 09:30:00.5+08", datetime(2026, 11, 22, 1, 30, 0, 500_000, tzinfo=UTC)),
        (DAY, "2026-11-22", date(2026, 11, 22)),
        (JSON, '{"a": 1}', {"a": 1}),
        (FLAG, 1, True),
        (NUMBER, 7, 7),
        (BYTES, memoryview(b"x"), b"x"),
        (TEXT, "x", "x"),
        (TEXT, None, None),
    ],
)
def test_a_cell_of_its_columns_type(column: sa.Column[object], raw: object, value: object) -> None:
    assert read_cell(column, raw) == value


@pytest.mark.parametrize(
    ("column", "raw"),
    [
        (TIME, "garbage"),
        (TIME, "infinity"),
        (TIME, 5),
        (DAY, "yesterday"),
        (DAY, b"2026-11-22"),
        (JSON, "{"),
        (JSON, "[" * 100_000),
        (FLAG, 2),
        (NUMBER, "7"),
        (NUMBER, 7.5),
        (BYTES, "text"),
        (TEXT, b"bytes"),
    ],
)
def test_a_cell_of_another_type_is_no_error(column: sa.Column[object], raw: object) -> None:
    cell = read_cell(column, raw)
    assert isinstance(cell, Misfit)
    assert cell.found == raw
    assert as_logged(column.name, cell) is cell


def test_bytes_of_whatever_stands_there() -> None:
    assert as_bytes("text") == b"text"
    assert as_bytes("\udcff") == b"\xff"
    assert as_bytes(Misfit("bytes", 7)) == b"7"
    assert as_bytes(None) == b""


def test_values_are_described_in_words() -> None:
    assert described(None) == "nothing"
    assert described(True) == "yes"
    assert described(b"\x00\xff") == "the bytes 00ff"
    assert described("一号") == "“一号”"
    assert str(Misfit("time", "garbage")) == "“garbage”, which is no time"
    assert shown("\udcff") == "\\udcff"
