"""Two rows under one id, where somebody took away the key that forbids them.

Which of them a query comes upon first is chance, so neither is believed: both are shown, marked,
and nothing is done by either. A verification says which one the log knows.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from custody.cells import is_readable

#: Stands among the altered columns of a row that has a twin; in a query, how many there are.
TWINS = "twins"


def count_of_twins(key: sa.Column[str]) -> sa.ColumnElement[int]:
    """Beside the columns of a row: how many rows stand under its ``key``, itself among them."""
    beside = key.table.alias("beside")
    counted = sa.select(sa.func.count()).select_from(beside).where(beside.c[key.name] == key)
    return counted.scalar_subquery().label(TWINS)


def rows_under(key: sa.Column[str], ids: Iterable[Any]) -> sa.ColumnElement[int]:
    """How many rows stand under these ids: more than there are ids, and some have twins."""
    wanted = sorted({one for one in ids if isinstance(one, str) and is_readable(one)})
    beside = key.table.alias("beside")
    counted = sa.select(sa.func.count()).select_from(beside)
    return counted.where(beside.c[key.name].in_(wanted)).scalar_subquery().label(TWINS)
