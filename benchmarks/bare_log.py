"""The bare hashing that verifying a log can't do without: RFC 6962 in plain hashlib, no checks.

"Bare hashing of the same bytes" is: every entry out of the rows in order of index, by the engine's
own driver, and every entry out of the bundles, by opening the files in turn; of each a leaf hash,
of these the nodes up to the root, once for the rows and once for the bundles. Nothing is compared
or decoded, and nothing is kept but one bundle and the right edge.

"Bare decoding" is what believing an entry and its details takes besides, in plain json and hmac:
both read, both written again to see that they are canonical, and the commitment made anew.
"""

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from custody.log.tiles import WIDTH, bundle_path
from storage.database import Database

_ENTRIES = "SELECT entry FROM log_entries WHERE idx IS NOT NULL ORDER BY idx"
_DETAILED = "SELECT entry, details, salt FROM log_entries ORDER BY item, item_seq"
_sha256 = hashlib.sha256


def root_of_rows(database: Database) -> bytes:
    """The root that the rows make."""
    return _root(entry for (entry,) in _rows(database, _ENTRIES))


def root_of_bundles(tree: Path, size: int) -> bytes:
    """The root that the bundles of a log of ``size`` entries make; ``tree`` holds ``tile/``."""
    return _root(_bundled(tree, size))


def decode_rows(database: Database) -> int:
    """How many entries and details were read and are what they are said to be; all have details."""
    sound = 0
    for entry, details, salt in _rows(database, _DETAILED):
        written = details.encode()
        value = json.loads(entry)
        sound += (
            _canonical(value) == entry
            and _canonical(json.loads(written)) == written
            and hmac.digest(salt, written, "sha256").hex() == value["commitment"]
        )
    return sound


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _canonical(value: object) -> bytes:
    return _encode(value).encode()


def _rows(database: Database, query: str) -> Iterator[tuple[Any, ...]]:
    if database.is_sqlite:
        address = f"file:{database.url.database}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            yield from connection.execute(query)
        return
    import psycopg

    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as server, psycopg.ServerCursor(server, "bare") as cursor:
        cursor.itersize = 2000
        yield from cursor.execute(query, binary=True)  # type: ignore[arg-type]  # our own words


def _bundled(tree: Path, size: int) -> Iterator[bytes]:
    for index in range(-(-size // WIDTH)):
        width = min(size - index * WIDTH, WIDTH)
        data = (tree / bundle_path(index, width)).read_bytes()
        position = 0
        while position < len(data):
            start = position + 2
            position = start + int.from_bytes(data[position:start], "big")
            yield data[start:position]


def _root(entries: Iterable[bytes]) -> bytes:
    """RFC 6962 section 2.1, leaf after leaf."""
    edge: list[bytes] = []  # roots of complete subtrees, the largest first
    for size, entry in enumerate(entries):
        value = _sha256(b"\x00" + entry).digest()
        number = size
        while number & 1:
            value = _sha256(b"\x01" + edge.pop() + value).digest()
            number >>= 1
        edge.append(value)
    root = edge.pop() if edge else _sha256(b"").digest()
    while edge:
        root = _sha256(b"\x01" + edge.pop() + root).digest()
    return root
