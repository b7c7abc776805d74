"""Details and salts that others kept: receipts, the homes of stations, the histories in bags.

Nothing here is believed. What a paper says of an entry counts only where the entry is in the log
and is committed to exactly that; then it does not matter who kept it, or who brings it.
"""

import base64
import binascii
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import as_bytes
from custody.log.entry import Entry, Json, canonical_json
from custody.log.errors import LogError
from custody.log.plain_json import read_json_object
from custody.log.receipt import MAX_RECEIPT_BYTES
from custody.log.verify import verify_commitment
from custody.tables import log_entries
from storage.regular_files import open_regular_file

#: The longest paper that is read: the histories of a case of thousands of recordings.
MAX_PAPER_BYTES = 256 * 1024 * 1024
#: The first line of a signed list of a recorder's files (`station_agent.wire`).
MANIFEST = "liuhen manifest v1"
_JOURNAL = b"SQLite format 3\x00"
#: The tables of a journal that hold notes, and the characters of the longest one.
JOURNAL_NOTES = {"receipts": MAX_RECEIPT_BYTES, "manifests": 32 << 20}
_IS_TABLE = (
    "SELECT 1 FROM sqlite_master WHERE name = ? AND type = 'table' AND sql LIKE 'CREATE TABLE%'"
)
#: A file that lets the database compute so long without a note is given up.
STEPS_AT_ONCE, MAX_STEPS = 100_000, 100


@dataclass(frozen=True, slots=True)
class Paper:
    """What somebody kept beside the bytes of an entry."""

    entry: bytes
    details: Mapping[str, Json]
    salt: bytes


@dataclass(slots=True)
class Papers:
    """What lies in some folders. ``manifests`` are the signed lists by their SHA-256."""

    folders: tuple[Path, ...] = ()
    manifests: dict[str, str] = field(default_factory=dict)
    files: int = 0

    def read(self) -> Iterator[Paper]:
        """Every paper in every file; what is none, or can't be read, is passed over.

        Signed lists met on the way are kept.
        """
        for folder in self.folders:
            for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
                if path.is_file() and not path.is_symlink():
                    self.files += 1
                    yield from self._read_file(path)

    def _read_file(self, path: Path) -> Iterator[Paper]:
        try:
            with open(open_regular_file(path, 0), "rb") as reader:  # noqa: PTH123 - a descriptor
                start = reader.read(len(_JOURNAL))
                if start == _JOURNAL:
                    yield from self._read_journal(path)
                    return
                if not start.lstrip().startswith((b"{", b"liuhen ")):
                    return  # a recording, most likely
                data = start + reader.read(MAX_PAPER_BYTES)
        except OSError:
            return
        yield from self._read_text(data.decode(errors="replace"))

    def _read_journal(self, path: Path) -> Iterator[Paper]:
        """The receipts and lists in the journal of a station (`station_agent.journal_schema`)."""
        try:
            journal = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)
        except sqlite3.Error:
            return
        with closing(journal), suppress(sqlite3.Error):
            # Anybody may have made the file: what is no plain table may compute without an end, and
            # steps are counted for what else would.
            journal.execute("PRAGMA trusted_schema=OFF")
            steps = count()
            journal.set_progress_handler(lambda: next(steps) >= MAX_STEPS, STEPS_AT_ONCE)
            for table, longest in JOURNAL_NOTES.items():
                if journal.execute(_IS_TABLE, (table,)).fetchone() is None:
                    continue
                for (note,) in journal.execute(
                    f"SELECT note FROM {table} WHERE length(note) <= ?",  # noqa: S608 - ours
                    (longest,),
                ):
                    steps = count()
                    if isinstance(note, str):
                        yield from self._read_text(note)

    def _read_text(self, text: str) -> Iterator[Paper]:
        if text.startswith(f"{MANIFEST}\n"):
            self.manifests[hashlib.sha256(text.encode()).hexdigest()] = text
            return
        try:
            # A receipt is a signed note: a title, a line of JSON, an empty line, signatures.
            value = read_json_object(text.split("\n")[1] if text.startswith("liuhen ") else text)
        except (IndexError, ValueError, RecursionError):
            return
        # Of a receipt itself, of a page of custody, of a case with its history.
        said = [value]
        history = value.get("history")
        said += (
            [one for one in history if isinstance(one, dict)] if isinstance(history, list) else []
        )
        yield from (paper for one in said if (paper := _paper(one)) is not None)
        receipt = value.get("receipt")
        if isinstance(receipt, str) and not text.startswith("liuhen "):
            yield from self._read_text(receipt)


def _paper(value: Mapping[str, Json]) -> Paper | None:
    entry, details, salt = (value.get(name) for name in ("entry", "details", "salt"))
    if not (isinstance(entry, str) and isinstance(details, dict) and isinstance(salt, str)):
        return None
    try:
        return Paper(base64.b64decode(entry, validate=True), details, base64.b64decode(salt))
    except (binascii.Error, ValueError):
        return None


@dataclass(slots=True)
class TakenBack:
    """What papers gave: details ``taken``, entries ``known`` with theirs already, papers that
    ``do_not_fit`` what the log says, and the items that got details back."""

    taken: int = 0
    known: int = 0
    do_not_fit: int = 0
    items: set[str] = field(default_factory=set)


def take_back(tx: Connection, papers: Iterable[Paper], done: TakenBack) -> None:
    """Put details beside the entries that are committed to them and have lost theirs.

    What was destroyed on its legal date stays destroyed.
    """
    columns = log_entries.c
    for paper in papers:
        try:
            entry = Entry.decode(paper.entry)
            own = sa.select(log_entries).where(
                columns.item == entry.item, columns.item_seq == entry.item_seq
            )
            row = tx.execute(own).mappings().first()
            if row is None or as_bytes(row["entry"]) != paper.entry:
                done.do_not_fit += 1
                continue
            verify_commitment(entry, paper.details, paper.salt)
            details = canonical_json(dict(paper.details)).decode()
        except (LogError, RecursionError):
            done.do_not_fit += 1
            continue
        destroyed = row["details_destroyed_at"] is not None
        if destroyed or (row["details"] is not None and row["salt"] is not None):
            done.known += 1
            continue
        values = {"details": details, "salt": paper.salt}
        tx.execute(log_entries.update().where(columns.id == row["id"]).values(**values))
        done.taken += 1
        done.items.add(entry.item)
