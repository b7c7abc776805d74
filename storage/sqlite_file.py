"""That an SQLite database is still the file that was opened.

A process keeps its open file when somebody moves, deletes or replaces it by its name: it would go
on writing into a file that nobody finds again, and its next connection would open the other one.
"""

from pathlib import Path

from storage.errors import DatabaseReplacedError, DatabaseUnreadableError
from storage.regular_files import NotRegularFileError, require_regular

#: What SQLite opens beside a database, by itself.
_BESIDE = ("", "-wal", "-shm", "-journal")


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
