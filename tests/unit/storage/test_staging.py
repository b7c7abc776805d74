"""Staged bytes are there up to the last durable offset, whatever happens in between."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from storage.errors import StagingBusyError, StagingMissingError, StoreFullError
from storage.local import LocalStore
from storage.staging import Staging

ID = "01936a3e-7c1b-7d2e-8f00-0123456789ab"


@pytest.fixture
def staging(tmp_path: Path) -> Staging:
    return Staging(tmp_path / "staging")


def test_bytes_come_one_after_the_other(staging: Staging) -> None:
    with staging.open(ID, 0) as staged:
        staged.write(b"one")
        staged.write(bytearray(b"two"))
        assert staged.size == 6
        staged.sync()
    with staging.open(ID, 6) as staged:
        staged.write(memoryview(b"three"))
        staged.sync()
    assert staging.path(ID).read_bytes() == b"onetwothree"
    assert staged.path == staging.path(ID)


def test_an_item_of_a_buffer_may_be_larger_than_a_byte(staging: Staging) -> None:
    with staging.open(ID, 0) as staged:
        staged.write(memoryview(b"abcdefgh").cast("I"))
        assert staged.size == 8


def test_what_lies_beyond_the_durable_offset_is_cut_off(staging: Staging) -> None:
    staging.path(ID).write_bytes(b"durable, then not")
    with staging.open(ID, 7) as staged:
        assert staged.size == 7
        staged.write(b"!")
    assert staging.path(ID).read_bytes() == b"durable!"


def test_fewer_bytes_than_the_offset_are_missing(staging: Staging) -> None:
    staging.path(ID).write_bytes(b"short")
    with pytest.raises(StagingMissingError, match="5 of 6"), staging.open(ID, 6):
        pytest.fail("opened")
    assert staging.path(ID).read_bytes() == b"short"
    staging.discard(ID)
    with pytest.raises(StagingMissingError), staging.open(ID, 1):
        pytest.fail("opened")
    assert not staging.path(ID).exists()


@pytest.mark.parametrize("upload_id", ["", "../x", "a" * 36, ID.upper(), "{" + ID + "}", ID + "\n"])
def test_an_upload_id_is_a_uuid_and_nothing_else(staging: Staging, upload_id: str) -> None:
    with pytest.raises(ValueError):
        staging.path(upload_id)
    with pytest.raises(ValueError), staging.open(upload_id, 0):
        pytest.fail("opened")
    with pytest.raises(ValueError):
        staging.discard(upload_id)


def test_a_negative_offset_is_refused(staging: Staging) -> None:
    with pytest.raises(ValueError), staging.open(ID, -1):
        pytest.fail("opened")


def test_one_writer_at_a_time_among_threads(staging: Staging) -> None:
    found: list[type[Exception]] = []

    def other() -> None:
        try:
            with staging.open(ID, 0):
                pytest.fail("opened")
        except StagingBusyError as error:
            found.append(type(error))

    with staging.open(ID, 0) as staged:
        staged.write(b"mine")
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        staged.sync()
    assert found == [StagingBusyError]
    assert staging.path(ID).read_bytes() == b"mine"


def test_one_writer_at_a_time_among_processes_until_it_is_killed(staging: Staging) -> None:
    script = """
import sys, time
from pathlib import Path
from storage.staging import Staging
with Staging(Path(sys.argv[1])).open(sys.argv[2], 0) as staged:
    staged.write(b"by a process that is killed")
    staged.sync()
    print("ready", flush=True)
    time.sleep(60)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script, staging.folder, ID], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"ready\n"
        with pytest.raises(StagingBusyError), staging.open(ID, 0):
            pytest.fail("opened")
        process.kill()
        process.wait()
    with staging.open(ID, 12) as staged:
        assert staged.size == 12
    assert staging.path(ID).read_bytes() == b"by a process"


def test_discarding_twice_is_discarding_once(staging: Staging) -> None:
    with staging.open(ID, 0) as staged:
        staged.write(b"x")
        staging.discard(ID)  # a termination while a request still writes
        staged.write(b"y")
        staged.sync()
    staging.discard(ID)
    assert staging.entries() == []


def test_after_a_discard_the_next_writer_gets_a_new_file(staging: Staging) -> None:
    with staging.open(ID, 0) as first:
        first.write(b"lost")
        staging.discard(ID)
        with staging.open(ID, 0) as second:
            second.write(b"kept")
            second.sync()
    assert staging.path(ID).read_bytes() == b"kept"


def test_entries_tell_what_is_staged(staging: Staging) -> None:
    other = "01936a3e-7c1b-7d2e-8f00-0123456789aa"
    for upload_id, data in ((ID, b"four"), (other, b"")):
        with staging.open(upload_id, 0) as staged:
            staged.write(data)
    os.utime(staging.path(ID), (1_000_000_000, 1_000_000_000))
    first, second = staging.entries()
    assert (first.upload_id, first.size_bytes) == (other, 0)
    assert (second.upload_id, second.size_bytes) == (ID, 4)
    assert second.modified_at.isoformat() == "2001-09-09T01:46:40+00:00"


def test_a_symbolic_link_is_never_written_through(staging: Staging, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    staging.path(ID).symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"), staging.open(ID, 0):
        pytest.fail("opened")
    assert victim.read_bytes() == b"precious"


def test_what_a_store_adopted_is_never_written_again(staging: Staging, tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "objects")
    with staging.open(ID, 0) as staged:
        staged.write(b"all of it")
        staged.sync()
    store.put_file("originals/x", staging.path(ID))
    assert (tmp_path / "objects/originals/x").stat().st_nlink == 2
    # The offset of the last request was not yet committed: the upload goes on from an earlier one.
    with staging.open(ID, 4) as staged:
        staged.write(b"else")
        staged.sync()
    assert store.read_bytes("originals/x") == b"all of it"
    assert staging.path(ID).read_bytes() == b"all else"
    assert [entry.upload_id for entry in staging.entries()] == [ID]


def test_a_copy_that_was_cut_short_is_begun_anew(staging: Staging, tmp_path: Path) -> None:
    staging.path(ID).write_bytes(b"adopted")
    staging.path(ID).chmod(0o444)
    staging.path(ID).with_suffix(".copy").write_bytes(b"rubbish of a killed process")
    with staging.open(ID, 7) as staged:
        staged.write(b"!")
    assert staging.path(ID).read_bytes() == b"adopted!"
    assert not staging.path(ID).with_suffix(".copy").exists()


def test_a_failed_sync_counts_nothing(staging: Staging, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with staging.open(ID, 0) as staged:
        staged.write(b"durable")
        staged.sync()
        staged.write(b" and not")
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", fail)
            with pytest.raises(OSError, match="Input/output"):
                staged.sync()
        assert staged.size == 7
        staged.write(b" again")
        staged.sync()
    assert staging.path(ID).read_bytes() == b"durable again"


def test_free_bytes_are_those_of_the_disk(staging: Staging) -> None:
    found = os.statvfs(staging.folder)
    assert 0 < staging.free_bytes() <= found.f_blocks * found.f_frsize


def test_a_check_writes_and_leaves_nothing(staging: Staging) -> None:
    staging.check()
    assert list(staging.folder.iterdir()) == []
    staging.folder.rmdir()
    with pytest.raises(FileNotFoundError):
        staging.check()


def test_room_is_required_beside_what_must_stay_free(staging: Staging) -> None:
    staging.require_room(1, keep_bytes=0)
    with pytest.raises(StoreFullError, match="must stay free"):
        staging.require_room(1 << 60, keep_bytes=0)
    with pytest.raises(StoreFullError):
        staging.require_room(1, keep_bytes=staging.free_bytes() + (1 << 40))
