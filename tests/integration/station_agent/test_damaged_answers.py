"""Anything may happen to an answer on the way: it is asked for again, and nothing is held up."""

import os

import pytest

from station_agent.journal import Journal, State
from tests.integration.station_agent.conftest import Station, put
from tests.integration.station_agent.fake_archive import FakeArchive

MIB = 1024 * 1024
UPLOAD = "/api/uploads/0c9ff3b4-3a51-4c58-9c05-1d4b5a3a1f6e"


def files(station: Station, count: int = 2) -> None:
    for number in range(count):
        put(station, f"{number}.mp4", bytes([number]) * 100)


@pytest.mark.parametrize(
    "location",
    [
        *(UPLOAD[:20] + character + UPLOAD[21:] for character in " \x01\xe9/?["),
        "http://[",
        UPLOAD[:-1],
        "",
    ],
)
def test_a_place_that_can_not_be_is_asked_for_again(
    station: Station, archive: FakeArchive, location: str
) -> None:
    files(station)
    archive.locations.append(location)
    outcome = station.scan()
    assert (outcome.counts, outcome.server, outcome.trouble) == ({"received": 2}, None, None)


@pytest.mark.parametrize("state", [State.SENDING, State.SENT])
def test_a_place_that_was_kept_and_can_not_be_is_given_up(
    station: Station, archive: FakeArchive, state: State
) -> None:
    files(station)
    archive.fail("PATCH", "/api/uploads/", 503, times=99)
    station.scan(patience_s=0.3)
    archive.faults.clear()
    journal = Journal(station.config.journal_file)
    with journal.transaction() as connection:
        connection.execute(
            "UPDATE files SET state = ?, upload_path = ?, upload_sha256 = sha256",
            (state, UPLOAD[:20] + " " + UPLOAD[21:]),
        )
    journal.close()
    outcome = station.scan()
    assert (outcome.counts, outcome.server) == ({"received": 2}, None)


def test_an_offset_of_thousands_of_digits_is_asked_for_again(
    station: Station, archive: FakeArchive
) -> None:
    put(station, "clip.mp4", os.urandom(2 * MIB))
    archive.cut_patch(MIB)
    archive.fail("HEAD", "/api/uploads/", 200, Upload_Offset="9" * 5000)
    archive.fail("PATCH", "/api/uploads/", 409, Upload_Offset="9" * 5000)
    outcome = station.scan()
    assert (outcome.counts, outcome.trouble) == ({"received": 1}, None)
    assert not [event for event in station.events if "unforeseen" in event.reason]
