"""Anything may happen to an answer on the way: it is asked for again, and nothing is held up."""

import argparse
import os

import pytest

from station_agent import status_command
from station_agent.journal import Journal, State
from tests.integration.station_agent.conftest import Station, put
from tests.integration.station_agent.fake_archive import FakeArchive, Fault, Handler, Log

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
    archive.fail("PATCH", "/api/uploads/", 503, times=9999)
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


# --- manifests -----------------------------------------------------------------------------------


def sessions(archive: FakeArchive) -> set[bytes | None]:
    return {upload.metadata.get("dock_session") for upload in archive.uploads.values()}


def test_another_id_than_ours_is_no_answer(station: Station, archive: FakeArchive) -> None:
    files(station)
    archive.session_answers += ["x", "0c9ff3b4-3a51-4c58-9c05-1d4b5a3a1f6e"]
    assert station.scan().counts == {"received": 2}
    (session,) = archive.sessions
    assert sessions(archive) == {session.encode()}


def test_an_archive_that_lost_the_list_gets_it_again(
    station: Station, archive: FakeArchive
) -> None:
    files(station)
    archive.fail("POST", "/api/uploads", 503, times=9999)
    station.scan(patience_s=0.3)
    assert len(archive.manifests) == 1
    archive.faults.clear()
    archive.sessions.clear()
    assert station.scan().counts == {"received": 2}
    assert archive.manifests[1:] == archive.manifests[:1]
    assert len(sessions(archive)) == 1


def test_a_list_is_kept_while_a_file_of_it_is_on_its_way(
    station: Station, archive: FakeArchive
) -> None:
    files(station, 1)
    station.scan()
    archive.fail("PATCH", "/api/uploads/", 503, times=9999)
    put(station, "second.mp4", b"second")
    station.scan(patience_s=0.3)
    put(station, "third.mp4", b"third")
    station.scan(patience_s=0.5)
    journal = Journal(station.config.journal_file, read_only=True)
    kept = journal.read("SELECT note IS NOT NULL FROM manifests ORDER BY id")
    journal.close()
    assert kept[0] == (0,)
    assert kept[1:] == [(1,), (1,)]


def test_a_list_that_the_archive_lost_and_nobody_has_costs_no_footage(
    station: Station, archive: FakeArchive
) -> None:
    files(station)
    archive.fail("POST", "/api/uploads", 503, times=9999)
    station.scan(patience_s=0.3)
    archive.faults.clear()
    archive.sessions.clear()
    journal = Journal(station.config.journal_file)
    with journal.transaction() as connection:
        connection.execute("UPDATE manifests SET note = NULL")
    journal.close()
    assert station.scan().counts == {"received": 2}
    assert sessions(archive) == {None}


def test_a_manifest_damaged_on_the_way_is_handed_in_again(
    station: Station, archive: FakeArchive
) -> None:
    files(station)
    archive.fail("POST", "/api/dock-sessions", 409, times=2)
    outcome = station.scan()
    assert (outcome.counts, outcome.server) == ({"received": 2}, None)
    assert [path for _, path in archive.requests].count("/api/dock-sessions") == 3
    assert len(sessions(archive) - {None}) == 1
    assert not [event for event in station.events if event.event == "server"]


def test_a_manifest_that_is_refused_for_good_is_shown_and_tried_at_the_next_start(
    station: Station, archive: FakeArchive, capsys: pytest.CaptureFixture[str]
) -> None:
    files(station)
    archive.fail("POST", "/api/dock-sessions", 413, times=4)
    assert station.scan().counts == {"received": 2}
    assert sessions(archive) == {None}
    options = argparse.Namespace(json=False)
    assert status_command.status(station.config, options) == 1
    shown = capsys.readouterr().out
    heading = "(their files are sent without; tell the administrator):"
    assert (
        f"lists the archive did not take {heading}\n  {station.dock}  the server refuses it (413"
        in shown
    )
    station.scan()
    assert len(archive.manifests) == 1
    assert status_command.status(station.config, options) == 0
    assert "lists the archive" not in capsys.readouterr().out


# --- the log's tiles -----------------------------------------------------------------------------


def damage_tiles(archive: FakeArchive, times: int) -> None:
    """Flip one bit in each of the next ``times`` tiles that are asked for."""

    def action(handler: Handler) -> None:
        tile = bytearray(archive.log.tiles[handler.path.removeprefix("/log/")])
        tile[-1] ^= 1
        handler.answer(200, bytes(tile))

    archive.faults += [Fault("GET", "/log/tile/", action)] * times


@pytest.mark.parametrize("before", [1, 2, 3, 5])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_damaged_tiles_are_no_rewritten_log(
    station: Station, archive: FakeArchive, before: int, times: int
) -> None:
    files(station, before)
    station.scan()
    damage_tiles(archive, times)
    put(station, "later.mp4", b"later")
    outcome = station.scan()
    assert (outcome.alarm, outcome.counts) == (None, {"received": before + 1})
    assert not archive.faults
    assert not [event for event in station.events if event.event == "alarm"]


@pytest.mark.parametrize("before", [2, 3])
def test_behind_damaged_tiles_a_rewritten_log_is_found_all_the_same(
    station: Station, archive: FakeArchive, before: int
) -> None:
    files(station, before)
    station.scan()
    archive.log = Log()
    archive.clips.clear()
    for number in range(before + 1):  # longer from the first look on: two heads of one size differ
        archive.log.append(bytes([number]))
    for number in range(before + 2):
        put(station, f"again{number}.mp4", bytes([100 + number]))
    damage_tiles(archive, 200)
    outcome = station.scan(patience_s=0.5)
    assert outcome.alarm is None
    assert outcome.counts["received"] == before
    archive.faults.clear()
    assert station.scan().alarm
