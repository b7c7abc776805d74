"""Workers share the files that are due: each goes to one of them, and none stops the others."""

import threading
from typing import cast

import pytest

from station_agent.errors import JournalError
from station_agent.journal import File, Journal, State
from station_agent.pauses import Pauses
from station_agent.sending import Sender
from station_agent.troubles import Troubles
from station_agent.workers import Workers
from tests.unit.station_agent.conftest import found, listed, seen


class Recording:
    """In a sender's place: notes which files come, and ends it all with the last of them."""

    def __init__(self, journal: Journal, names: set[bytes], stop: threading.Event) -> None:
        self.journal, self.names, self.stop = journal, names, stop
        self.came: list[bytes] = []
        self.fails: set[bytes] = set()
        self.lock = threading.Lock()

    def process(self, file: File) -> File:
        with self.lock:
            self.came.append(file.path)
            if set(self.came) == self.names:
                self.stop.set()
        if file.path in self.fails:
            raise JournalError("no room")
        return self.journal.advance(file, State.RECEIVED)


@pytest.fixture
def sender(journal: Journal) -> Recording:
    """Over a journal with nine files that are due, the oldest first by name."""
    files = [found(b"%d.mp4" % number, mtime=number, inode=number) for number in range(1, 10)]
    for file in seen(journal, *files):
        listed(journal, file, State.SETTLED)
    return Recording(journal, {file.path for file in files}, threading.Event())


def workers_over(sender: Recording, pauses: Pauses) -> Workers:
    troubles = Troubles(lambda _: None)
    return Workers(
        sender.journal, cast("Sender", sender), pauses, troubles, sender.stop, threading.Event()
    )


def test_one_worker_takes_them_in_order(sender: Recording) -> None:
    workers = workers_over(sender, Pauses())
    workers.run()
    assert sender.came == sorted(sender.names)
    assert not workers.busy


def test_several_never_take_the_same(sender: Recording) -> None:
    workers = workers_over(sender, Pauses())
    threads = [threading.Thread(target=workers.run) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert sender.stop.wait(20)
    workers.wake()
    for thread in threads:
        thread.join(20)
    assert sorted(sender.came) == sorted(sender.names)
    assert not workers.busy


def test_a_file_the_journal_could_not_speak_of_waits_and_lets_the_others_go(
    sender: Recording,
) -> None:
    sender.fails = {min(sender.names)}
    pauses = Pauses(file_s=(600.0, 600.0))
    workers = workers_over(sender, pauses)
    workers.run()
    assert sender.came == sorted(sender.names)
    [held] = pauses.held()
    assert sender.journal.get(held).path in sender.fails
    assert not workers.busy
