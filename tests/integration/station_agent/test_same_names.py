"""A name, size and time that were archived before do not make the bytes known."""

import os

import pytest

from station_agent import folders, hashing, sending, watch
from station_agent.media import Media
from station_agent.settle import Identity
from tests.integration.station_agent.conftest import Station, put
from tests.integration.station_agent.fake_archive import FakeArchive

TIME = (946_684_800, 946_684_800)


def announced(archive: FakeArchive) -> int:
    return archive.requests.count(("POST", "/api/uploads"))


def test_written_over_in_place_with_the_time_set_back(
    station: Station, archive: FakeArchive
) -> None:
    path = put(station, "FILE0001.MP4", b"monday")
    os.utime(path, TIME)
    station.scan()
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"sunday")
    os.utime(path, TIME)
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (
        before.st_size,
        before.st_mtime_ns,
        before.st_ino,
    )
    assert station.scan().counts == {"received": 2}
    assert set(archive.originals.values()) == {b"monday", b"sunday"}


def test_what_was_away_is_read_again_and_not_sent(station: Station, archive: FakeArchive) -> None:
    medium = station.dock / "RECORDER"
    medium.mkdir()
    (medium / "FILE0001.MP4").write_bytes(b"bytes")
    station.scan()
    assert announced(archive) == 1
    away = station.dock.with_name("away")
    medium.rename(away)
    station.scan()
    away.rename(medium)
    outcome = station.scan()
    assert (outcome.counts, outcome.archived_before) == ({"received": 1}, 1)
    assert announced(archive) == 2
    assert [method for method, _ in archive.requests].count("PATCH") == 1
    # It stayed: nothing is read and nothing is asked.
    assert station.scan().counts == {"received": 1}
    assert announced(archive) == 2


def test_a_folder_that_was_not_there_is_read_again(station: Station, archive: FakeArchive) -> None:
    put(station, "FILE0001.MP4", b"bytes")
    station.scan()
    away = station.dock.with_name("away")
    station.dock.rename(away)
    station.scan(patience_s=0.3)
    away.rename(station.dock)
    assert station.scan().counts == {"received": 1}
    assert announced(archive) == 2


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that keeps nothing of a file but its size and the time somebody set."""

    def identity(status: os.stat_result) -> Identity:
        return Identity(status.st_size, status.st_mtime_ns, status.st_mtime_ns, 5, 1)

    for module in (watch, folders, sending, hashing):
        monkeypatch.setattr(module, "identity_of", identity)


def dock(station: Station, data: bytes) -> None:
    path = put(station, "FILE0001.MP4", data)
    os.utime(path, TIME)


@pytest.mark.usefixtures("forgetful")
def test_two_recorders_that_differ_in_nothing_but_their_bytes(
    station: Station, archive: FakeArchive
) -> None:
    dock(station, b"monday")
    station.scan()
    (station.dock / "FILE0001.MP4").unlink()
    station.scan()
    dock(station, b"sunday")
    assert station.scan().counts == {"received": 2}
    assert set(archive.originals.values()) == {b"monday", b"sunday"}


@pytest.mark.usefixtures("forgetful")
def test_two_recorders_changed_between_two_looks(
    station: Station, archive: FakeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    dock(station, b"monday")
    monkeypatch.setattr(Media, "word", lambda *_: "first")
    station.scan()
    dock(station, b"sunday")
    assert station.scan().counts == {"received": 1}  # nothing tells them apart
    monkeypatch.setattr(Media, "word", lambda *_: "second")
    assert station.scan().counts == {"received": 2}
    assert set(archive.originals.values()) == {b"monday", b"sunday"}
