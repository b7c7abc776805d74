"""From the dock to the receipt, over real HTTP, with everything that goes wrong on the way."""

import hashlib
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from custody.log.note import generate
from station_agent import wire
from station_agent.journal import State
from tests.integration.station_agent.conftest import Station, put, wait_for
from tests.integration.station_agent.fake_archive import FakeArchive, Fault, Handler, serving

MIB = 1024 * 1024


def archived(archive: FakeArchive) -> set[bytes]:
    return set(archive.originals.values())


def test_everything_in_the_dock_is_archived_with_receipt(
    station: Station, archive: FakeArchive
) -> None:
    contents = {f"clip{n}.mp4": os.urandom(n * 777_777 + 1) for n in range(8)}
    for name, data in contents.items():
        put(station, name, data)
    outcome = station.scan()
    assert outcome.counts == {"received": 8}
    assert archived(archive) == set(contents.values())
    assert all(file.clip_id for file in station.files().values())


def test_a_second_pass_asks_for_nothing(station: Station, archive: FakeArchive) -> None:
    put(station, "clip.mp4", b"once")
    station.scan()
    archive.requests.clear()
    assert station.scan().counts == {"received": 1}
    assert all(
        path.startswith(("/api/stations/", "/log/checkpoint")) for _, path in archive.requests
    )


def test_marked_files_go_first_then_the_oldest(station: Station, archive: FakeArchive) -> None:
    for age, name in enumerate(["new.mp4", "older.mp4", "oldest.mp4", "marked_IMP.mp4"]):
        path = put(station, name, os.urandom(64))
        os.utime(path, (1_700_000_000 - age * 1000 * (name != "marked_IMP.mp4"),) * 2)
    station.with_config(concurrency=1).scan()
    order = [upload.metadata["filename"] for upload in archive.uploads.values()]
    assert order == [b"marked_IMP.mp4", b"oldest.mp4", b"older.mp4", b"new.mp4"]


def test_known_bytes_are_not_sent_again(station: Station, archive: FakeArchive) -> None:
    put(station, "one.mp4", b"same bytes")
    station.scan()
    put(station, "two.mp4", b"same bytes")
    archive.requests.clear()
    assert station.scan().counts == {"received": 2}
    assert not [path for method, path in archive.requests if method == "PATCH"]
    assert len({file.clip_id for file in station.files().values()}) == 1


def test_a_reused_name_is_a_new_file(station: Station, archive: FakeArchive) -> None:
    put(station, "FILE0001.MP4", b"monday")
    station.scan()
    put(station, "FILE0001.MP4", b"tuesday")
    assert station.scan().counts == {"received": 2}
    assert archived(archive) == {b"monday", b"tuesday"}


# --- the manifest --------------------------------------------------------------------------------


def test_manifest_lists_everything_and_names_the_one_before(
    station: Station, archive: FakeArchive
) -> None:
    put(station, "clip.mp4", b"bytes")
    put(station, "empty.mp4", b"")
    (station.dock / "link.mp4").symlink_to("clip.mp4")
    station.scan()
    (verifier,) = archive.stations.values()
    manifest = wire.open_manifest(archive.manifests[0], verifier)
    assert {file.path_b64: file.skipped for file in manifest.files} == {
        b"clip.mp4": None,
        b"empty.mp4": "empty",
        b"link.mp4": "symlink",
    }
    assert manifest.free_bytes
    assert manifest.previous_sha256 is None
    put(station, "later.mp4", b"more")
    station.scan()
    later = wire.open_manifest(archive.manifests[1], verifier)
    digest = hashlib.sha256(archive.manifests[0].encode()).hexdigest()
    assert later.previous_sha256 == digest
    assert len(later.files) == 4


def test_uploads_name_their_dock_session(station: Station, archive: FakeArchive) -> None:
    put(station, "clip.mp4", b"bytes")
    station.scan()
    (verifier,) = archive.stations.values()
    session = wire.open_manifest(archive.manifests[0], verifier).session_id
    (upload,) = archive.uploads.values()
    assert upload.metadata["dock_session"] == session.encode()


def test_manifest_is_kept_until_the_server_has_it(station: Station, archive: FakeArchive) -> None:
    put(station, "clip.mp4", b"bytes")
    archive.fail("POST", "/api/dock-sessions", 500, times=99)
    assert station.scan(patience_s=0.5).counts == {"hashed": 1}
    archive.faults.clear()
    assert station.scan().counts == {"received": 1}
    assert len(archive.manifests) == 1


def test_a_refused_manifest_does_not_cost_the_footage(
    station: Station, archive: FakeArchive
) -> None:
    put(station, "clip.mp4", b"bytes")
    archive.fail("POST", "/api/dock-sessions", 413, times=4)
    assert station.scan().counts == {"received": 1}
    (upload,) = archive.uploads.values()
    assert "dock_session" not in upload.metadata


# --- the line and the server ---------------------------------------------------------------------


def test_cut_in_the_middle_goes_on_at_the_byte(station: Station, archive: FakeArchive) -> None:
    data = os.urandom(5 * MIB)
    put(station, "clip.mp4", data)
    archive.cut_patch(1_234_567)
    assert station.scan().counts == {"received": 1}
    assert archived(archive) == {data}
    assert len(archive.uploads) == 1
    assert [method for method, _ in archive.requests].count("PATCH") == 2


def test_a_wrong_offset_is_put_right(station: Station, archive: FakeArchive) -> None:
    data = os.urandom(3 * MIB)
    put(station, "clip.mp4", data)
    archive.cut_patch(MIB)
    # After the cut the server says too little; the 409 then names the truth.
    archive.fail("HEAD", "/api/uploads/", 200, Upload_Offset="0")
    assert station.scan().counts == {"received": 1}
    assert archived(archive) == {data}


def test_all_bytes_there_but_never_admitted(station: Station, archive: FakeArchive) -> None:
    """The server died between the last byte and the admission: an empty PATCH finishes it."""
    data = os.urandom(MIB)
    put(station, "clip.mp4", data)
    archive.cut_patch(MIB)
    assert station.scan().counts == {"received": 1}
    assert archived(archive) == {data}


@pytest.mark.parametrize("status", [408, 423, 429, 500, 502, 503, 507])
def test_a_passing_failure_is_tried_again(
    station: Station, archive: FakeArchive, status: int
) -> None:
    data = os.urandom(2 * MIB)
    put(station, "clip.mp4", data)
    archive.fail("PATCH", "/api/uploads/", status, Retry_After="0")
    assert station.scan().counts == {"received": 1}
    assert archived(archive) == {data}


def test_retry_after_is_respected(station: Station, archive: FakeArchive) -> None:
    put(station, "clip.mp4", b"bytes")
    archive.fail("POST", "/api/uploads", 503, Retry_After="1")
    began = time.monotonic()
    assert station.scan().counts == {"received": 1}
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("status", [400, 413, 415])
def test_a_final_refusal_names_its_reason_and_stops_no_other(
    station: Station, archive: FakeArchive, status: int
) -> None:
    put(station, "bad_IMP.mp4", b"bad")
    put(station, "good.mp4", b"good")
    archive.refused_names[b"bad_IMP.mp4"] = status
    station.with_config(concurrency=1).scan()
    assert station.states() == {"bad_IMP.mp4": "refused", "good.mp4": "received"}
    (reason,) = [file.reason for file in station.files().values() if file.state == "refused"]
    assert reason is not None
    assert reason.startswith(f"server_refused: {status}")
    assert reason.endswith(" not this one")
    assert len([event for event in station.events if event.event == "trouble"]) == 2
    # After a restart it is asked again: the server's limit may have changed.
    archive.refused_names.clear()
    assert station.scan().counts == {"received": 2}


@pytest.mark.parametrize("status", [400, 413, 415, 422])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_is_not_the_archives_own_word_refuses_nothing(
    station: Station, archive: FakeArchive, method: str, status: int
) -> None:
    """A bit that flipped in a request, a proxy that is in its way: tried again, however often."""
    put(station, "clip.mp4", b"bytes")
    archive.fail(method, "/api/uploads", status, times=5)
    assert station.scan(tries=9).counts == {"received": 1}


def test_one_refusal_is_not_believed(station: Station, archive: FakeArchive) -> None:
    put(station, "clip.mp4", b"bytes")

    def refuse(handler: Handler) -> None:
        handler.body()
        handler.json(400, {"error": "header", "detail": "Upload-Length: a whole number"})

    archive.faults += [Fault("POST", "/api/uploads", refuse)] * 2
    assert station.scan().counts == {"received": 1}


def test_a_file_the_server_stumbles_over_goes_behind_the_others(
    station: Station, archive: FakeArchive
) -> None:
    put(station, "bad_IMP.mp4", b"bad")
    for n in range(4):
        put(station, f"good{n}.mp4", bytes([n]))
    archive.fail("PATCH", "/api/uploads/", 500)
    station.with_config(concurrency=1).scan()
    assert archive.clips[hashlib.sha256(b"bad").hexdigest()].index == 4


@pytest.mark.parametrize("status", [409, 500])
@pytest.mark.parametrize(("method", "part"), [("POST", "/api/uploads"), ("GET", "/receipt")])
def test_what_the_archive_holds_in_disorder_stops_no_other_file(
    station: Station, archive: FakeArchive, method: str, part: str, status: int
) -> None:
    put(station, "bad_IMP.mp4", b"bad")
    for n in range(3):
        put(station, f"good{n}.mp4", bytes([n]))
    archive.fail(method, part, status)
    outcome = station.with_config(concurrency=1).scan()
    assert (outcome.counts, outcome.server) == ({"received": 4}, None)
    assert not [event for event in station.events if event.event == "server"]
    (trouble,) = [event for event in station.events if event.event == "trouble"]
    assert (trouble.path or b"").endswith(b"/bad_IMP.mp4")
    assert (trouble.reason or "").startswith(f"server_error: {status}")


def test_a_dropped_upload_is_announced_anew(station: Station, archive: FakeArchive) -> None:
    data = os.urandom(MIB)
    put(station, "clip.mp4", data)
    archive.fail("PATCH", "/api/uploads/", 410)
    archive.fail("HEAD", "/api/uploads/", 410)
    assert station.scan().counts == {"received": 1}
    assert len(archive.uploads) == 2


def test_digest_mismatch_is_hashed_and_sent_again(station: Station, archive: FakeArchive) -> None:
    put(station, "clip.mp4", os.urandom(MIB))
    archive.fail("PATCH", "/api/uploads/", 460)
    assert station.scan().counts == {"received": 1}


def test_a_forgotten_session_is_opened_again(station: Station, archive: FakeArchive) -> None:
    for n in range(3):
        put(station, f"clip{n}.mp4", os.urandom(n + 1))
    archive.fail("POST", "/api/uploads", 401)
    archive.fail("PATCH", "/api/uploads/", 401)
    assert station.scan().counts == {"received": 3}


def test_server_away_keeps_everything_and_goes_on_later(
    tmp_path: Path, station: Station, archive: FakeArchive
) -> None:
    with socket.socket() as blocker:
        blocker.bind(("127.0.0.1", 0))
        away = station.with_config(server=f"http://127.0.0.1:{blocker.getsockname()[1]}")
        put(station, "clip.mp4", b"bytes")
        outcome = away.scan(patience_s=0.3)
    assert outcome.server
    assert outcome.counts == {"hashed": 1}  # what needs no server is done
    assert station.scan().counts == {"received": 1}


def test_server_comes_back_while_running(tmp_path: Path, station: Station) -> None:
    archive = FakeArchive()
    with serving(archive) as address:
        port = int(address.rsplit(":", 1)[1])
        station = station.with_config(server=address, home=tmp_path / "other")
        station.enrol()
    put(station, "clip.mp4", b"bytes")
    agent = station.agent()
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
        wait_for(lambda: any(event.event == "server" for event in station.events))
        with serving(archive, port):
            wait_for(lambda: bool(archive.clips) and station.states() == {"clip.mp4": "received"})
    finally:
        agent.request_stop()
        thread.join(10)
    assert not thread.is_alive()
    states = [event.state for event in station.events if event.event == "server"]
    assert states == ["away", "back"]


def test_new_files_are_found_by_events_and_by_looking(
    station: Station, archive: FakeArchive
) -> None:
    station = station.with_config(rescan_s=3600)
    agent = station.agent()
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
        wait_for(lambda: bool(archive.statuses))
        put(station, "clip.mp4", b"bytes")  # only an event can wake it in time
        wait_for(lambda: bool(archive.clips))
    finally:
        agent.request_stop()
        thread.join(10)
    assert not thread.is_alive()
    assert archive.statuses[0]["files"] == {}
    assert set(archive.statuses[0]) >= {"version", "current", "refused", "free_bytes", "clock"}


# --- receipts and trust --------------------------------------------------------------------------


def test_a_receipt_of_another_key_is_never_believed(station: Station, archive: FakeArchive) -> None:
    put(station, "clip.mp4", b"bytes")
    archive.signing_key = generate(archive.receipt_key.name)
    outcome = station.scan()
    assert outcome.counts == {"failed": 1}
    assert [event for event in station.events if event.event == "alarm"]
    archive.signing_key = archive.receipt_key
    assert station.scan().counts == {"received": 1}


def test_a_receipt_for_other_bytes_is_never_believed(
    station: Station, archive: FakeArchive
) -> None:
    put(station, "one.mp4", b"one")
    station.scan()
    (clip,) = archive.clips.values()
    put(station, "two.mp4", b"two")
    real = archive.receipt
    archive.receipt = lambda _: real(clip)  # type: ignore[method-assign]
    station.scan()
    assert station.states() == {"one.mp4": "received", "two.mp4": "failed"}


def test_a_rewritten_log_raises_an_alarm_and_ends_trust(
    station: Station, archive: FakeArchive
) -> None:
    put(station, "one.mp4", b"one")
    station.scan()
    # Another history, signed with the same key.
    archive.log = type(archive.log)()
    archive.clips.clear()
    put(station, "two.mp4", b"two")
    put(station, "three.mp4", b"three")
    outcome = station.scan()
    assert outcome.alarm
    assert station.states()["one.mp4"] == "received"
    assert {station.states()[name] for name in ("two.mp4", "three.mp4")} == {"sent"}
    # It stays, whatever the server says later; footage still goes in.
    put(station, "four.mp4", b"four")
    assert station.scan().alarm
    assert b"four" in archived(archive)
    assert "received" not in {station.states()[name] for name in ("two.mp4", "four.mp4")}
    kept = (station.config.home / "trust.json").read_text()
    assert kept.count(archive.log_key.name) >= 4  # both notes: the evidence


def test_an_older_receipt_is_held_against_the_newer_checkpoint(
    station: Station, archive: FakeArchive
) -> None:
    """The archive issues a receipt once; for bytes it knows, an old checkpoint comes back."""
    issued: dict[str, str] = {}
    issue = archive.receipt
    archive.receipt = lambda clip: issued.setdefault(clip.id, issue(clip))  # type: ignore[method-assign]
    for number in range(5):
        put(station, f"{number}.mp4", bytes([number]))
        station.scan()
    put(station, "again.mp4", bytes([0]))
    outcome = station.scan()
    assert (outcome.counts, outcome.alarm) == ({"received": 6}, None)


def test_withheld_tiles_are_no_alarm_and_no_receipt(station: Station, archive: FakeArchive) -> None:
    put(station, "one.mp4", b"one")
    station.scan()
    put(station, "two.mp4", b"two")
    archive.fail("GET", "/log/tile/", 404, times=99)
    outcome = station.scan(patience_s=0.5)
    assert outcome.alarm is None
    assert outcome.server
    assert station.states()["two.mp4"] == "sent"
    archive.faults.clear()
    assert station.scan().counts == {"received": 2}


# --- crashes -------------------------------------------------------------------------------------


def test_a_lost_journal_is_rebuilt_from_dock_and_archive(
    station: Station, archive: FakeArchive
) -> None:
    put(station, "clip.mp4", b"bytes")
    station.scan()
    station.config.journal_file.write_bytes(b"\x00garbage" * 1000)
    assert station.scan().counts == {"received": 1}
    assert len(archive.clips) == 1
    assert list(station.config.home.glob("journal.db.damaged-*"))


def test_stopping_in_the_middle_leaves_it_to_the_next_run(
    station: Station, archive: FakeArchive
) -> None:
    data = os.urandom(20 * MIB)
    put(station, "clip.mp4", data)
    agent = station.agent()

    def stop_when_sending() -> None:
        wait_for(lambda: any(event.state == State.SENDING for event in list(station.events)))
        agent.request_stop()

    stopper = threading.Thread(target=stop_when_sending)
    stopper.start()
    agent.run()
    stopper.join()
    assert station.scan().counts == {"received": 1}
    assert archived(archive) == {data}
