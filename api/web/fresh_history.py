"""A history that a page keeps fresh: what is written now is proved a second later.

While an entry waits for its checkpoint, htmx asks for the trace and the history alone, a few times
with growing pauses, and then stops. What is shown so is what the page itself showed, so no look is
a reading of its own; who may look is decided by `custody.viewing_entries.has_listed` or a grant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from api.web.pages import address
from api.web.trace import Step, Trace
from custody.history import HistoryEvent

#: Seconds before each look. A checkpoint is out after about one.
PAUSES_S = (1, 2, 4, 8, 16)
#: As long after the page was read, a look is still part of that reading.
LOOKS_LAST = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class FreshHistory:
    """What the two panels show of an item, and when htmx asks for them again.

    ``own`` is the item, ``names`` are those of the others, ``accounts`` those of the actors;
    ``pause_s`` is None where nothing waits or the last look was taken. ``looks`` is the address of
    the next look, ``anew`` that of the first one, for when something was written meanwhile.
    """

    own: str
    steps: Sequence[Step]
    names: dict[str, str]
    accounts: dict[str, str]
    trace: Trace
    pause_s: int | None
    looks: str
    anew: str


def fresh_history(
    events: Sequence[HistoryEvent],
    steps: Sequence[Step],
    trace: Trace,
    names: dict[str, str],
    accounts: dict[str, str],
    own: str,
    *,
    path: str,
    turn: int = 0,
    viewing: str = "",
) -> FreshHistory:
    """The panels over ``events``, drawn as ``steps`` and ``trace``, after ``turn`` looks."""
    waiting = any(event.intact and not event.published for event in events)
    pause_s = PAUSES_S[turn] if waiting and turn < len(PAUSES_S) else None
    parameters = {"viewing": viewing}
    return FreshHistory(
        own,
        steps,
        names,
        accounts,
        trace,
        pause_s,
        looks=address(path, parameters, turn=turn + 1),
        anew=address(path, parameters),
    )
