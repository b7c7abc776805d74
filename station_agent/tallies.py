"""What a reader of the counts would miss: files that brought nothing new, and what is no file.

Both stand in the journal, so that a status can tell of them while the agent is not running. Each
raises `JournalError`.
"""

from collections.abc import Mapping

from station_agent.journal import Journal


def archived_before(journal: Journal) -> int:
    """How many received files were archived already: the archive had the same bytes when they were
    announced, or got them from another file of this station."""
    rows = journal.read(
        "SELECT COUNT(*) - COUNT(DISTINCT CASE WHEN known = 0 THEN sha256 END)"
        " FROM files WHERE state IN ('received', 'released')"
    )
    return int(str(rows[0][0]))


def note_skipped(journal: Journal, root: bytes, skipped: Mapping[bytes, str]) -> None:
    """Keep what lies under ``root`` now and is no file to be taken, with the reason."""
    with journal.transaction() as connection:
        connection.execute("DELETE FROM skipped WHERE root = ?", (root,))
        connection.executemany(
            "INSERT INTO skipped (root, path, reason) VALUES (?, ?, ?)",
            [(root, path, reason) for path, reason in skipped.items()],
        )


def list_skipped(journal: Journal) -> list[tuple[bytes, str]]:
    """Path and reason of all that is skipped, by path."""
    rows = journal.read("SELECT path, reason FROM skipped ORDER BY path")
    return [(path, str(reason)) for path, reason in rows if isinstance(path, bytes)]
