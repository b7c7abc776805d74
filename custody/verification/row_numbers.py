"""The engine's own numbering of the log's rows: behind or at its end, no entry can be appended."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import described
from custody.said import said
from custody.tables import log_entries
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report

#: No log gets here; from here on somebody moved the numbering towards its end.
FAR = 2**62

_SQLITE = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'log_entries'")
_SEQUENCE = sa.text("SELECT pg_get_serial_sequence('log_entries', 'id')")


def check_row_numbers(tx: Connection, report: Report) -> None:
    """A finding if the number that the next row gets is taken already, or there is none left."""
    newest = tx.scalar(sa.select(sa.func.max(log_entries.c.id))) or 0
    given = _last_given(tx)
    if given is None and not newest:
        return
    if not isinstance(given, int) or given < newest:
        _find(report, said("row_numbers_behind"), said("at_least", number=newest), given)
    elif given >= FAR:
        _find(report, said("row_numbers_end"), said("at_most", number=FAR), given)


def _last_given(tx: Connection) -> object:
    """The number that was given last; None where nothing counts."""
    if tx.dialect.name != "postgresql":
        return tx.scalar(_SQLITE)
    sequence = tx.scalar(_SEQUENCE)
    if sequence is None:
        return None
    # The name comes quoted from the catalogue, as a statement takes it.
    last, called = tx.execute(sa.text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608
    return int(last) if called else int(last) - 1


def _find(report: Report, message: str, expected: str, given: object) -> None:
    found = described(given)
    report.add(Finding(FindingCode.STATE_COUNTER, "log", message, expected, found))
