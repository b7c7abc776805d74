"""Trouble of our own ends nothing and is not said a thousand times."""

from station_agent.errors import JournalFullError
from station_agent.events import Event
from station_agent.troubles import Troubles


def test_said_once_and_remembered() -> None:
    said: list[Event] = []
    troubles = Troubles(said.append)

    def full() -> int:
        raise JournalFullError("disk is full")

    assert troubles.guarded(full) is None
    assert troubles.guarded(full) is None
    assert len(said) == 1
    assert "make room" in said[0].reason
    assert troubles.current() == said[0].reason


def test_a_mistake_of_ours_does_not_end_the_thread() -> None:
    said: list[Event] = []
    troubles = Troubles(said.append)
    assert troubles.guarded(lambda: 1 // 0) is None
    assert said[0].reason.startswith("ZeroDivisionError")


def test_no_trouble() -> None:
    troubles = Troubles(lambda _: None)
    assert troubles.guarded(lambda: 5) == 5
    assert troubles.current() is None
