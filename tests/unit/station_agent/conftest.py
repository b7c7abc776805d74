"""A journal, and files on their way into it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from station_agent.intake import take_in
from station_agent.journal import File, Journal, State
from station_agent.settle import Identity
from station_agent.watch import Found, Scan

ROOT = b"/dock"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.db")
    yield journal
    journal.close()


def found(
    name: bytes,
    size: int = 10,
    mtime: int = 1,
    inode: int = 1,
    *,
    ctime: int = 1,
    device: int = 1,
    medium: str = "",
) -> Found:
    return Found(ROOT + b"/" + name, Identity(size, mtime, ctime, inode, device), medium)


def seen(journal: Journal, *files: Found) -> list[File]:
    take_in(journal, Scan(ROOT, list(files)))
    return journal.files(State.SEEN)


def listed(journal: Journal, file: File, state: State) -> File:
    """Past its manifest, so that the queue gives it out."""
    with journal.transaction() as connection:
        made = connection.execute(
            "INSERT INTO manifests (root, sha256, session_id, delivered) VALUES (?, '', '', 1)",
            (ROOT,),
        )
    return journal.advance(file, state, manifest_id=made.lastrowid)
