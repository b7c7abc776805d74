"""A journal put back to an older copy: nothing is lost or doubled, no checkpoint forgotten."""

import shutil
from pathlib import Path

import pytest

from tests.integration.station_agent.conftest import Station, last_seen, put
from tests.integration.station_agent.fake_archive import FakeArchive


@pytest.fixture
def older(station: Station, tmp_path: Path) -> Path:
    """The journal as it was after the first file, and a second file received since."""
    put(station, "one.mp4", b"one")
    station.scan()
    copy = tmp_path / "older.db"
    shutil.copyfile(station.config.journal_file, copy)
    put(station, "two.mp4", b"two")
    station.scan()
    assert station.states() == {"one.mp4": "received", "two.mp4": "received"}
    return copy


def put_back(station: Station, copy: Path) -> None:
    journal = station.config.journal_file
    for beside in journal.parent.glob(f"{journal.name}-*"):
        beside.unlink()
    shutil.copyfile(copy, journal)


def test_an_older_journal_loses_and_doubles_nothing(
    station: Station, archive: FakeArchive, older: Path
) -> None:
    clips, entries = dict(archive.clips), len(archive.log.leaves)
    put_back(station, older)
    assert set(station.states()) == {"one.mp4"}
    put(station, "three.mp4", b"three")
    outcome = station.scan()
    assert (outcome.counts, outcome.alarm) == ({"received": 3}, None)
    assert {clip.sha256 for clip in clips.values()} < {c.sha256 for c in archive.clips.values()}
    # What came again was known by its digest: one clip and one entry more, for the new file.
    assert (len(archive.clips), len(archive.log.leaves)) == (3, entries + 1)


def test_an_older_journal_forgets_no_checkpoint(
    station: Station, archive: FakeArchive, older: Path
) -> None:
    seen = last_seen(station, archive)
    put_back(station, older)
    # The archive was put back to the same older day.
    log = type(archive.log)()
    log.append(b"another first entry")
    archive.log = log
    outcome = station.scan()
    assert outcome.alarm == f"log_rolled_back: 1 < {seen}"
    assert station.scan().alarm == outcome.alarm
