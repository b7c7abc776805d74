"""How asking somebody outside went last: witnesses and time-stamping authorities.

The only writer of `asked_states`. No evidence rests on it: what they signed is kept elsewhere. It
stands in rows so that every process of the house tells the same, and a restart forgets nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import fitting_rows, raw_columns
from custody.first_writer import insert_first
from custody.tables import asked_states

#: More failures than this are not told apart.
_MAX_FAILURES = 1001


class Sort(StrEnum):
    """Who is asked."""

    AUTHORITY = "authority"
    WITNESS = "witness"


@dataclass(frozen=True, slots=True)
class AskedState:
    """``failing_since`` and ``trouble`` (a word of whoever asks) are None while it answers."""

    sort: str
    name: str
    tried_at: datetime
    failures: int
    failing_since: datetime | None
    trouble: str | None


def states_of(tx: Connection, sort: Sort, names: Iterable[str]) -> dict[str, AskedState]:
    """How asking went last, by name; one that was never asked, or whose row was altered, has
    none."""
    wanted = sa.select(*raw_columns(tx, asked_states)).where(
        asked_states.c.sort == sort.value, asked_states.c.name.in_(list(names))
    )
    rows = tx.execute(wanted).mappings().all()
    found = (AskedState(**cells) for cells in fitting_rows(asked_states, rows))
    return {state.name: state for state in found}


def note_answer(tx: Connection, sort: Sort, name: str, now: datetime) -> None:
    """It answered as it should."""
    _put(tx, AskedState(sort.value, name, now, 0, None, None))


def note_failure(tx: Connection, sort: Sort, name: str, now: datetime, trouble: str) -> AskedState:
    """It failed once more, for the reason ``trouble``."""
    before = states_of(tx, sort, [name]).get(name)
    failures = 0 if before is None else before.failures
    since = None if before is None else before.failing_since
    failures = min(failures, _MAX_FAILURES - 1) + 1
    state = AskedState(sort.value, name, now, failures, since or now, trouble)
    _put(tx, state)
    return state


def _put(tx: Connection, state: AskedState) -> None:
    values = {
        "sort": state.sort,
        "name": state.name,
        "tried_at": state.tried_at,
        "failures": state.failures,
        "failing_since": state.failing_since,
        "trouble": state.trouble,
    }
    if not insert_first(tx, asked_states, values):
        own = (asked_states.c.sort == state.sort) & (asked_states.c.name == state.name)
        tx.execute(asked_states.update().where(own).values(values))
