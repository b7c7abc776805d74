"""How SQLite says that there is no room left."""

import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from storage.full_disks import is_disk_full


@pytest.mark.parametrize(
    ("code", "full"),
    [
        (sqlite3.SQLITE_FULL, True),
        # "disk I/O error": not even a reader gets its shared memory file on a full disk.
        (sqlite3.SQLITE_IOERR_SHMSIZE, True),
        (sqlite3.SQLITE_IOERR_READ, False),
        (sqlite3.SQLITE_BUSY, False),
    ],
)
def test_by_the_code_of_the_library(code: int, full: bool) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    assert is_disk_full(OperationalError("SELECT 1", None, error)) is full
