"""Looking into folders, and the hints that make us look."""

import os
import queue
import socket
from pathlib import Path

import pytest

from station_agent import watch
from station_agent.hashing import identity_of
from station_agent.settle import Identity
from station_agent.watch import Hints, scan


def names(paths: list[bytes], root: Path) -> list[bytes]:
    return sorted(os.path.relpath(path, os.fsencode(root)) for path in paths)


def test_every_regular_file_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "a", tmp_path / "a" / "b" / "c"):
        (folder / "clip.mp4").write_bytes(b"x")
    found = scan(os.fsencode(tmp_path))
    assert names([one.path for one in found.files], tmp_path) == [
        b"a/b/c/clip.mp4",
        b"a/clip.mp4",
        b"clip.mp4",
    ]
    assert found.errors == []
    (status,) = {one.identity.size_bytes for one in found.files}
    assert status == 1


def test_what_is_skipped_and_why(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.mp4")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "socket.mp4"))
    (tmp_path / "link.mp4").symlink_to("nowhere")
    (tmp_path / "folder.MP4").mkdir()
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "System Volume Information").mkdir()
    (tmp_path / "System Volume Information" / "x").write_bytes(b"x")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "journal.db").write_bytes(b"x")
    found = scan(os.fsencode(tmp_path), own=os.fsencode(tmp_path / "home"))
    assert {one.path.rsplit(b"/", 1)[1]: one.reason for one in found.skipped} == {
        b"fifo.mp4": "fifo",
        b"socket.mp4": "socket",
        b"link.mp4": "symlink",
        b"folder.MP4": "folder",
        b".DS_Store": "ignored",
        b"System Volume Information": "ignored",
        b"home": "station_home",
    }
    assert found.files == []


def test_files_of_one_medium_have_one_word_that_stays(tmp_path: Path) -> None:
    for name in ("one.mp4", "two.mp4"):
        (tmp_path / name).write_bytes(b"x")
    words = {one.medium for _ in range(2) for one in scan(os.fsencode(tmp_path)).files}
    assert len(words) == 1


def test_a_root_that_is_not_there_is_an_error_not_an_empty_folder(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path / "missing")
    assert scan(root).errors == [(root, "No such file or directory")]


def test_a_file_that_goes_while_we_look_was_never_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"x")
    take = watch._take

    def gone(entry: "os.DirEntry[bytes]", *rest: object) -> bytes | None:
        Path(os.fsdecode(entry.path)).unlink()
        return take(entry, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(watch, "_take", gone)
    found = scan(os.fsencode(tmp_path))
    assert (found.files, found.errors) == ([], [])


def test_hints_come_for_writes_and_not_for_reads(tmp_path: Path) -> None:
    (tmp_path / "known").write_bytes(b"x")
    woken: queue.Queue[bool] = queue.Queue()
    hints = Hints(lambda: woken.put(True))
    hints.start()
    try:
        hints.follow(os.fsencode(tmp_path))
        (tmp_path / "known").read_bytes()
        with pytest.raises(queue.Empty):
            woken.get(timeout=0.5)
        (tmp_path / "new").write_bytes(b"x")
        assert woken.get(timeout=5)
    finally:
        hints.stop()


def test_a_root_made_anew_is_watched_anew(tmp_path: Path) -> None:
    root = tmp_path / "dock"
    woken: queue.Queue[bool] = queue.Queue()
    hints = Hints(lambda: woken.put(True))
    hints.start()
    try:
        hints.follow(os.fsencode(root))  # not there yet: no error
        root.mkdir()
        hints.follow(os.fsencode(root))
        root.rename(tmp_path / "old")
        hints.follow(os.fsencode(root))
        root.mkdir()
        hints.follow(os.fsencode(root))
        while not woken.empty():
            woken.get()
        (root / "new").write_bytes(b"x")
        assert woken.get(timeout=5)
    finally:
        hints.stop()


def test_an_unforeseen_error_with_one_entry_holds_back_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "d.mp4").write_bytes(b"x")
    inode = (tmp_path / "b.mp4").stat().st_ino

    def odd(status: os.stat_result) -> Identity:
        if status.st_ino == inode:
            raise OverflowError("odd")
        return identity_of(status)

    monkeypatch.setattr(watch, "identity_of", odd)
    found = scan(os.fsencode(tmp_path))
    assert names([one.path for one in found.files], tmp_path) == [
        b"a.mp4",
        b"c.mp4",
        b"deeper/d.mp4",
    ]
    # An error: nobody may conclude that the file is gone.
    assert found.errors == [(os.fsencode(tmp_path / "b.mp4"), "unforeseen: OverflowError: odd")]
