"""The station's memory: which file is how far on its way. SQLite, WAL, every commit on the disk.

Contract: a method that returns has made its change durable; one that raises has changed nothing.
`JournalFullError` means that the disk is full and the caller may simply try again later. A row
belongs to one identity of a file (`settle.Identity`): `advance` refuses with
`StaleFileError` to say anything about a file that was meanwhile replaced. Thread-safe.
"""

import sqlite3
import threading
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from station_agent.cells import IDENTITY, cells_of, identity_in
from station_agent.errors import JournalDamagedError, JournalError, StaleFileError
from station_agent.journal_files import connect, forget_beside, place_of, set_aside
from station_agent.journal_health import check, require_version, translated
from station_agent.journal_schema import migrate
from station_agent.settle import Identity


class State(StrEnum):
    """How far a file is; see `journal_schema`."""

    SEEN = "seen"
    SETTLED = "settled"
    HASHED = "hashed"
    SENDING = "sending"
    SENT = "sent"
    RECEIVED = "received"
    RELEASED = "released"
    FAILED = "failed"
    REFUSED = "refused"
    GONE = "gone"


#: Archived with proof; nothing is left to do with the bytes.
DONE = frozenset({State.RECEIVED, State.RELEASED})

COLUMNS = (
    f"id, root, path, {IDENTITY}, medium, important, state, reason, attempts, sha256, sm3,"
    " upload_path, upload_sha256, manifest_id, clip_id, away"
)
_SAME = " AND ".join(f"{column} = ?" for column in f"{IDENTITY}, away".split(", "))

_ORDER = "attempts, important DESC, mtime_ns"
_QUEUE_TO_SEND = (
    f"SELECT {COLUMNS} FROM files INDEXED BY files_queue"  # noqa: S608
    " WHERE state IN ('settled', 'hashed', 'sending')"
    f" AND (state = 'settled' OR manifest_id IS NOT NULL) ORDER BY {_ORDER}"
)
_QUEUE_TO_HASH = (
    f"SELECT {COLUMNS} FROM files INDEXED BY files_queue"  # noqa: S608
    f" WHERE state IN ('settled', 'hashed', 'sending') AND state = 'settled' ORDER BY {_ORDER}"
)
_EARLIER = (
    "FROM files WHERE state IN ('received', 'released') AND path = ? AND id != ? AND sha256 = ?"
)
_FORGET_RECEIPTS = f"DELETE FROM receipts WHERE file_id IN (SELECT id {_EARLIER})"  # noqa: S608
_FORGET_FILES = f"DELETE {_EARLIER}"
_FORGET_GONE = "DELETE FROM files WHERE state = 'gone' AND path = ? AND id != ? AND sha256 = ?"


@dataclass(frozen=True, slots=True)
class File:
    """One row of the journal."""

    id: int
    root: bytes
    path: bytes
    identity: Identity
    medium: str
    important: bool
    state: State
    reason: str | None
    attempts: int
    sha256: str | None
    sm3: str | None
    upload_path: str | None
    upload_sha256: str | None
    manifest_id: int | None
    clip_id: str | None
    #: Of one that was sent: it did not lie there at some look since.
    away: bool

    @property
    def resume_state(self) -> State:
        """Where a file that failed or was away takes up its way again."""
        if self.sha256 is None:
            return State.SEEN
        return State.HASHED if self.upload_path is None else State.SENDING


def file_of(row: tuple[object, ...]) -> File:
    """The `File` in a row of `COLUMNS`. Raises `JournalDamagedError` for what can be none."""
    id_, root, path, size, mtime, ctime, inode, device, medium, important, state, *rest = row
    rest[-1] = bool(rest[-1])
    identity = identity_in(size, mtime, ctime, inode, device)
    try:
        state = State(str(state))
    except ValueError as error:
        raise JournalDamagedError(str(error)) from error
    return File(id_, root, path, identity, medium, bool(important), state, *rest)  # type: ignore[arg-type]


class Journal:
    """See the module; `connection` and `transaction` are for the modules that keep tables in it."""

    def __init__(
        self, path: Path, *, read_only: bool = False, connection: sqlite3.Connection | None = None
    ) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            with translated():
                self.connection = connection or connect(path, read_only=read_only)
        except OSError as error:
            raise JournalError(f"{path}: {error}") from error
        self._place: tuple[int, int] | None = None
        try:
            with translated(opening=True):
                self._prepare(read_only=read_only)
        except BaseException:
            self.connection.close()
            raise
        self._place = place_of(path)

    def _prepare(self, *, read_only: bool) -> None:
        self.connection.execute("PRAGMA foreign_keys = ON")
        require_version(self.connection)
        if read_only:
            return
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        # The WAL stays small (400 KiB): on a disk that is nearly full it would take the rest.
        self.connection.execute("PRAGMA wal_autocheckpoint = 100")
        migrate(self.connection)

    def check(self) -> None:
        """Raise `JournalDamagedError` unless every row can be what it says it is."""
        with self._lock, translated(opening=True):
            check(self.connection)
            for row in self.connection.execute(f"SELECT {COLUMNS} FROM files"):  # noqa: S608
                file_of(row)

    def is_at_its_place(self) -> bool:
        """Whether what we write to is still what stands under our path."""
        return place_of(self.path) == self._place

    def reopen(self) -> Path | None:
        """Go on with what stands under our path now, as `open_journal` does; other threads wait."""
        with self._lock:
            self.close()  # first: it removes what lies beside by its name
            if not self.is_at_its_place():
                forget_beside(self.path)  # of the one that was taken away
            other, aside = open_journal(self.path)
            self.connection, self._place = other.connection, place_of(self.path)
            return aside

    def close(self) -> None:
        with self._lock:
            self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction, durable at the end of the block, undone where the block raises."""
        with self._lock, translated():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                with suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")
                raise

    def read(self, query: str, parameters: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """All rows of a query."""
        with self._lock, translated():
            return self.connection.execute(query, parameters).fetchall()

    def files(self, *states: State) -> list[File]:
        """All files in these states, in the order in which they are to be worked on."""
        marks = ", ".join("?" * len(states))
        rows = self.read(
            f"SELECT {COLUMNS} FROM files WHERE state IN ({marks})"  # noqa: S608
            f" ORDER BY {_ORDER}, path",
            states,
        )
        return [file_of(row) for row in rows]

    def get(self, file_id: int) -> File:
        """One file; `StaleFileError` if it is known no more."""
        rows = self.read(f"SELECT {COLUMNS} FROM files WHERE id = ?", (file_id,))  # noqa: S608
        if not rows:
            raise StaleFileError(str(file_id))
        return file_of(rows[0])

    def queue(self, exclude: Container[int], *, sending: bool) -> File | None:
        """The next file to hash or, if ``sending``, to send; none of those in ``exclude``.

        Files without a failure come first, then the marked, then the oldest: a bad file goes
        behind the others and stays in the queue. A file is sent once a manifest lists it.
        """
        with self._lock, translated():
            cursor = self.connection.execute(_QUEUE_TO_SEND if sending else _QUEUE_TO_HASH)
            try:
                for row in cursor:
                    if row[0] not in exclude:
                        return file_of(row)
            finally:
                cursor.close()
        return None

    def advance(self, file: File, state: State, **columns: str | int | None) -> File:
        """Bring ``file`` to ``state``; ``columns`` may set anything of the row beside.

        A ``reason`` that is not given is cleared. Raises `StaleFileError` if the row is of another
        identity or in another state by now.
        """
        with self.transaction() as connection:
            return _update(connection, file, {"reason": None, **columns, "state": state})

    def receive(self, file: File, note: str, clip_id: str, received_at: str) -> File:
        """Bring ``file`` to `RECEIVED` and keep the receipt that proves it. Raises as `advance`.

        Where the same bytes were received from the same path before, or are said to be gone from
        there, this takes the place of that.
        """
        values = {"state": State.RECEIVED, "reason": None, "attempts": 0, "clip_id": clip_id}
        with self.transaction() as connection:
            received = _update(connection, file, {**values, "received_at": received_at})
            connection.execute(
                "INSERT OR REPLACE INTO receipts (file_id, note) VALUES (?, ?)", (file.id, note)
            )
            for forget in (_FORGET_RECEIPTS, _FORGET_FILES, _FORGET_GONE):
                connection.execute(forget, (file.path, file.id, file.sha256))
            return received

    def counts(self) -> dict[str, int]:
        """How many files stand in each state that has any."""
        rows = self.read("SELECT state, COUNT(*) FROM files GROUP BY state ORDER BY state")
        return {str(state): int(str(count)) for state, count in rows}

    def attempts(self, *states: State) -> dict[int, int]:
        """How often each file in these states has failed, by its id."""
        marks = ", ".join("?" * len(states))
        rows = self.read(
            f"SELECT id, attempts FROM files WHERE state IN ({marks})",  # noqa: S608
            states,
        )
        return {int(str(file_id)): int(str(attempts)) for file_id, attempts in rows}

    def last_received_at(self) -> str | None:
        """When the last receipt came, by the station's clock."""
        rows = self.read("SELECT MAX(received_at) FROM files WHERE received_at IS NOT NULL")
        return None if rows[0][0] is None else str(rows[0][0])


def _update(connection: sqlite3.Connection, file: File, values: Mapping[str, object]) -> File:
    settings = ", ".join(f"{name} = ?" for name in values)
    changed = connection.execute(
        f"UPDATE files SET {settings}"  # noqa: S608
        f" WHERE id = ? AND state = ? AND {_SAME}",
        (*values.values(), file.id, file.state, *cells_of(file.identity), int(file.away)),
    )
    if changed.rowcount != 1:
        raise StaleFileError
    query = f"SELECT {COLUMNS} FROM files WHERE id = ?"  # noqa: S608
    return file_of(connection.execute(query, (file.id,)).fetchone())


def open_journal(path: Path) -> tuple[Journal, Path | None]:
    """Open the journal, or begin anew where it is damaged; then also where the old one went.

    Nothing is lost by beginning anew: the folders are read again, and the archive answers for
    what it holds with the same receipts. Raises `JournalError` for everything else.
    """
    if not path.exists():
        forget_beside(path)
    try:
        journal = Journal(path)
        try:
            journal.check()
        except BaseException:
            journal.close()
            raise
    except JournalDamagedError:
        aside = set_aside(path)
        return Journal(path), aside
    return journal, None
