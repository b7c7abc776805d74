"""The archive's log is watched beside the files, and what is seen of it is told."""

import json
import threading

import pytest

from custody.log.checkpoint import open_checkpoint
from custody.log.note import generate
from station_agent.display import line_of
from station_agent.journal import open_journal
from tests.integration.station_agent.conftest import Station, last_seen, put, wait_for
from tests.integration.station_agent.fake_archive import ORIGIN, FakeArchive, Fault


def test_the_log_is_followed_without_a_receipt(station: Station, archive: FakeArchive) -> None:
    put(station, "one.mp4", b"one")
    assert station.scan().alarm is None
    for number in range(600):
        archive.log.append(b"entry %d" % number)
    outcome = station.scan()
    assert (outcome.alarm, outcome.server) == (None, None)
    assert last_seen(station, archive) == 601


def test_a_log_that_is_older_than_before_raises_a_lasting_alarm(
    station: Station, archive: FakeArchive
) -> None:
    put(station, "one.mp4", b"one")
    station.scan()
    archive.shown_checkpoint = archive.log.checkpoint(archive.log_key)
    put(station, "two.mp4", b"two")
    # The receipt for the second file is of a newer log than the one that is shown.
    outcome = station.scan()
    assert outcome.alarm == "log_rolled_back: 1 < 2"
    alarms = [event for event in station.events if event.event == "alarm"]
    lines = [line_of(event, "en") or "" for event in alarms]
    assert [line.partition(". ")[0] for line in lines] == [
        "!! ALARM: the archive shows an older log than before (1 < 2)"
    ]
    archive.shown_checkpoint = None
    put(station, "three.mp4", b"three")
    again = station.scan()
    assert again.alarm == outcome.alarm
    assert again.server is None
    assert station.states()["three.mp4"] == "sent"
    kept = json.loads((station.config.home / "trust.json").read_text())["alarm"]
    sizes = [
        open_checkpoint(kept[name], archive.log_key.verifier, origin=ORIGIN).size
        for name in ("earlier", "later")
    ]
    assert sizes == [2, 1]


def test_one_stale_answer_is_no_alarm(station: Station, archive: FakeArchive) -> None:
    put(station, "one.mp4", b"one")
    station.scan()
    stale = archive.log.checkpoint(archive.log_key).encode()
    put(station, "two.mp4", b"two")
    station.scan()
    archive.faults.append(
        Fault("GET", "/log/checkpoint", lambda handler: handler.answer(200, stale))
    )
    assert station.scan().alarm is None


def test_another_history_is_found_without_a_receipt(station: Station, archive: FakeArchive) -> None:
    put(station, "one.mp4", b"one")
    station.scan()
    archive.log = type(archive.log)()
    for number in range(3):
        archive.log.append(b"entry %d" % number)
    outcome = station.scan()
    assert outcome.alarm
    assert outcome.alarm.startswith("1 → 3")


def test_an_unsigned_checkpoint_proves_nothing(station: Station, archive: FakeArchive) -> None:
    put(station, "one.mp4", b"one")
    station.scan()
    for shown in (archive.log.checkpoint(generate(ORIGIN)), "<html>sign in</html>"):
        archive.shown_checkpoint = shown
        outcome = station.scan()
        assert (outcome.alarm, outcome.server) == (None, None)
    assert last_seen(station, archive) == 1


def test_a_running_station_watches_the_log(
    station: Station, archive: FakeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station_agent.agent.LOG_S", 0.05)
    put(station, "one.mp4", b"one")
    station.scan()
    archive.log.append(b"more")
    journal = open_journal(station.config.journal_file)[0]
    agent = station.agent(journal)
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
        wait_for(lambda: last_seen(station, archive) == 2)
        archive.log = type(archive.log)()
        archive.log.append(b"an older copy")
        wait_for(lambda: any(event.event == "alarm" for event in station.events))
    finally:
        agent.request_stop()
        thread.join()
        journal.close()
    status = json.loads((station.config.home / "status.json").read_text())
    assert status["alarm"] == "log_rolled_back: 1 < 2"
    assert status["server"] is None
