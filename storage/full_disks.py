"""How each engine says that a disk is full."""

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError

#: PostgreSQL's word (SQLSTATE) for a disk without room.
_DISK_FULL = "53100"


def is_disk_full(error: BaseException) -> bool:
    """Whether ``error`` says that a disk of ours or of the database has no room."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        # Errors of the module itself carry no code of the library.
        code = int(getattr(error.orig, "sqlite_errorcode", 0))
        # Without room for its shared memory file SQLite can't even read.
        return code & 0xFF == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE
    return getattr(error.orig, "sqlstate", None) == _DISK_FULL
