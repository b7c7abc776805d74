"""Recomputes a tree from the entries as they are stored, for a signer that believes nobody.

Tiles and rows can agree on a lie. What is signed is therefore made anew out of the entry bundles,
which are what auditors will read: every new entry is read, judged and hashed, and nothing of the
old tree is taken that does not make the root that was signed.
"""

from contextlib import suppress

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
#: Items whose last entry is remembered while a backlog is read.
MAX_HEADS = 16 * WIDTH
#: Number and leaf hash of the last entry that was read, by item.
_Heads = dict[str, tuple[int, str]]


def require_stored(
    store: ObjectStore, old_size: int, old_root: bytes, size: int, root: bytes
) -> None:
    """Raise `StoredEntriesError` unless the stored entries continue the old tree and make ``root``.

    ``old_size`` and ``old_root`` are what was signed last (0 and the empty root for nothing), and
    ``size`` is larger. One pass over the bundles from the one in which the old tree ends; in memory
    are at most a few of them. Raises as ``store`` does where it can't be read.
    """
    reader = TileReader(_bounded(store), size)
    heads: _Heads = {}
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
                # 4. What is new is an entry: nothing else can ever be read out of the log. It
                #    follows the last one of its item, where that is among those that were read.
                decoded: Entry | None = _require_entry(entry, index, path, heads)
            else:
                decoded = _decode_signed(entry)
            leaf_hash = hash_leaf(entry)
            if decoded is not None:
                _keep_head(heads, decoded, leaf_hash)
            tree.append(leaf_hash)
    # 5. All of it together makes the root that is to be signed.
    if tree.root() != root:
        raise StoredEntriesError(
            f"{size} entries are to be signed under {root.hex()}, the stored ones make "
            f"{tree.root().hex()}{_where(reader, start, size)}"
        )


def _require_entry(data: bytes, index: int, path: str, heads: _Heads) -> Entry:
    try:
        entry = Entry.decode(data)
    except EntryError as error:
        raise StoredEntriesError(f"{path}, entry {index}: {error}") from error
    head = heads.get(entry.item)
    if head is not None and (entry.item_seq, entry.item_prev) != (head[0] + 1, head[1]):
        raise StoredEntriesError(
            f"{path}, entry {index}: number {entry.item_seq} of {entry.item} behind "
            f"{entry.item_prev}, expected {head[0] + 1} behind {head[1]}"
        )
    # Whatever came before: an item has no more entries than the log.
    if entry.item_seq > index:
        raise StoredEntriesError(
            f"{path}, entry {index}: number {entry.item_seq} of {entry.item}, more than there are"
        )
    return entry


def _decode_signed(data: bytes) -> Entry | None:
    """What was signed long ago, if it is an entry; that is for others to judge."""
    with suppress(EntryError):
        return Entry.decode(data)
    return None


def _keep_head(heads: _Heads, entry: Entry, leaf_hash: bytes) -> None:
    """Remember the entry as the last of its item, and forget the item that was quiet longest."""
    heads.pop(entry.item, None)
    heads[entry.item] = (entry.item_seq, leaf_hash.hex())
    if len(heads) > MAX_HEADS:
        del heads[next(iter(heads))]


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
