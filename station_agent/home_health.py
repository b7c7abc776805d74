"""Whether the station's home can be written, for a status that may be asked by another account.

The running agent can't say it: what it would say it in is what it can't write.
"""

import os
from pathlib import Path

from station_agent.errors import JournalError
from station_agent.journal_reading import read_journal
from station_agent.regular_files import NotRegularFileError, require_regular_database

JOURNAL_BLOCKED = "journal_blocked"
JOURNAL_UNUSABLE = "journal_unusable"
JOURNAL_READ_ONLY = "journal_read_only"
HOME_READ_ONLY = "home_read_only"


def look_at_home(home: Path, journal_file: Path) -> list[tuple[Path, str, str]]:
    """What keeps an agent from its home: the path, a code of `station_agent.reasons`' kind, and
    what the system says of it."""
    found = []
    if home.exists() and not _is_writable(home):
        found.append((home, HOME_READ_ONLY, ""))
    try:
        require_regular_database(journal_file)
        if journal_file.exists() and not _is_writable(journal_file):
            found.append((journal_file, JOURNAL_READ_ONLY, ""))
        read_journal(journal_file).close()
    except NotRegularFileError as error:
        found.append((journal_file, JOURNAL_BLOCKED, str(error)))
    except OSError as error:
        found.append((journal_file, JOURNAL_UNUSABLE, error.strerror or type(error).__name__))
    except JournalError as error:
        detail = str(error.args[0]) if error.args else ""
        found.append((journal_file, JOURNAL_UNUSABLE, detail.removeprefix(f"{journal_file}: ")))
    return found


def _is_writable(path: Path) -> bool:
    """Whether we may write it, and the account that owns it: the agent's, where we are another."""
    status = path.stat()
    owner_may = status.st_uid == 0 or bool(status.st_mode & 0o200)
    return owner_may and os.access(path, os.W_OK)
