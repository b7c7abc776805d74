"""What only a folder can get wrong: links, permissions, leftovers, strangers in it."""

import errno
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.errors import (
    ObjectExistsError,
    ObjectLockedError,
    ObjectNotFoundError,
    StoreUnavailableError,
)
from storage.local import LocalStore

KEY = "originals/ab/cd/abcd"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"a recording")
    return path


@pytest.fixture
def store(local_store: LocalStore) -> LocalStore:
    return local_store


def _leftovers(store: LocalStore) -> list[Path]:
    return list((store.root / "@tmp").iterdir())


def test_a_file_is_adopted_and_nobody_may_write_it(store: LocalStore, source: Path) -> None:
    store.put_file(KEY, source)
    assert (store.root / KEY).samefile(source)
    assert source.stat().st_mode & 0o777 == 0o444
    assert _leftovers(store) == []


@pytest.mark.parametrize("refusal", [errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP])
def test_a_file_that_can_not_be_linked_is_copied(
    store: LocalStore, source: Path, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    link = os.link

    def refuse(path: Path, target: Path, **more: Any) -> None:
        if path == source:
            raise OSError(refusal, os.strerror(refusal))
        link(path, target, **more)

    monkeypatch.setattr(os, "link", refuse)
    store.put_file(KEY, source, retain_until=datetime.now(UTC) + timedelta(days=1))
    assert not (store.root / KEY).samefile(source)
    assert (store.root / KEY).stat().st_mode & 0o777 == 0o444
    assert store.read_bytes(KEY) == b"a recording"
    assert store.stat(KEY).retain_until is not None
    assert _leftovers(store) == []


def test_a_file_on_another_disk_is_copied(disk: Path, source: Path) -> None:
    store = LocalStore(disk / "objects")
    store.put_file(KEY, source)
    assert store.read_bytes(KEY) == b"a recording"
    assert not (store.root / KEY).samefile(source)
    assert (store.root / KEY).stat().st_nlink == 1


def test_only_a_regular_file_is_put(store: LocalStore, source: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(source)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (link, fifo, tmp_path):
        with pytest.raises(ValueError, match="regular"):
            store.put_file(KEY, path)
    with pytest.raises(FileNotFoundError):
        store.put_file(KEY, tmp_path / "nothing")
    assert list(store.list()) == []


def test_a_symbolic_link_is_never_followed(store: LocalStore, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "file").write_bytes(b"not evidence")
    store.put_bytes("a/b", b"x")
    (store.root / "a/link").symlink_to(secret / "file")
    (store.root / "folder").symlink_to(secret)
    for key in ("a/link", "folder/file"):
        for read in (store.open, store.stat, store.delete):
            with pytest.raises(ObjectNotFoundError):
                read(key)
        with pytest.raises(ObjectNotFoundError), store.local_path(key):
            pytest.fail("lent a path")
        with pytest.raises(ObjectExistsError):
            store.put_bytes(key, b"x")
    with pytest.raises(ObjectExistsError):
        store.put_bytes("folder/new", b"x")
    assert [found.key for found in store.list()] == ["a/b"]
    assert [found.key for found in store.list("folder/")] == []
    assert sorted(path.name for path in secret.iterdir()) == ["file"]


def test_a_fifo_in_the_folder_does_not_hang_a_reader(store: LocalStore) -> None:
    os.mkfifo(store.root / "fifo")
    with pytest.raises(ObjectNotFoundError):
        store.open("fifo")
    assert list(store.list()) == []


def test_thousands_are_listed_in_order(store: LocalStore) -> None:
    folder = store.root / "many"
    for number in range(1200):
        path = folder / f"{number % 7}" / f"{number:04d}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    keys = [found.key for found in store.list()]
    assert len(keys) == 1200
    assert keys == sorted(keys)


def test_the_stores_own_folders_never_show(store: LocalStore) -> None:
    store.put_bytes(KEY, b"x", retain_until=datetime.now(UTC) + timedelta(days=1))
    (store.root / "@tmp/half").write_bytes(b"half a recording")
    assert [found.key for found in store.list()] == [KEY]
    assert [found.key for found in LocalStore(store.root).list()] == [KEY]


def test_leftovers_of_killed_writers_are_swept_a_day_later(store: LocalStore) -> None:
    old, fresh = store.root / "@tmp/old", store.root / "@tmp/fresh"
    for path in (old, fresh):
        path.write_bytes(b"half a recording")
    yesterday = (datetime.now(UTC) - timedelta(hours=25)).timestamp()
    os.utime(old, (yesterday, yesterday))
    LocalStore(store.root)
    assert _leftovers(store) == [fresh]


def test_a_retention_without_its_object_holds_nothing(store: LocalStore) -> None:
    """What a writer leaves that is killed between recording a retention and linking the object."""
    record = store.root / "@retention" / KEY
    record.parent.mkdir(parents=True)
    record.write_text((datetime.now(UTC) + timedelta(days=1)).isoformat())
    with pytest.raises(ObjectNotFoundError):
        store.stat(KEY)
    store.put_bytes(KEY, b"x")
    assert store.stat(KEY).retain_until is None
    store.delete(KEY)


def test_the_retention_is_durable_before_the_object_appears(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = datetime.now(UTC) + timedelta(days=1)

    def die(path: Path, target: Path, **_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", die)
    with pytest.raises(KeyboardInterrupt):
        store.put_bytes(KEY, b"x", retain_until=until)
    assert (store.root / "@retention" / KEY).read_text() == until.isoformat()
    assert list(store.list()) == []


def test_a_retention_that_can_not_be_read_is_no_leave_to_delete(store: LocalStore) -> None:
    store.put_bytes(KEY, b"x", retain_until=datetime.now(UTC) + timedelta(days=1))
    record = store.root / "@retention" / KEY
    for text in ("", "tomorrow", "\x00" * 40):
        record.write_text(text)
        with pytest.raises(StoreUnavailableError, match="can't be read"):
            store.delete(KEY)
    assert store.read_bytes(KEY) == b"x"


def test_the_stores_clock_ends_a_retention(tmp_path: Path) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    store = LocalStore(tmp_path / "objects", now=lambda: now)
    store.put_bytes(KEY, b"x", retain_until=now + timedelta(days=180))
    now += timedelta(days=179)
    with pytest.raises(ObjectLockedError, match="2027-05-21"):
        store.delete(KEY)
    now += timedelta(days=1)
    store.delete(KEY)
    assert not (store.root / "@retention" / KEY).exists()


def test_a_disk_that_is_not_mounted_is_not_an_archive_without_objects(store: LocalStore) -> None:
    store.put_bytes(KEY, b"x")
    store.root.rename(store.root.with_name("elsewhere"))
    for attempt in (
        lambda: store.stat(KEY),
        lambda: store.read_bytes(KEY),
        lambda: list(store.list()),
        store.check,
        lambda: store.put_bytes("a", b"x"),
    ):
        with pytest.raises(StoreUnavailableError):
            attempt()
    store.root.mkdir()  # the empty mount point
    for attempt in (lambda: store.stat(KEY), lambda: list(store.list("originals/")), store.check):
        with pytest.raises(StoreUnavailableError):
            attempt()


def test_a_folder_that_somebody_removed_is_made_again(store: LocalStore) -> None:
    store.put_bytes("a/b/c", b"x")
    shutil.rmtree(store.root / "a")
    store.put_bytes("a/b/c", b"y")
    assert store.read_bytes("a/b/c") == b"y"


def test_a_folder_that_can_not_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnavailableError):
        LocalStore(tmp_path / "file" / "objects")


def test_a_file_system_without_hard_links_is_told(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, target: Path, **_: Any) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(StoreUnavailableError, match="hard links"):
        store.check()
    assert _leftovers(store) == []


def test_an_error_of_the_disk_in_the_middle_of_reading_is_told(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_bytes(KEY, b"x" * 100)

    def fail(*_: Any) -> int:
        raise OSError(errno.EIO, "Input/output error")

    with store.open(KEY) as reader:
        monkeypatch.setattr(os, "preadv", fail)
        with pytest.raises(StoreUnavailableError, match="Input/output"):
            reader.read()


def test_of_racing_processes_exactly_one_wins(store: LocalStore) -> None:
    script = """
import sys
from pathlib import Path
from storage.errors import ObjectExistsError
from storage.local import LocalStore
store = LocalStore(Path(sys.argv[1]))
won = 0
for number in range(100):
    try:
        store.put_bytes(f"race/{number}", sys.argv[2].encode())
        won += 1
    except ObjectExistsError:
        pass
print(won)
"""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", script, store.root, name], stdout=subprocess.PIPE, text=True
        )
        for name in ("alice", "bob", "charlie")
    ]
    won = [int(child.communicate(timeout=60)[0]) for child in children]
    assert sum(won) == 100
    assert len(list(store.list("race/"))) == 100


def test_a_writer_killed_at_any_moment_leaves_whole_objects_only(store: LocalStore) -> None:
    script = """
import sys
from pathlib import Path
from storage.local import LocalStore
store = LocalStore(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(1_000_000):
    store.put_bytes(f"{sys.argv[2]}/{number}", b"x" * 300_000)
"""
    for turn in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", script, store.root, f"turn{turn}"], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        with child.stdout:
            child.stdout.readline()
            while not any(store.list(f"turn{turn}/")):
                pass
            child.kill()
            child.wait()
    assert {found.size_bytes for found in store.list()} == {300_000}
