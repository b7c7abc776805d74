"""The journal's tables, by version; each step brings a journal of one version to the next."""

import sqlite3
from contextlib import closing
from functools import cache

#: ``state``: seen settled hashed sending sent received released, and beside the way: failed
#: (tried again later), refused (for good, until the file changes or the agent starts anew), gone
#: (not on the recorder any more, and not archived).
#: One row for each path is on its way at most; what was received stays as the memory of it.
_VERSION_1 = """
CREATE TABLE files (
  id INTEGER PRIMARY KEY,
  root BLOB NOT NULL,
  path BLOB NOT NULL,
  size_bytes INTEGER NOT NULL,
  mtime_ns ANY NOT NULL,  -- an integer; decimal text beyond 64 bits (`held_number`)
  inode TEXT NOT NULL,  -- decimal: may pass 2**63
  important INTEGER NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  sha256 TEXT,
  sm3 TEXT,
  upload_path TEXT,
  upload_sha256 TEXT,  -- what was announced for upload_path
  manifest_id INTEGER REFERENCES manifests (id),
  clip_id TEXT,
  received_at TEXT  -- the station's clock; for people, no rule reads it
) STRICT;
CREATE UNIQUE INDEX files_identity ON files (path, size_bytes, mtime_ns, inode);
CREATE UNIQUE INDEX files_on_their_way ON files (path)
  WHERE state NOT IN ('received', 'released');
CREATE INDEX files_queue ON files (attempts, important DESC, mtime_ns)
  WHERE state IN ('settled', 'hashed', 'sending');
CREATE INDEX files_state ON files (state);
CREATE INDEX files_received_at ON files (received_at) WHERE received_at IS NOT NULL;
CREATE INDEX files_root ON files (root);

CREATE TABLE receipts (
  file_id INTEGER PRIMARY KEY REFERENCES files (id),
  note TEXT NOT NULL  -- the signed receipt as it came
) STRICT;

CREATE TABLE manifests (
  id INTEGER PRIMARY KEY,
  root BLOB NOT NULL,
  sha256 TEXT NOT NULL,
  note TEXT,  -- dropped once no file needs it any more (`station_agent.manifests`)
  session_id TEXT NOT NULL,
  delivered INTEGER NOT NULL DEFAULT 0,
  reason TEXT
) STRICT;
CREATE INDEX manifests_waiting ON manifests (id) WHERE delivered = 0;
"""

#: ``known``: the archive had these bytes when they were announced. ``skipped``: what lies under a
#: root now and is no file that can be taken; each look replaces what the one before it saw.
_VERSION_2 = """
ALTER TABLE files ADD COLUMN known INTEGER NOT NULL DEFAULT 0;
CREATE TABLE skipped (
  root BLOB NOT NULL,
  path BLOB NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (root, path)
) STRICT;
"""

#: ``ctime_ns``, ``device`` and ``medium`` complete a file's identity; what was known without them
#: is read once more. ``away``: a received file that did not lie there at some look since; it is
#: remembered, and not believed to be what lies there now. A received file may be received again.
_VERSION_3 = """
ALTER TABLE files ADD COLUMN ctime_ns ANY NOT NULL DEFAULT 0;  -- as mtime_ns
ALTER TABLE files ADD COLUMN device TEXT NOT NULL DEFAULT '0';  -- decimal, as inode
ALTER TABLE files ADD COLUMN medium TEXT NOT NULL DEFAULT '';
ALTER TABLE files ADD COLUMN away INTEGER NOT NULL DEFAULT 0;
DROP INDEX files_identity;
CREATE INDEX files_there ON files (root) WHERE state IN ('received', 'released') AND away = 0;
CREATE INDEX files_done ON files (path) WHERE state IN ('received', 'released');
"""

#: What was sent needs no bytes any more: another file may lie at its path, and be on its way there,
#: while its receipt is still to come. ``away`` says of it, too, that it did not lie there at some
#: look since. What is gone keeps its row whatever lies at its path since.
_VERSION_4 = """
DROP INDEX files_on_their_way;
CREATE UNIQUE INDEX files_on_their_way ON files (path)
  WHERE state NOT IN ('sent', 'received', 'released', 'gone');
DROP INDEX files_there;
CREATE INDEX files_there ON files (root)
  WHERE state IN ('sent', 'received', 'released') AND away = 0;
"""

#: Position n brings version n to n + 1. Append; never change what was released.
STEPS = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4)
VERSION = len(STEPS)


def version_of(connection: sqlite3.Connection) -> int:
    """The version of the journal behind ``connection``, 0 for a new one."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the journal to `VERSION`, each step whole or not at all."""
    for version in range(version_of(connection), VERSION):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;{STEPS[version]}PRAGMA user_version = {version + 1};COMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def schema_of(connection: sqlite3.Connection) -> frozenset[object]:
    """What stands in a journal: its tables with their columns, and its indexes word for word.

    Of a table the columns count and not the words: SQLite itself rewrites those.
    """
    found: set[object] = set()
    for sort, name, table, sql in connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master"
    ).fetchall():
        found.add((sort, name, table, None if sort == "table" else sql))
        if sort == "table":
            for question in ("table_xinfo", "foreign_key_list"):
                answer = connection.execute(f"SELECT * FROM pragma_{question}(?)", (name,))  # noqa: S608
                found.update((question, name, *row) for row in answer)
    return frozenset(found)


@cache
def expected_schema() -> frozenset[object]:
    """The `schema_of` a journal of `VERSION`."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        return schema_of(connection)
