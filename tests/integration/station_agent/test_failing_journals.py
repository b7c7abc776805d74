"""The journal fails under a running agent: damaged, deleted, put in by somebody else's hand."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from station_agent.agent import Agent
from station_agent.journal import Journal, open_journal
from tests.integration.station_agent.conftest import Station, put, wait_for
from tests.integration.station_agent.fake_archive import FakeArchive


@contextmanager
def running(station: Station, journal: Journal) -> Iterator[Agent]:
    agent = station.agent(journal)
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
        yield agent
    finally:
        agent.request_stop()
        thread.join(15)
    assert not thread.is_alive()


def said(station: Station) -> list[str]:
    return [event.reason for event in list(station.events) if event.event == "station"]


def damage(path: Path) -> None:
    """A state that is none, in a row that is read at each look, by another connection."""
    other = Journal(path)
    with other.transaction() as connection:
        connection.execute("UPDATE files SET state = 'sefused' WHERE state = 'refused'")
    other.close()


def delete(path: Path) -> None:
    path.unlink()


def replace_by_an_empty_one(path: Path) -> None:
    other = path.with_name("other.db")
    Journal(other).close()
    other.replace(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (damage, "journal was damaged"),
        (delete, "deleted or replaced"),
        (replace_by_an_empty_one, "deleted or replaced"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_running_agent_goes_on_with_a_new_journal(
    station: Station, archive: FakeArchive, change: Callable[[Path], None], words: str
) -> None:
    put(station, "one.mp4", b"one")
    put(station, "empty.mp4", b"")
    journal = open_journal(station.config.journal_file)[0]
    with running(station, journal):
        wait_for(lambda: journal.counts() == {"received": 1, "refused": 1})
        change(station.config.journal_file)
        put(station, "two.mp4", os.urandom(1000))
        wait_for(lambda: any(words in text for text in said(station)))
        wait_for(lambda: journal.counts() == {"received": 2, "refused": 1})
    assert sum(words in text for text in said(station)) == 1
    assert len(said(station)) == 1
    journal.close()
    # What it did since is in the file under the name, not in one that nobody can find.
    assert station.scan().counts == {"received": 2, "refused": 1}
    assert len(archive.clips) == 2


def test_a_pass_begins_anew_with_a_damaged_journal(station: Station, archive: FakeArchive) -> None:
    put(station, "one.mp4", b"one")
    station.scan()
    journal = open_journal(station.config.journal_file)[0]
    with journal.transaction() as connection:
        connection.execute("UPDATE files SET state = 'seceived'")
    assert station.agent(journal).run_once(patience_s=5).counts == {"received": 1}
    journal.close()
    assert len(list(station.config.home.glob("journal.db.damaged-*"))) == 1
