"""Rows: one engine, short transactions, UTC times; SQLite and PostgreSQL behind the same calls.

Nothing below a route, a command or the worker's loop opens or commits a transaction: functions
that read or write rows take the `Connection` they are given.
"""

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Dialect, Engine, make_url
from sqlalchemy.types import TypeDecorator

from storage.errors import ReadOnlyError
from storage.regular_files import open_regular_file
from storage.sqlite_file import SqliteFile, reading_uri
from storage.sqlite_integrity import Damage, RowsCallback, find_damage

#: Every table of the house, each defined in the `tables` module of the package that owns it.
metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: How long a writer on SQLite waits for another one before it gives up, in milliseconds.
SQLITE_BUSY_MS = 30_000
#: The same for whoever cuts the journal, which can be done another time.
JOURNAL_BUSY_MS = 200


#: What a connection to PostgreSQL must not take from the settings of its database or account: how
#: times are written, which whoever reads cells as text relies on, and that a commit is durable.
SESSION = {"DateStyle": "ISO", "TimeZone": "UTC", "synchronous_commit": "on"}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC `datetime`; a naive one is refused, so no local time can slip in."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time has no place in the database: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Database:
    """The engine and the two kinds of transaction.

    `write` takes SQLite's write lock at once (``BEGIN IMMEDIATE``), so a transaction never fails
    half-way for having read first; `read` does not. On PostgreSQL both are ordinary READ COMMITTED
    transactions. ``read_only`` is for a copy that can't be written: only `read` is left then.
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.read_only = read_only
        self.url: URL = make_url(url)
        if self.url.drivername in {"postgresql", "postgres"}:
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._writing = threading.Lock()  # of this process, on SQLite
        self._held: set[tuple[int, str]] = set()  # (thread, name) inside `exclusive`
        if self.is_sqlite:
            if self.url.database in {None, "", ":memory:"}:
                raise ValueError("an SQLite database needs a file")
            self._file = SqliteFile(Path(str(self.url.database)))
            self.engine = _sqlite_engine(self.url, self._file, read_only=read_only)
            self._writer: Engine = self.engine.execution_options(liuhen_begin="BEGIN IMMEDIATE")
        else:
            self.engine = sa.create_engine(
                self.url,
                connect_args={"options": _options(self.url)},
                pool_pre_ping=True,
                pool_size=10,
                max_overflow=20,
            )
            self._writer = self.engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes; committed at the end of the block, rolled back on an error.

        Raises `DatabaseReplacedError`: what would be written is not to be lost with a file that has
        no name any more. Raises `ReadOnlyError`.
        """
        if self.read_only:
            raise ReadOnlyError
        queue = self._one_writer() if self.is_sqlite else nullcontext()
        with queue, self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _one_writer(self) -> Iterator[None]:
        """Queue the writers of this process.

        SQLite has one writer at a time anyway and lets the others sleep and look again: measured
        with eight of them, the unluckiest waited 1.2 s for a transaction of 0.5 ms.
        """
        if not self._writing.acquire(timeout=SQLITE_BUSY_MS / 1000):
            raise sa.exc.TimeoutError(f"another writer has held on for {SQLITE_BUSY_MS} ms")
        try:
            self._file.require()
            yield
        finally:
            self._writing.release()

    def check(self) -> None:
        """Raise `DatabaseReplacedError` if the file that is open is not the database any more."""
        if self.is_sqlite:
            self._file.require()

    def find_damage(self, progress: RowsCallback) -> Iterator[Damage]:
        """What does not hold together in an SQLite file (`storage.sqlite_integrity`).

        On PostgreSQL, whose files are its server's, nothing is looked at. Raises
        `DatabaseReplacedError`, `DatabaseUnreadableError`.
        """
        if self.is_sqlite:
            self._file.require()
            path = Path(str(self.url.database))
            yield from find_damage(path, progress, reading_uri(path) if self.read_only else "")

    @contextmanager
    def exclusive(self, name: str, *, wait: bool = True) -> Iterator[bool]:
        """Own ``name`` among all threads and processes on this database; yields whether it was got.

        An advisory lock on PostgreSQL (released when its connection ends), a file lock beside the
        database on SQLite (released when its process ends): a killed owner frees it. Taking it
        again inside its own block raises `RuntimeError`, since it would wait for itself.
        """
        holder = (threading.get_ident(), name)
        if holder in self._held:
            raise RuntimeError(f"this thread holds {name!r} already")
        lock = self._file_lock if self.is_sqlite else self._advisory_lock
        with lock(name, wait=wait) as got:
            if got:
                self._held.add(holder)
            try:
                yield got
            finally:
                self._held.discard(holder)

    @contextmanager
    def _advisory_lock(self, name: str, *, wait: bool) -> Iterator[bool]:
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if wait:
                connection.execute(sa.select(sa.func.pg_advisory_lock(key)))
                got = True
            else:
                got = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))))
            try:
                yield got
            finally:
                if got:
                    connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))

    @contextmanager
    def _file_lock(self, name: str, *, wait: bool) -> Iterator[bool]:
        path = Path(f"{self.url.database}.{name}.lock")
        with os.fdopen(open_regular_file(path, os.O_RDWR | os.O_CREAT), "rb") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            try:
                yield True
            finally:
                # Said, not left to the close: a forked child would keep the lock with its copy.
                fcntl.flock(handle, fcntl.LOCK_UN)

    def cut_journal(self) -> bool:
        """Whether what was overwritten stands in no page of SQLite's journal (WAL) any more.

        False while somebody reads from it, and on PostgreSQL, whose journal is its server's.
        """
        if not self.is_sqlite:
            return False
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={JOURNAL_BUSY_MS}")
            busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            connection.exec_driver_sql(f"PRAGMA busy_timeout={SQLITE_BUSY_MS}")
        return not busy

    def close(self) -> None:
        self.engine.dispose()


def _options(url: URL) -> str:
    """Start-up options of a PostgreSQL connection: those of its ``url``, then ours, which hold."""
    given = url.query.get("options", ())
    own = (f"-c {name}={value}" for name, value in SESSION.items())
    return " ".join([*((given,) if isinstance(given, str) else given), *own])


def _sqlite_engine(url: URL, file: SqliteFile, *, read_only: bool) -> Engine:
    address = url
    if read_only:
        uri, _, query = reading_uri(Path(str(url.database))).partition("?")
        address = url.set(database=uri, query=dict(parse_qsl(query)) | {"uri": "true"})
    engine = sa.create_engine(
        address,
        connect_args={"timeout": SQLITE_BUSY_MS / 1000},
        # A connection is an open file: let every thread of the server have one.
        pool_size=20,
        max_overflow=40,
    )

    @event.listens_for(engine, "do_connect")
    def look_first(*_: object) -> None:
        file.require()  # or connecting would make a new, empty file in the place of a lost one
        file.require_regular()

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        file.note_opened()
        # We say BEGIN ourselves (below); the driver's own guess would come too late and too weak.
        connection.isolation_level = None
        connection.text_factory = _decode
        cursor = connection.cursor()
        # FULL: a committed transaction survives a power cut, not only a crash of ours. What is
        # deleted is overwritten with zeros in the file: details have a legal date.
        writing = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON")
        for pragma in (*(() if read_only else writing), "foreign_keys=ON", "trusted_schema=OFF"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("liuhen_begin", "BEGIN"))

    return engine


def _decode(data: bytes) -> str:
    """Text as it stands. What is no UTF-8 comes as surrogates: one such cell must not end the
    reading of all rows."""
    return data.decode(errors="surrogateescape")
