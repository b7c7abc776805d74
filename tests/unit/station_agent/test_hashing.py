"""Both digests in one read, and every doubt about the file."""

import hashlib
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes

from station_agent import hashing
from station_agent.errors import FileProblemError
from station_agent.hashing import BUFFER_BYTES, hash_file, identity_of, opened


def write(path: Path, data: bytes) -> bytes:
    path.write_bytes(data)
    return os.fsencode(path)


@pytest.mark.parametrize(
    "size",
    [1, 1000, BUFFER_BYTES - 1, BUFFER_BYTES, BUFFER_BYTES + 1, 3 * BUFFER_BYTES + 17],
)
def test_digests_are_those_of_the_libraries(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    path = write(tmp_path / "clip", data)
    seen: list[int] = []
    digests = hash_file(path, identity_of(os.lstat(path)), seen.append)
    assert digests.sha256 == hashlib.sha256(data).hexdigest()
    sm3 = hashes.Hash(hashes.SM3())
    sm3.update(data)
    assert digests.sm3 == sm3.finalize().hex()
    assert digests.size_bytes == size
    assert seen[-1] == size
    assert seen == sorted(seen)


def test_sm3_of_the_standard() -> None:
    """GB/T 32905-2016, annex A.1."""
    sm3 = hashing.new_sm3()
    sm3.update(memoryview(b"abc"))
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm3.hexdigest() == expected


def test_sm3_comes_from_cryptography_where_python_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def without(name: str) -> object:
        raise ValueError(f"unsupported hash type {name}")

    data = os.urandom(BUFFER_BYTES + 5)
    expected = hashlib.new("sm3", data).hexdigest()
    monkeypatch.setattr(hashing.hashlib, "new", without)
    path = write(tmp_path / "clip", data)
    assert hash_file(path, identity_of(os.lstat(path)), lambda _: None).sm3 == expected


def test_another_file_than_expected_is_refused_unread(tmp_path: Path) -> None:
    path = write(tmp_path / "clip", b"old")
    expected = identity_of(os.lstat(path))
    write(tmp_path / "clip", b"newer")
    with pytest.raises(FileProblemError, match="changed_while_read"):
        hash_file(path, expected, lambda _: None)


@pytest.mark.parametrize("size", [10, 2 * BUFFER_BYTES])
def test_a_change_while_reading_is_noticed(tmp_path: Path, size: int) -> None:
    path = write(tmp_path / "clip", bytes(size))

    def grow(_: int) -> None:
        with (tmp_path / "clip").open("ab") as file:
            file.write(b"more")

    with pytest.raises(FileProblemError, match="changed_while_read"):
        hash_file(path, identity_of(os.lstat(path)), grow)


def test_progress_may_stop_the_work(tmp_path: Path) -> None:
    path = write(tmp_path / "clip", bytes(3 * BUFFER_BYTES))

    def stop(_: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        hash_file(path, identity_of(os.lstat(path)), stop)


@pytest.mark.parametrize("kind", ["fifo", "symlink", "folder", "missing"])
def test_only_regular_files_are_opened(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "clip"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "symlink":
        path.symlink_to("/etc/hostname")
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(FileProblemError), opened(os.fsencode(path)):
        raise AssertionError("it was opened")


def test_reading_leaves_the_access_time_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "clip", b"bytes")
    os.utime(path, ns=(1, 2))
    hash_file(path, identity_of(os.lstat(path)), lambda _: None)
    assert os.lstat(path).st_atime_ns == 1
