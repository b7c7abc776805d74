"""A station is a witness: it cosigns the one history it saw, and footage never waits for that."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from custody.log.checkpoint import open_checkpoint
from custody.log.cosignature import CosignatureVerifier
from custody.log.merkle import root_of
from custody.log.witness import read_answer
from station_agent.cosigning import Cosigning
from station_agent.enrolment import load_enrolment, load_key
from station_agent.errors import LogForkedError
from station_agent.pauses import Pauses
from station_agent.transport import Transport
from station_agent.trust import Trust
from tests.integration.station_agent.conftest import Station, last_seen, put, wait_for
from tests.integration.station_agent.fake_archive import ORIGIN, FakeArchive, Fault, Handler

PATH = "/api/stations/cosignatures"


def newest_given(archive: FakeArchive) -> int:
    return archive.cosignatures[-1]["size"] if archive.cosignatures else 0


def is_given(archive: FakeArchive, size: int) -> bool:
    """Whether the archive has the station's word on a log of ``size`` entries."""
    return newest_given(archive) == len(archive.log.leaves) == size


def verifier_of(station: Station) -> CosignatureVerifier:
    key = load_key(station.config.home).verifier
    return CosignatureVerifier(key.name, key.public)


def test_what_was_seen_is_cosigned_with_the_stations_key(
    station: Station, archive: FakeArchive
) -> None:
    put(station, "clip.mp4", b"one")
    before = int(time.time())
    assert station.scan().counts == {"received": 1}
    given = archive.cosignatures[-1]
    assert given["size"] == last_seen(station, archive) == len(archive.log.leaves)
    text = archive.log.checkpoint(archive.log_key).partition("\n\n")[0] + "\n"
    answer = given["cosignature"].encode()
    [signed] = read_answer(answer, text, [verifier_of(station)])
    assert before <= signed.cosignature.timestamp <= time.time()


def test_a_tree_is_cosigned_once_and_each_larger_one_anew(
    station: Station, archive: FakeArchive
) -> None:
    agent = station.agent()
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
        for number in (1, 2):
            put(station, f"clip{number}.mp4", bytes([number]) * 9)
            wait_for(partial(is_given, archive, number))
    finally:
        agent.request_stop()
        thread.join()
    sizes = [one["size"] for one in archive.cosignatures]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("status", [404, 409, 500, 401])
def test_footage_does_not_wait_for_an_archive_that_takes_none(
    station: Station, archive: FakeArchive, status: int
) -> None:
    def refuse(handler: Handler) -> None:
        handler.body()
        handler.answer(status)

    archive.faults += [Fault("POST", PATH, refuse) for _ in range(5)]
    for number in range(3):
        put(station, f"clip{number}.mp4", bytes([number]) * 9)
    assert station.scan().counts == {"received": 3}
    assert not [event for event in station.events if event.event == "alarm"]


@contextmanager
def a_cosigning(station: Station) -> Iterator[tuple[Cosigning, Trust]]:
    """As after a start: it remembers what is on the disk."""
    home = station.config.home
    enrolment, key = load_enrolment(home), load_key(home)
    transport = Transport(station.config.server, timeout_s=5, credentials=(enrolment, key))
    trust = Trust(home, enrolment, transport.fetch_log)
    yield Cosigning(trust, transport, key, Pauses()), trust
    transport.close()


def test_of_two_histories_one_is_cosigned_whatever_is_forgotten(
    station: Station, archive: FakeArchive
) -> None:
    put(station, "clip.mp4", b"one")
    station.scan()
    [given] = archive.cosignatures
    # The archive's log is another one from here on, of the same size and then of a larger one.
    archive.log.leaves.clear()
    archive.log.tiles.clear()
    for number in range(given["size"]):
        archive.log.append(b"another history %d" % number)
    root = root_of(archive.log.leaves)
    for _ in range(2):
        with a_cosigning(station) as (cosigning, trust):
            if trust.alarm is None:
                with pytest.raises(LogForkedError):
                    trust.look()
            assert not cosigning.run_once()
        archive.log.append(b"more")
    assert archive.cosignatures == [given]
    shown = archive.log.checkpoint(archive.log_key)
    assert open_checkpoint(shown, archive.log_key.verifier, origin=ORIGIN).root != root


def test_a_lost_answer_is_given_again_after_a_start(station: Station, archive: FakeArchive) -> None:
    put(station, "clip.mp4", b"one")
    station.scan()
    with a_cosigning(station) as (cosigning, _):
        assert cosigning.run_once()  # the archive may not have kept the first one
        assert not cosigning.run_once()
    assert [one["size"] for one in archive.cosignatures] == [last_seen(station, archive)] * 2


def test_a_clock_before_its_epoch_still_says_when(station: Station, archive: FakeArchive) -> None:
    put(station, "clip.mp4", b"one")
    station.scan()
    with a_cosigning(station) as (cosigning, _):
        cosigning._now = lambda: -5.0
        assert cosigning.run_once()
    text = archive.log.checkpoint(archive.log_key).partition("\n\n")[0] + "\n"
    line = archive.cosignatures[-1]["cosignature"].encode()
    assert read_answer(line, text, [verifier_of(station)])[0].cosignature.timestamp == 1
