"""The archive's disk is full, or too full for one file: the others don't wait for it."""

import hashlib
import os

import pytest

from station_agent.journal import State
from tests.integration.station_agent.conftest import Station, put
from tests.integration.station_agent.fake_archive import FakeArchive, Handler

MIB = 1024 * 1024


def fill_up(archive: FakeArchive, after_bytes: int) -> None:
    """Take ``after_bytes`` of the next PATCH, then have no room for the rest."""

    def action(handler: Handler) -> None:
        upload = archive.uploads[handler.path.split("/")[3]]
        body = handler.body()
        upload.data += body[:after_bytes]
        archive.refuse_larger_than = 0
        handler.answer(507)

    archive.on("PATCH", "/api/uploads/", action)


def test_a_file_there_is_no_room_for_goes_behind_the_others(
    station: Station, archive: FakeArchive
) -> None:
    put(station, "large_IMP.mp4", b"large")
    for n in range(3):
        put(station, f"small{n}.mp4", bytes([n]))
    archive.fail("POST", "/api/uploads", 507)
    outcome = station.with_config(concurrency=1).scan()
    assert (outcome.counts, outcome.server) == ({"received": 4}, None)
    assert archive.clips[hashlib.sha256(b"large").hexdigest()].index == 3
    (trouble,) = [event for event in station.events if event.event == "trouble"]
    assert (trouble.reason or "").startswith("server_full: 507")


def test_an_archive_that_stays_full_for_a_file_takes_the_others(
    station: Station, archive: FakeArchive
) -> None:
    put(station, "large_IMP.mp4", b"large")
    put(station, "tiny.mp4", b"tiny")
    archive.refuse_larger_than = 4
    outcome = station.scan()
    assert outcome.counts == {"hashed": 1, "received": 1}
    assert outcome.server is None
    (file,) = [file for file in station.files().values() if file.state is State.HASHED]
    assert file.attempts >= 3
    assert (file.reason or "").startswith("server_full: 507")
    # There is room again.
    archive.refuse_larger_than = None
    assert station.scan().counts == {"received": 2}


def test_half_a_file_gives_its_room_back(station: Station, archive: FakeArchive) -> None:
    data = os.urandom(3 * MIB)
    put(station, "large.mp4", data)
    fill_up(archive, MIB)
    outcome = station.scan()
    assert outcome.counts == {"hashed": 1}
    assert archive.uploads == {}
    archive.refuse_larger_than = None
    assert station.scan().counts == {"received": 1}
    assert set(archive.originals.values()) == {data}


@pytest.mark.parametrize("method", ["HEAD", "DELETE"])
def test_an_upload_whose_room_can_not_be_given_back_now_goes_on(
    station: Station, archive: FakeArchive, method: str
) -> None:
    data = os.urandom(3 * MIB)
    put(station, "large.mp4", data)
    fill_up(archive, MIB)
    archive.fail(method, "/api/uploads/", 503)
    assert station.scan().counts == {"received": 1}
    assert set(archive.originals.values()) == {data}
    assert len(archive.uploads) == 1


def test_a_whole_upload_waits_where_it_is(station: Station, archive: FakeArchive) -> None:
    """The store behind the staged bytes is full: all that is left is to admit them."""
    data = os.urandom(MIB)
    put(station, "clip.mp4", data)
    fill_up(archive, MIB)
    assert station.scan().counts == {"received": 1}
    assert len(archive.uploads) == 1
    assert "DELETE" not in [method for method, _ in archive.requests]
