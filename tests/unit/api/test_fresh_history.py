"""When a page looks again at its history: only while something waits, and not for ever."""

from api.web.fresh_history import LOOKS_LAST, PAUSES_S, fresh_history
from custody.history import HistoryEvent
from tests.unit.api.test_trace import happened, trace


def look(events: list[HistoryEvent], turn: int = 0) -> tuple[int | None, str]:
    """Seconds to the look after ``turn`` others, and its address."""
    fresh = fresh_history(
        events,
        events,
        trace(events),
        {},
        {},
        "clip:1",
        path="/clips/1/history",
        turn=turn,
        viewing="g",
    )
    return fresh.pause_s, fresh.looks


def test_nothing_is_asked_for_where_nothing_waits() -> None:
    assert look([])[0] is None
    assert look([happened("clip.admitted", 0)])[0] is None


def test_pauses_grow_and_end() -> None:
    waiting = [happened("clip.admitted", 0), happened("clip.opened", 9, published=False)]
    pauses = [look(waiting, turn)[0] for turn in range(len(PAUSES_S) + 1)]
    assert pauses == [*PAUSES_S, None]
    assert list(PAUSES_S) == sorted(set(PAUSES_S))
    assert sum(PAUSES_S) < LOOKS_LAST.total_seconds()
    assert look(waiting, 2)[1] == "/clips/1/history?viewing=g&turn=3"


def test_an_entry_that_was_altered_is_not_waited_for() -> None:
    assert look([happened("clip.opened", 0, published=False, intact=False)])[0] is None
