"""Whether a journal can be believed: its pages, its tables, and the form of what stands in them.

A bit that flipped on the disk is seldom in a page's structure, where SQLite notices it: it makes a
state that is none, a text that is no UTF-8, a table that is called otherwise. Whatever is found
here is a `JournalDamagedError`, and the journal is begun anew; nothing is lost by that.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from station_agent.errors import (
    JournalDamagedError,
    JournalError,
    JournalFullError,
    JournalNewerError,
)
from station_agent.journal_schema import VERSION, expected_schema, schema_of, version_of

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_DIGEST = re.compile(r"[0-9a-f]{64}")
#: What a path on the server and the id of a dock session are made of; both go into requests.
_PLAIN = re.compile(r"[\x21-\x7e]+")


@contextmanager
def translated(*, opening: bool = False) -> Iterator[None]:
    """SQLite's errors as ours. What is asked at the ``opening`` any sound journal can answer."""
    try:
        yield
    except UnicodeDecodeError as error:  # the text of the schema, or of a message about it
        raise JournalDamagedError(str(error)) from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise JournalFullError(str(error)) from error
        is_strange = opening and code == sqlite3.SQLITE_ERROR
        if code in _DAMAGED or is_strange or "Could not decode" in str(error):
            raise JournalDamagedError(str(error)) from error
        raise JournalError(str(error)) from error


def require_version(connection: sqlite3.Connection) -> None:
    """Raise `JournalNewerError` for the journal of a newer program, `JournalDamagedError` where it
    is ours in all but one bit of the number."""
    version = version_of(connection)
    is_flipped = ((version ^ VERSION) & 0xFFFFFFFF).bit_count() == 1
    if version < 0 or (
        version > VERSION and is_flipped and schema_of(connection) == expected_schema()
    ):
        raise JournalDamagedError(f"version {version}")
    if version > VERSION:
        raise JournalNewerError(f"version {version}, this program knows {VERSION}")


def check(connection: sqlite3.Connection) -> None:
    """Raise `JournalDamagedError` unless pages, indexes, tables and references are in order."""
    if schema_of(connection) != expected_schema():
        raise JournalDamagedError("its tables are not what they should be")
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != ("ok",):
        raise JournalDamagedError(str(found[0]).replace("\n", " "))
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise JournalDamagedError("a row refers to one that is not there")
    _require_writable(connection)
    _check_texts(connection)


def _require_writable(connection: sqlite3.Connection) -> None:
    """A flipped bit in the header makes SQLite take the file for one of a later format."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"PRAGMA user_version = {VERSION}")
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_READONLY:
            raise
        raise JournalDamagedError(str(error)) from error
    finally:
        connection.execute("ROLLBACK")


def _check_texts(connection: sqlite3.Connection) -> None:
    """Every text can be read, and those that go to the server have their form."""
    digests = "sha256, sm3, upload_sha256"
    rows = connection.execute(f"SELECT reason, upload_path, {digests} FROM files")  # noqa: S608
    for _, upload_path, *found in rows:
        if upload_path is not None and not _PLAIN.fullmatch(upload_path):
            raise JournalDamagedError(f"an upload at {upload_path!r}")
        for digest in found:
            if digest is not None and not _DIGEST.fullmatch(digest):
                raise JournalDamagedError(f"a digest {digest!r}")
    for session_id, *_ in connection.execute("SELECT session_id, note, reason FROM manifests"):
        if not _PLAIN.fullmatch(session_id):
            raise JournalDamagedError(f"a dock session {session_id!r}")
    for _ in connection.execute("SELECT reason FROM skipped"):
        pass
