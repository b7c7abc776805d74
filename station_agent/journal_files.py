"""The journal's files by their names: what stands there, what is set aside, what goes with it."""

import os
import sqlite3
from pathlib import Path

from station_agent.durable import free_name
from station_agent.errors import JournalReadOnlyError
from station_agent.regular_files import require_regular_database


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open the file, made if need be and allowed.

    Raises `OSError`, `JournalReadOnlyError` and `sqlite3.Error`.
    """
    require_regular_database(path)
    if not read_only:
        _require_writable(path)
    target = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    return sqlite3.connect(
        target, uri=True, isolation_level=None, check_same_thread=False, timeout=10
    )


def _require_writable(path: Path) -> None:
    """Raise `JournalReadOnlyError` where the file or its folder may not be written: by us, or by
    anybody (a file made immutable, a disk mounted read-only). It may be in perfect order."""
    for one in (path, path.parent):
        if one.exists() and not os.access(one, os.W_OK):
            raise JournalReadOnlyError(str(one))


def place_of(path: Path) -> tuple[int, int] | None:
    """Device and inode of what stands under ``path``; None where nothing does."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def set_aside(path: Path) -> Path:
    """Keep the journal under another name, and give that. Nobody may have it open."""
    aside = free_name(path, "damaged")
    path.rename(aside)
    forget_beside(path)
    return aside


def forget_beside(path: Path) -> None:
    """Remove what SQLite kept beside a journal that is gone: a new one would take it for its own
    latest words."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
