"""The journal for those who only look: of whatever version it is, and never changed by that."""

import sqlite3
from contextlib import closing
from pathlib import Path

from station_agent.journal import Journal
from station_agent.journal_health import translated
from station_agent.journal_schema import VERSION, migrate, version_of


def read_journal(path: Path) -> Journal:
    """The journal at ``path``, for reading. Raises `JournalError`.

    One of an earlier version, or one whose making a full disk cut short, is brought to ours in a
    copy in memory; one that is not there has nothing in it.
    """
    if not path.exists():
        return empty_journal()
    journal, is_ours = Journal(path, read_only=True), False
    try:
        with translated(opening=True):
            is_ours = version_of(journal.connection) == VERSION
            if not is_ours:
                return _renewed(path, journal.connection)
    finally:
        if not is_ours:
            journal.close()
    return journal


def empty_journal() -> Journal:
    """A journal of nothing, in memory."""
    with closing(sqlite3.connect(":memory:")) as nothing:
        return _renewed(Path(), nothing)


def _renewed(path: Path, source: sqlite3.Connection) -> Journal:
    copy = sqlite3.connect(":memory:", isolation_level=None)
    source.backup(copy)
    migrate(copy)
    return Journal(path, read_only=True, connection=copy)
