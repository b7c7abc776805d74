"""What a station says of its server: that it answers, is away, or refuses the station."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from station_agent import reasons
from station_agent.display import line_of
from station_agent.journal import open_journal
from tests.integration.station_agent.conftest import Station, put, wait_for
from tests.integration.station_agent.fake_archive import FakeArchive, serving
from tests.integration.station_agent.test_cli import command, config

__all__ = ["config"]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("station_agent.agent.STATUS_S", 0.05)


@contextmanager
def running(station: Station) -> Iterator[None]:
    journal = open_journal(station.config.journal_file)[0]
    agent = station.agent(journal)
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
        yield
    finally:
        agent.request_stop()
        thread.join(15)
        journal.close()
    assert not thread.is_alive()


def server_line(station: Station) -> str | None:
    try:
        value = json.loads((station.config.home / "status.json").read_text())
    except FileNotFoundError:
        return "nothing said yet"
    server = value["server"]
    assert server is None or isinstance(server, str)
    return server


def test_an_idle_station_knows_when_the_server_is_away_and_back(station: Station) -> None:
    archive = FakeArchive()
    with serving(archive) as address:
        station = station.with_config(server=address, home=station.config.home.with_name("other"))
        station.enrol()
        put(station, "clip.mp4", b"bytes")
        assert station.scan().counts == {"received": 1}
        station.events.clear()
        agent = running(station)
        agent.__enter__()
        try:
            wait_for(lambda: archive.statuses and server_line(station) is None)
        except BaseException:
            agent.__exit__(None, None, None)
            raise
    try:
        wait_for(lambda: server_line(station))
        with serving(archive, int(address.rpartition(":")[2])):
            wait_for(lambda: server_line(station) is None)
            states = [event.state for event in station.events if event.event == "server"]
            assert states == ["away", "back"]
    finally:
        agent.__exit__(None, None, None)


@pytest.mark.parametrize("status", [400, 404, 413, 500])
def test_a_status_that_is_not_taken_holds_nothing_back(
    station: Station, archive: FakeArchive, status: int
) -> None:
    archive.fail("POST", "/api/stations/status", status, times=1000)
    put(station, "clip.mp4", b"bytes")
    outcome = station.scan()
    assert (outcome.counts, outcome.server) == ({"received": 1}, None)
    assert [event for event in station.events if event.event == "server"] == []


def test_what_a_file_is_answered_is_for_a_file_to_clear(
    station: Station, archive: FakeArchive
) -> None:
    """A status that is taken says nothing of uploads."""
    archive.fail("POST", "/api/uploads", 503, times=5)
    put(station, "clip.mp4", b"bytes")
    assert station.scan().counts == {"received": 1}
    states = [event.state for event in station.events if event.event == "server"]
    assert states == ["away", "back"]


def test_a_station_that_is_not_accepted_is_told_so(station: Station, archive: FakeArchive) -> None:
    with running(station):
        wait_for(lambda: server_line(station) is None)
        archive.stations.clear()
        archive.bearers.clear()
        wait_for(lambda: server_line(station))
    assert server_line(station) == f"{reasons.STATION_REFUSED}: 401 no such station"
    (event,) = [one for one in station.events if one.event == "server"]
    line = line_of(event, "en") or ""
    assert "refuses this station" in line
    assert "enrol --token" in line
    assert "away" not in line


def test_status_of_a_refused_station(config: Path, archive: FakeArchive) -> None:
    dock = config.parent / "dock"
    (dock / "clip.mp4").write_bytes(b"bytes")
    assert command("scan", "--config", config, "--token", "good-token").returncode == 0
    archive.stations.clear()
    archive.bearers.clear()
    (dock / "new.mp4").write_bytes(b"more")
    done = command("scan", "--config", config, "--patience", "1")
    assert done.returncode == 1
    assert "refuses this station" in done.stdout
    agent = subprocess.Popen(
        [sys.executable, "-m", "station_agent.cli", "run", "--config", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        text = ""
        deadline = time.monotonic() + 60
        while "refuses this station" not in text:
            assert time.monotonic() < deadline, text
            asked = command("status", "--config", config)
            text = asked.stdout
        assert asked.returncode == 1
        assert "enrol anew with a new token" in text
        # Killed with a file waiting: nobody is at work, and that is said.
        agent.send_signal(signal.SIGKILL)
        agent.wait(20)
        asked = command("status", "--config", config)
        assert asked.returncode == 1
        assert "start it (liuhen-station run)" in asked.stdout
    finally:
        agent.kill()
        agent.wait(20)
