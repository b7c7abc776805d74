"""Lists of dock sessions: handed in once, and again only where the archive lost one."""

import time

import pytest

from station_agent.intake import take_in
from station_agent.journal import Journal, State
from station_agent.manifests import Manifests
from station_agent.watch import Scan
from tests.services.station_client import new_station_key
from tests.unit.station_agent.conftest import ROOT, found


class Taker:
    """An archive that takes every list and names our session."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.notes: list[str] = []

    def send_manifest(self, note: str) -> str:
        self.notes.append(note)
        [(session,)] = self._journal.read("SELECT session_id FROM manifests")
        return str(session)


@pytest.fixture
def manifests(journal: Journal) -> Manifests:
    """With one list made, of one file."""
    made = Manifests(journal, new_station_key())
    scan = Scan(ROOT, [found(b"clip")])
    take_in(journal, scan)
    for file in journal.files(*State):
        journal.advance(file, State.SETTLED)
    made.make(scan)
    return made


def test_a_list_is_handed_in_once(journal: Journal, manifests: Manifests) -> None:
    taker = Taker(journal)
    assert manifests.deliver(1, taker) == manifests.deliver(1, taker)
    assert len(taker.notes) == 1


def test_two_files_that_miss_one_list_have_it_handed_in_once_more(
    journal: Journal, manifests: Manifests
) -> None:
    """Both were refused for the lack of it; the second answer is read when it was mended."""
    taker = Taker(journal)
    manifests.deliver(1, taker)
    asked_s = time.monotonic()
    manifests.hand_in_again(1, asked_s)
    manifests.deliver(1, taker)
    manifests.hand_in_again(1, asked_s)
    manifests.deliver(1, taker)
    assert len(taker.notes) == 2
    # Lost once more, after that.
    manifests.hand_in_again(1, time.monotonic())
    manifests.deliver(1, taker)
    assert len(taker.notes) == 3
    assert len(set(taker.notes)) == 1
