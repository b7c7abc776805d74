"""What an enrolment leaves to be done at home once the archive has answered it.

The archive knows the station under a new id from then on, and nothing that was begun under the old
one can go on there: its dock sessions, its uploads, its receipts that are still to come. So each
file that is not archived yet is announced anew. What is archived already stays as it is: its
receipt speaks for itself. Every step may be done again, and the key moves last: as long as it lies
in `station.key.new` there is something to do.
"""

from pathlib import Path

from station_agent.durable import free_name, sync_folder
from station_agent.enrolment import KEY_FILE, NEW_KEY_FILE, Enrolment, load_key
from station_agent.errors import StationKeyError
from station_agent.journal import Journal
from station_agent.trust import forget

#: The digests stay: the bytes are the same whoever sends them. Those of a file that was sent and is
#: away have to come once more, since nobody answers for the old upload.
_ANNOUNCE_ANEW = """
UPDATE files SET manifest_id = NULL, upload_path = NULL, upload_sha256 = NULL, known = 0,
  attempts = 0, away = 0,
  reason = CASE WHEN state = 'sent' AND away = 1 THEN 'bytes_needed' ELSE reason END,
  state = CASE WHEN state = 'sent' AND away = 1 THEN 'gone'
    WHEN state IN ('sending', 'sent') THEN 'hashed' ELSE state END
WHERE state NOT IN ('received', 'released')
"""
#: Signed by a key that is ours no more: kept as they are, and handed in no more.
_KEEP_MANIFESTS = """
UPDATE manifests SET delivered = 1, reason = 'the station was enrolled anew' WHERE delivered = 0
"""


def is_due(home: Path, enrolment: Enrolment) -> bool:
    """Whether the key that the archive knows is not in its place yet."""
    try:
        return load_key(home, NEW_KEY_FILE).name == enrolment.key_name
    except StationKeyError:
        return False  # none there, or none that the archive could have been told of


def finish(home: Path, journal: Journal | None) -> None:
    """Begin anew with the archive; call where it `is_due`. Raises `JournalError` and `OSError`."""
    if journal is not None:
        with journal.transaction() as connection:
            connection.execute(_ANNOUNCE_ANEW)
            connection.execute(_KEEP_MANIFESTS)
    # The evidence of a rewritten log is kept beside, and no alarm about the old one goes on.
    forget(home)
    key = home / KEY_FILE
    if key.exists():
        key.rename(free_name(key, "before"))
    (home / NEW_KEY_FILE).rename(key)
    sync_folder(home)
