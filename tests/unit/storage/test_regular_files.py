"""Files of a home: whatever else stands under their names is refused, and nobody waits for it."""

import os
import socket
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import DatabaseUnreadableError, StagingUnusableError
from storage.regular_files import (
    MAX_SMALL_BYTES,
    NotRegularFileError,
    open_regular_file,
    read_small_file,
)
from storage.staging import Staging

UPLOAD = "0197f0a0-0000-7000-8000-000000000001"


def test_a_file_is_read_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"bytes")
    (tmp_path / "link").symlink_to("file")
    assert read_small_file(tmp_path / "link") == b"bytes"


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_small_file(tmp_path / "file")


def test_a_named_pipe_is_refused_without_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotRegularFileError, match="found a named pipe, expected a regular file"):
        read_small_file(tmp_path / "pipe")
    with pytest.raises(NotRegularFileError):
        open_regular_file(tmp_path / "pipe", os.O_RDWR | os.O_CREAT)


def test_folders_devices_and_sockets_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotRegularFileError, match="a folder"):
        read_small_file(tmp_path)
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(NotRegularFileError, match="a device"):
        read_small_file(tmp_path / "zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        with pytest.raises(NotRegularFileError, match="a socket"):
            read_small_file(tmp_path / "s")


def test_a_file_without_an_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.truncate(tmp_path / "file", MAX_SMALL_BYTES)
    assert len(read_small_file(tmp_path / "file")) == MAX_SMALL_BYTES
    os.truncate(tmp_path / "file", 1 << 40)
    with pytest.raises(OSError, match=f"more than {MAX_SMALL_BYTES} bytes"):
        read_small_file(tmp_path / "file")


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
def test_a_database_is_no_pipe_nor_what_lies_beside_it(tmp_path: Path, suffix: str) -> None:
    os.mkfifo(tmp_path / f"rows.db{suffix}")
    database = Database(f"sqlite:///{tmp_path / 'rows.db'}")
    with pytest.raises(DatabaseUnreadableError, match="a named pipe"), database.read():
        raise AssertionError("opened")
    database.close()


def test_the_lock_of_a_database_is_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "rows.db.log.lock")
    database = Database(f"sqlite:///{tmp_path / 'rows.db'}")
    with pytest.raises(NotRegularFileError), database.exclusive("log"):
        raise AssertionError("held")
    database.close()


def test_a_staged_upload_is_no_pipe(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    os.mkfifo(staging.path(UPLOAD))
    with pytest.raises(StagingUnusableError), staging.open(UPLOAD, 0):
        raise AssertionError("opened")
