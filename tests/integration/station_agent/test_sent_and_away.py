"""A file that was sent needs no bytes any more: its receipt is collected wherever it went."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from custody.log.note import generate
from station_agent import reasons, renewal
from station_agent.journal import Journal, State, open_journal
from station_agent.status import Live, build_status
from tests.integration.station_agent.conftest import Station, put, wait_for
from tests.integration.station_agent.fake_archive import FakeArchive


@contextmanager
def running(station: Station) -> Iterator[Journal]:
    journal = open_journal(station.config.journal_file)[0]
    agent = station.agent(journal)
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
        yield journal
    finally:
        agent.request_stop()
        thread.join(15)
        journal.close()
    assert not thread.is_alive()


def withhold(archive: FakeArchive) -> None:
    """No receipts, until `faults` are cleared."""
    archive.fail("GET", "/receipt", 202, times=10_000, Retry_After="0.1")


def away(journal: Journal) -> list[tuple[object, ...]]:
    return journal.read("SELECT state FROM files WHERE away = 1")


def pull(station: Station) -> Path:
    """The recorder leaves, and an empty dock stays."""
    elsewhere = station.dock.with_name("elsewhere")
    station.dock.rename(elsewhere)
    station.dock.mkdir()
    return elsewhere


def sent_and_pulled(station: Station, archive: FakeArchive, journal: Journal) -> Path:
    withhold(archive)
    put(station, "clip.mp4", b"bytes")
    wait_for(lambda: journal.counts() == {"sent": 1})
    elsewhere = pull(station)
    wait_for(lambda: away(journal) == [("sent",)])
    return elsewhere


def test_its_receipt_comes_after_the_recorder_left(station: Station, archive: FakeArchive) -> None:
    with running(station) as journal:
        elsewhere = sent_and_pulled(station, archive, journal)
        assert journal.counts() == {"sent": 1}
        archive.faults.clear()
        wait_for(lambda: journal.counts() == {"received": 1})
        # And docked again: read once more, and still one file.
        station.dock.rmdir()
        elsewhere.rename(station.dock)
        wait_for(lambda: not away(journal) and journal.counts() == {"received": 1})
    assert len(archive.clips) == 1


def test_renamed_while_it_waits_it_is_received_under_both_names(
    station: Station, archive: FakeArchive
) -> None:
    with running(station) as journal:
        withhold(archive)
        path = put(station, "a.mp4", b"bytes")
        wait_for(lambda: journal.counts() == {"sent": 1})
        path.rename(path.with_name("b.mp4"))
        wait_for(lambda: journal.counts() == {"sent": 2})
        archive.faults.clear()
        wait_for(lambda: journal.counts() == {"received": 2})
    assert len(archive.clips) == 1


def test_another_file_in_its_place_is_a_file_of_its_own(
    station: Station, archive: FakeArchive
) -> None:
    """The next recorder in the dock uses the same names."""
    with running(station) as journal:
        sent_and_pulled(station, archive, journal)
        put(station, "clip.mp4", b"of another recorder")
        wait_for(lambda: journal.counts() == {"sent": 2})
        archive.faults.clear()
        wait_for(lambda: journal.counts() == {"received": 2})
    assert set(archive.originals.values()) == {b"bytes", b"of another recorder"}


def test_an_upload_that_is_forgotten_is_asked_after(station: Station, archive: FakeArchive) -> None:
    with running(station) as journal:
        sent_and_pulled(station, archive, journal)
        archive.uploads.clear()
        archive.faults.clear()
        wait_for(lambda: journal.counts() == {"received": 1})
    assert sum(method == "PATCH" for method, _ in archive.requests) == 1


def test_what_the_archive_lost_is_gone_and_sent_anew_once_it_is_back(
    station: Station, archive: FakeArchive
) -> None:
    with running(station) as journal:
        elsewhere = sent_and_pulled(station, archive, journal)
        for held in (archive.uploads, archive.clips, archive.originals):
            held.clear()
        archive.faults.clear()
        wait_for(lambda: journal.counts() == {"gone": 1})
        (file,) = journal.files(State.GONE)
        assert file.reason == reasons.BYTES_NEEDED
        assert (reasons.BYTES_NEEDED, "gone") in [(one.reason, one.state) for one in station.events]
        assert archive.uploads == {}
        (elsewhere / "clip.mp4").rename(station.dock / "clip.mp4")
        wait_for(lambda: journal.counts() == {"received": 1})
    assert set(archive.originals.values()) == {b"bytes"}


def test_what_the_archive_lost_while_another_file_took_its_place(
    station: Station, archive: FakeArchive
) -> None:
    with running(station) as journal:
        sent_and_pulled(station, archive, journal)
        put(station, "clip.mp4", b"of another recorder")
        wait_for(lambda: journal.counts() == {"sent": 2})
        (lost,) = [one for one in journal.files(State.SENT) if one.away]
        assert lost.upload_path is not None
        del archive.uploads[lost.upload_path.rsplit("/", 1)[-1]]
        del archive.clips[lost.sha256 or ""]
        archive.faults.clear()
        wait_for(lambda: journal.counts() == {"gone": 1, "received": 1})
        # The bytes come again from another name of the recorder: the one that is gone stays so.
        put(station, "other.mp4", os.urandom(10))
        wait_for(lambda: journal.counts() == {"gone": 1, "received": 2})


def test_a_receipt_that_proves_nothing_goes_on_being_an_alarm(
    station: Station, archive: FakeArchive
) -> None:
    with running(station) as journal:
        sent_and_pulled(station, archive, journal)
        right, archive.signing_key = archive.signing_key, generate("someone.else/receipts")
        archive.faults.clear()
        wait_for(lambda: any(event.event == "alarm" for event in station.events))
        assert journal.counts() == {"sent": 1}
        status = build_status(journal, station.config.home, "alice", None, Live())
        assert str(status["alarm"]).startswith(reasons.RECEIPT_WRONG)
        archive.signing_key = right
        wait_for(lambda: journal.counts() == {"received": 1})


@pytest.mark.parametrize("is_replaced", [False, True])
def test_enrolled_anew_it_is_needed_again(
    station: Station, archive: FakeArchive, *, is_replaced: bool
) -> None:
    with running(station) as journal:
        sent_and_pulled(station, archive, journal)
        if is_replaced:
            put(station, "clip.mp4", b"of another recorder")
            wait_for(lambda: journal.counts() == {"sent": 2})
        (station.config.home / "station.key").rename(station.config.home / "station.key.new")
        renewal.finish(station.config.home, journal)
        (file,) = journal.files(State.GONE)
        assert (file.reason, file.away) == (reasons.BYTES_NEEDED, False)
