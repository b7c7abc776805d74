"""Two rows under one id, where somebody took away the key that forbids them.

Which of them a query comes upon first is chance, so neither is believed: both are shown, marked,
and nothing is done by either. A verification says which one the log knows.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import is_readable

#: Stands among the altered columns of a row that has a twin.
TWINS = "twins"


def ids_of_twins(tx: Connection, column: sa.Column[str], ids: Iterable[object]) -> set[str]:
    """Those of ``ids`` that more than one row has in ``column``, its table's key."""
    wanted = {one for one in ids if isinstance(one, str) and is_readable(one)}
    if not wanted:
        return set()
    twice = sa.select(column).where(column.in_(sorted(wanted))).group_by(column)
    return set(tx.scalars(twice.having(sa.func.count() > 1)))
