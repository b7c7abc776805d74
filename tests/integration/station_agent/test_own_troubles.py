"""What goes wrong on the station itself: its disk is full, its clock is ten years off."""

import ast
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

import station_agent
from custody.log.canonical import EARLIEST, LATEST
from station_agent import manifests, receipts, status
from station_agent.journal import Journal, open_journal
from tests.integration.station_agent.conftest import Station, wait_for
from tests.integration.station_agent.fake_archive import FakeArchive
from tests.services import disks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disks.small_disk(tmp_path / "small", 4 << 20) as folder:
        yield folder


def fill(folder: Path) -> Path:
    """Take all the room there is."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                return filler


def test_a_full_disk_is_said_aloud_and_loses_nothing(
    station: Station, archive: FakeArchive, small_disk: Path
) -> None:
    station = station.with_config(home=small_disk / "station", rescan_s=0.2)
    station.enrol()
    journal, _ = open_journal(station.config.journal_file)
    filler = fill(small_disk)
    contents = {os.urandom(100) for _ in range(150)}
    for number, data in enumerate(contents):  # more rows than fit into what the journal has
        (station.dock / f"{'x' * 200}{number}.mp4").write_bytes(data)
    agent = station.agent(journal)
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
        wait_for(lambda: any("no room left" in event.reason for event in list(station.events)))
        filler.unlink()
        wait_for(lambda: journal.counts() == {"received": len(contents)}, 150)
    finally:
        agent.request_stop()
        thread.join(15)
    assert not thread.is_alive()
    journal.close()
    assert set(archive.originals.values()) == contents


def test_a_full_disk_in_the_middle_of_a_pass(
    station: Station, archive: FakeArchive, small_disk: Path
) -> None:
    """The pass ends with what it could not do; the next one does it."""
    station = station.with_config(home=small_disk / "station")
    station.enrol()
    for number in range(10):
        (station.dock / f"clip{number}.mp4").write_bytes(os.urandom(1000))
    fillers = []

    def react(event: object) -> None:
        if not fillers and getattr(event, "state", "") == "hashed":
            fillers.append(fill(small_disk))

    station.react = react
    outcome = station.scan(patience_s=0.5)
    assert outcome.trouble
    fillers[0].unlink()
    assert station.scan().counts == {"received": 10}
    assert len(archive.clips) == 10


class _OffClock(datetime):
    """Ten years ahead, or behind."""

    off = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.off


@pytest.mark.parametrize("years", [-10, 10])
def test_a_clock_ten_years_off_changes_nothing(
    station: Station, archive: FakeArchive, monkeypatch: pytest.MonkeyPatch, years: int
) -> None:
    off = type("Off", (_OffClock,), {"off": timedelta(days=365 * years)})
    for module in (manifests, receipts, status):
        monkeypatch.setattr(module, "datetime", off)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + years * 365 * 86400)
    archive.dates = "Thu, 01 Jan 1970 00:00:00 GMT"
    archive.fail("POST", "/api/uploads", 503, Retry_After="Thu, 01 Jan 2099 00:00:00 GMT")
    path = station.dock / "clip.mp4"
    path.write_bytes(b"bytes")
    os.utime(path, (real() - years * 365 * 86400,) * 2)
    assert station.scan().counts == {"received": 1}
    assert archive.clips


def test_the_wall_clock_is_read_for_people_only() -> None:
    """Four modules write times down; nothing else asks what time it is."""
    found = set()
    for path in Path(station_agent.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
                found.add(path.stem)
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {
                "time.time",
                "time.time_ns",
            }:
                found.add(path.stem)
    assert found == {"cosigning", "manifests", "receipts", "status"}


@pytest.mark.parametrize(
    ("mtime_ns", "moment"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (10**9, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        (-(10**18), datetime(1938, 4, 24, 22, 13, 20, tzinfo=UTC)),
        (2**62, datetime(2116, 2, 20, 23, 53, 38, 427387, tzinfo=UTC)),
        (-(2**62), datetime(1823, 11, 12, 0, 6, 21, 572612, tzinfo=UTC)),
        (2**80, LATEST),
        (-(2**80), EARLIEST),
        (2**120, LATEST),
        (-(2**120), EARLIEST),
    ],
)
def test_a_file_from_any_time_fits_into_the_calendar(mtime_ns: int, moment: datetime) -> None:
    assert manifests.moment(mtime_ns) == moment


def test_a_journal_of_a_newer_version_is_left_alone(station: Station) -> None:
    journal = Journal(station.config.journal_file)
    journal.connection.execute("PRAGMA user_version = 99")
    journal.close()
    before = station.config.journal_file.read_bytes()
    with pytest.raises(station_agent.errors.JournalNewerError):
        open_journal(station.config.journal_file)
    assert station.config.journal_file.read_bytes() == before
