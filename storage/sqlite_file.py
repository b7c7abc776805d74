"""That an SQLite database is still the file that was opened.

A process keeps its open file when somebody moves, deletes or replaces it by its name: it would go
on writing into a file that nobody finds again, and its next connection would open the other one.
"""

import os
from pathlib import Path
from urllib.parse import quote

from storage.errors import DatabaseReplacedError, DatabaseUnreadableError
from storage.regular_files import NotRegularFileError, require_regular

#: What SQLite opens beside a database, by itself.
_BESIDE = ("", "-wal", "-shm", "-journal")


def reading_uri(path: Path) -> str:
    """The address under which SQLite reads a database and writes nothing, not even beside it.

    ``immutable`` lets it do so where the folder can't be written; it would pass over what stands in
    a write-ahead log, and is not said while somebody may be writing one. Raises
    `DatabaseUnreadableError` where a log can't be read without writing beside it.
    """
    log, shared = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
    writable = os.access(path.parent, os.W_OK)
    held = log.exists() and (writable or log.stat().st_size > 0)
    if held and not writable and not shared.exists():
        raise DatabaseUnreadableError(
            f"{log.name} holds what is not in {path.name} yet and can't be read where nothing can "
            "be written; copy the whole folder to where it can"
        )
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    return address if held else f"{address}&immutable=1"


class SqliteFile:
    """The file behind all connections of one process. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: tuple[int, int] | None = None

    def note_opened(self) -> None:
        """A connection has opened the file. Raises `DatabaseReplacedError` if it is another one."""
        self.require()
        self._opened = self._identity()

    def require_regular(self) -> None:
        """Raise `DatabaseUnreadableError` if SQLite would open a pipe, a folder or a device."""
        try:
            for suffix in _BESIDE:
                require_regular(self._path.with_name(self._path.name + suffix))
        except NotRegularFileError as error:
            raise DatabaseUnreadableError(f"{error.filename}: {error}") from error

    def require(self) -> None:
        """Raise `DatabaseReplacedError` unless the name still stands for the file; a `stat`."""
        if self._opened is not None and self._identity() != self._opened:
            raise DatabaseReplacedError

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
