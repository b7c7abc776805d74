"""Names and files as bad as they come: none blocks, none is lost, none is taken half."""

import errno
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import cast

import pytest

from custody.log.canonical import EARLIEST, LATEST
from station_agent import folders, hashing, sending, watch, wire
from station_agent.events import Event
from station_agent.hashing import identity_of
from station_agent.journal import State
from station_agent.reasons import visible
from station_agent.settle import Identity
from tests.integration.station_agent.conftest import Station, put
from tests.integration.station_agent.fake_archive import FakeArchive

MIB = 1024 * 1024

NAMES = [
    b"new\nline.mp4",
    b"carriage\rreturn\ttab\x1b[31m.mp4",
    b"quote\"'`$(id);&|.mp4",
    b"comma, semi; space .mp4",
    b" -rf *.mp4",
    b"%s{}{0}\\n.mp4",
    "表情😀🚓.mp4".encode(),
    "执法记录_IMP.mp4".encode("gbk"),
    b"\xff\xfe\x80.mp4",
    "\u202egpj.exe".encode(),
    b"...mp4",
    b"a" * 251 + b".mp4",
    b"no extension",
]


def once(
    condition: Callable[[Event], bool], action: Callable[[], object]
) -> Callable[[Event], None]:
    """Do something at the first event that fits, before the agent goes on."""
    done = threading.Event()

    def react(event: Event) -> None:
        if not done.is_set() and condition(event):
            done.set()
            action()

    return react


def reached(state: str, event: str = "state") -> Callable[[Event], bool]:
    return lambda one: (one.event, one.state) == (event, state)


def test_every_name_arrives_as_the_bytes_it_is(station: Station, archive: FakeArchive) -> None:
    dock = os.fsencode(station.dock)
    for number, name in enumerate(NAMES):
        with open(os.path.join(dock, name), "wb") as file:  # noqa: PTH118, PTH123 - bytes
            file.write(b"content %d" % number)
    assert station.scan().counts == {"received": len(NAMES)}
    sent = {upload.metadata["filename"]: bytes(upload.data) for upload in archive.uploads.values()}
    assert sent == {name: b"content %d" % number for number, name in enumerate(NAMES)}
    (verifier,) = archive.stations.values()
    manifest = wire.open_manifest(archive.manifests[0], verifier)
    assert {file.path_b64 for file in manifest.files} == set(NAMES)
    for event in station.events:
        assert visible(event.path).isprintable()
        assert event.to_json().isascii()


def test_what_is_no_file_is_reported_and_never_opened(
    station: Station, archive: FakeArchive
) -> None:
    os.mkfifo(station.dock / "fifo.mp4")
    (station.dock / "outside").symlink_to("/etc/passwd")
    (station.dock / "loop").symlink_to(station.dock)
    (station.dock / "folder.mp4").mkdir()
    (station.dock / "folder.mp4" / "inside.mp4").write_bytes(b"inside")
    assert station.scan().counts == {"received": 1}
    skipped = {
        os.path.basename(event.path): event.reason  # noqa: PTH119 - bytes
        for event in station.events
        if event.event == "skipped"
    }
    assert skipped == {
        b"fifo.mp4": "fifo",
        b"outside": "symlink",
        b"loop": "symlink",
        b"folder.mp4": "folder",
    }
    assert set(archive.originals.values()) == {b"inside"}


@pytest.mark.parametrize("target", ["fifo", "symlink", "folder"])
def test_a_file_swapped_for_something_else_is_not_opened(
    station: Station, archive: FakeArchive, target: str
) -> None:
    path = station.dock / "clip.mp4"
    path.write_bytes(b"bytes")
    secret = station.dock.parent / "secret"
    secret.write_bytes(b"of somebody else")

    def swap() -> None:
        path.unlink()
        if target == "fifo":
            os.mkfifo(path)
        elif target == "symlink":
            path.symlink_to(secret)
        else:
            path.mkdir()

    station.react = once(reached("settled"), swap)
    assert station.scan().counts == {"gone": 1}
    assert not archive.originals


def test_empty_files_wait_until_they_grow(station: Station, archive: FakeArchive) -> None:
    path = station.dock / "clip.mp4"
    path.touch()
    assert station.scan().counts == {"refused": 1}
    assert [file.reason for file in station.files().values()] == ["empty"]
    path.write_bytes(b"now")
    assert station.scan().counts == {"received": 1}
    assert set(archive.originals.values()) == {b"now"}


def test_a_growing_file_is_taken_once_and_whole(station: Station, archive: FakeArchive) -> None:
    path = station.dock / "clip.mp4"

    def grow() -> None:
        with path.open("ab", buffering=0) as file:
            for _ in range(20):
                file.write(os.urandom(1000))
                time.sleep(0.05)

    path.touch()
    writer = threading.Thread(target=grow)
    writer.start()
    assert station.with_config(settle_s=0.6).scan().counts == {"received": 1}
    writer.join()
    assert set(archive.originals.values()) == {path.read_bytes()}


def test_growth_while_it_is_hashed_is_noticed(station: Station, archive: FakeArchive) -> None:
    path = station.dock / "clip.mp4"
    path.write_bytes(os.urandom(9 * MIB))

    def grow() -> None:
        with path.open("ab") as file:
            file.write(b"more")

    station.react = once(reached("settled", "progress"), grow)
    assert station.scan().counts == {"received": 1}
    assert set(archive.originals.values()) == {path.read_bytes()}


def test_a_file_that_shrinks_while_it_is_sent_is_sent_as_it_is_then(
    station: Station, archive: FakeArchive
) -> None:
    path = station.dock / "clip.mp4"
    path.write_bytes(os.urandom(9 * MIB))
    station.react = once(reached("sending", "progress"), lambda: os.truncate(path, 5 * MIB))
    assert station.scan().counts == {"received": 1}
    assert set(archive.originals.values()) == {path.read_bytes()}
    assert len(archive.uploads) == 1  # the upload that was begun for other bytes was given up


def test_a_file_that_vanishes_is_remembered_and_taken_when_it_is_back(
    station: Station, archive: FakeArchive
) -> None:
    path = station.dock / "clip.mp4"
    path.write_bytes(b"bytes")
    away = station.dock.parent / "away"
    station.react = once(reached("settled"), lambda: path.rename(away))
    assert station.scan().counts == {"gone": 1}
    away.rename(path)
    assert station.scan().counts == {"received": 1}
    assert set(archive.originals.values()) == {b"bytes"}


def test_an_upload_begun_goes_on_when_the_file_is_back(
    station: Station, archive: FakeArchive
) -> None:
    path = station.dock / "clip.mp4"
    path.write_bytes(os.urandom(4 * MIB))
    away = station.dock.parent / "away"
    archive.cut_patch(MIB)
    station.react = once(reached("sending", "trouble"), lambda: path.rename(away))
    assert station.scan().counts == {"gone": 1}
    away.rename(path)
    assert station.scan().counts == {"received": 1}
    assert len(archive.uploads) == 1


def test_a_folder_that_goes_away_whole_loses_nothing(
    station: Station, archive: FakeArchive
) -> None:
    (station.dock / "clip.mp4").write_bytes(b"bytes")
    away = station.dock.parent / "away"
    archive.fail("POST", "/api/dock-sessions", 500, times=9)
    station.scan(patience_s=0.2)
    archive.faults.clear()
    station.dock.rename(away)
    outcome = station.scan(patience_s=0.3)
    assert outcome.folder_errors == 1
    assert "gone" not in outcome.counts  # nobody can say so
    away.rename(station.dock)
    assert station.scan().counts == {"received": 1}


def test_an_io_error_holds_back_that_file_only(
    station: Station, archive: FakeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    (station.dock / "bad_IMP.mp4").write_bytes(b"bad" * 1000)
    (station.dock / "good.mp4").write_bytes(b"good")
    read = hashing._read_into

    def broken(descriptor: int, buffer: bytearray) -> int:
        if os.fstat(descriptor).st_size == 3000:
            raise hashing.file_problem(OSError(errno.EIO, os.strerror(errno.EIO)))
        return read(descriptor, buffer)

    with monkeypatch.context() as patch:
        patch.setattr(hashing, "_read_into", broken)
        station.scan()
    assert station.states() == {"bad_IMP.mp4": "failed", "good.mp4": "received"}
    (bad,) = [file for file in station.files().values() if file.state == "failed"]
    assert bad.reason == "read_error: Input/output error"
    assert bad.attempts >= 3
    assert station.scan().counts == {"received": 2}


def test_a_temporary_name_becomes_the_file_it_is_renamed_to(
    station: Station, archive: FakeArchive
) -> None:
    station = station.with_config(settle_s=30)
    part = station.dock / "clip.mp4.part"
    part.write_bytes(b"beginning")
    station.scan(patience_s=-29.5)
    assert station.states() == {"clip.mp4.part": "seen"}
    part.write_bytes(b"beginning and end")
    part.rename(station.dock / "clip.mp4")
    assert station.with_config(settle_s=0.05).scan().counts == {"received": 1}
    assert station.states() == {"clip.mp4": "received"}


#: Seconds since 1970 that file systems hold: the years 2263, 2446, 292 million; before the epoch.
ODD_TIMES = (9_246_182_400, 15_032_385_535, 2**53, -1, -(2**31), -62_135_596_801)


@pytest.mark.parametrize("seconds", ODD_TIMES)
def test_a_strange_date_stops_nothing(
    station: Station, archive: FakeArchive, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    odd, good = put(station, "odd.mp4", b"odd"), put(station, "good.mp4", b"good")
    times = {odd.stat().st_ino: seconds * 10**9}

    class Dated:
        """What the file system of this test need not be able to hold."""

        def __init__(self, status: os.stat_result) -> None:
            self.st_size, self.st_ino, self.st_dev = status.st_size, status.st_ino, status.st_dev
            self.st_ctime_ns = self.st_mtime_ns = times.get(status.st_ino, status.st_mtime_ns)

    def identity(status: os.stat_result) -> Identity:
        return identity_of(cast("os.stat_result", Dated(status)))

    for module in (watch, folders, sending, hashing):
        monkeypatch.setattr(module, "identity_of", identity)
    assert station.scan().counts == {"received": 2}
    said = {upload.metadata["filename"]: upload.metadata for upload in archive.uploads.values()}
    told = datetime.fromisoformat(said[b"odd.mp4"]["modified_at"].decode())
    assert EARLIEST <= told <= LATEST
    times[odd.stat().st_ino] += 10**9
    odd.write_bytes(b"odd, once more")
    assert station.scan().counts == {"received": 3}
    assert good.exists()


def test_an_unforeseen_error_holds_back_its_file_only(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = put(station, "odd.mp4", b"odd")
    put(station, "good.mp4", b"good")
    inode = odd.stat().st_ino

    def identity(status: os.stat_result) -> Identity:
        if status.st_ino == inode:
            raise OverflowError("odd")
        return identity_of(status)

    monkeypatch.setattr(folders, "identity_of", identity)
    assert station.scan(tries=2).counts["received"] == 1
    file = station.files()[os.fsencode(odd)]
    assert file.state in {State.FAILED, State.SEEN}  # between two tries
    assert file.reason == "unforeseen: OverflowError: odd"
    assert [event.reason for event in station.events if event.event == "station"] == []
