"""Recomputes a tree from the entries as they are stored, for a signer that believes nobody.

Tiles and rows can agree on a lie. What is signed is therefore made anew out of the entry bundles,
which are what auditors will read: every new entry is read, judged and hashed, and nothing of the
old tree is taken that does not make the root that was signed.
"""

from custody.errors import StoredEntriesError
from custody.log.entry import MAX_ENTRY_BYTES, Entry
from custody.log.errors import EntryError, TileError
from custody.log.merkle import Frontier, hash_leaf
from custody.log.tiles import WIDTH, Fetch, TileReader, bundle_path, tile_of
from custody.object_keys import log_key
from storage.errors import ObjectNotFoundError, StorageError
from storage.objects import ObjectStore

#: No bundle and no tile is larger; of what lies in its place no more is read.
MAX_BYTES = WIDTH * (2 + MAX_ENTRY_BYTES)


def require_stored(
    store: ObjectStore, old_size: int, old_root: bytes, size: int, root: bytes
) -> None:
    """Raise `StoredEntriesError` unless the stored entries continue the old tree and make ``root``.

    ``old_size`` and ``old_root`` are what was signed last (0 and the empty root for nothing), and
    ``size`` is larger. One pass over the bundles from the one in which the old tree ends; in memory
    are at most a few of them. Raises as ``store`` does where it can't be read.
    """
    reader = TileReader(_bounded(store), size)
    # 1. The old tree up to its last whole bundle, out of the tiles; step 3 shows whether it is it.
    start = old_size // WIDTH * WIDTH
    try:
        tree = Frontier.read(start, reader.read)
    except (TileError, ObjectNotFoundError) as error:
        raise StoredEntriesError(f"the tiles of {start} signed entries: {error}") from error
    for first in range(start, size, WIDTH):
        # 2. Each bundle is there and whole.
        tile = tile_of(size, 0, first // WIDTH)
        path = bundle_path(tile.index, tile.width)
        try:
            entries = reader.bundle(tile)
        except (TileError, ObjectNotFoundError) as error:
            raise StoredEntriesError(f"{path}: {error}") from error
        for index, entry in enumerate(entries, first):
            if index >= old_size:
                # 3. Where the old tree ends, its root comes out as it was signed.
                if index == old_size and tree.root() != old_root:
                    raise StoredEntriesError(
                        f"{old_size} entries were signed under {old_root.hex()}, "
                        f"tiles and {path} make {tree.root().hex()}"
                    )
                # 4. What is new is an entry: nothing else can ever be read out of the log.
                _require_entry(entry, index, path)
            tree.append(hash_leaf(entry))
    # 5. All of it together makes the root that is to be signed.
    if tree.root() != root:
        raise StoredEntriesError(
            f"{size} entries are to be signed under {root.hex()}, the stored ones make "
            f"{tree.root().hex()}{_where(reader, start, size)}"
        )


def _require_entry(data: bytes, index: int, path: str) -> None:
    try:
        Entry.decode(data)
    except EntryError as error:
        raise StoredEntriesError(f"{path}, entry {index}: {error}") from error


def _where(reader: TileReader, start: int, size: int) -> str:
    """The first entry that is not the one its tile has the hash of; nothing if all agree."""
    for first in range(start, size, WIDTH):
        tile = tile_of(size, 0, first // WIDTH)
        try:
            hashes, entries = reader.tile(tile), reader.bundle(tile)
        except (TileError, StorageError) as error:
            return f"; {error}"
        for index, (expected, entry) in enumerate(zip(hashes, entries, strict=True), first):
            if hash_leaf(entry) != expected:
                path = bundle_path(tile.index, tile.width)
                found = hash_leaf(entry).hex()
                return f"; {path}, entry {index}: expected {expected.hex()}, found {found}"
    return ""


def _bounded(store: ObjectStore) -> Fetch:
    def fetch(path: str) -> bytes:
        with store.open(log_key(path), length=MAX_BYTES + 1) as reader:
            data = reader.read()
        if len(data) > MAX_BYTES:
            raise TileError(f"{path} has more than {MAX_BYTES} bytes")
        return data

    return fetch
