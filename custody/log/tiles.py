"""The log as files (C2SP tlog-tiles): hash tiles of height 8, entry bundles, and reading them.

What is read is believed by nobody: a proof made of it leads to a signed root, or it does not.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from custody.log.encoding import parse_decimal
from custody.log.entry import MAX_ENTRY_BYTES
from custody.log.errors import TileError
from custody.log.merkle import HASH_BYTES, MAX_TREE_SIZE, hash_leaf, hash_pairs

#: Gives the bytes under a path such as ``tile/0/x001/067``; raises whatever its source raises
#: where there are none.
Fetch = Callable[[str], bytes]

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

HEIGHT = 8
WIDTH = 1 << HEIGHT
#: Level 7 of a tree of `MAX_TREE_SIZE` leaves is a partial tile.
MAX_LEVEL = 7
#: What a `TileReader` keeps: about 10 MiB of tiles with what is built above them, and so many
#: bundles (256 entries each) that a run of neighbours is decoded once.
CACHED_TILES = 256
CACHED_BUNDLES = 4

_PATH = re.compile(
    r"tile/(?P<level>[0-7]|entries)/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """``width`` hashes (256 in a full tile) at ``level``, the ``index``-th such run from the left.

    The entry bundle ``index`` has the width of the tile ``index`` at level 0.
    """

    level: int
    index: int
    width: int = WIDTH


def tile_path(tile: Tile) -> str:
    """For instance ``tile/0/x001/067.p/5``."""
    return f"tile/{tile.level}/{_index_path(tile.index)}{_width_path(tile.width)}"


def bundle_path(index: int, width: int = WIDTH) -> str:
    """For instance ``tile/entries/x001/067.p/5``."""
    return f"tile/entries/{_index_path(index)}{_width_path(width)}"


def parse_tile_path(path: str) -> Tile:
    """The hash tile of this name. Raises `TileError` unless `tile_path` writes exactly this."""
    tile = _parse_path(path)
    if tile_path(tile) != path:
        raise TileError(f"no tile has the path {path[:80]!r}")
    return tile


def parse_bundle_path(path: str) -> tuple[int, int]:
    """Index and width of the bundle of this name. Raises `TileError`."""
    tile = _parse_path(path)
    if bundle_path(tile.index, tile.width) != path:
        raise TileError(f"no bundle has the path {path[:80]!r}")
    return tile.index, tile.width


def tile_of(size: int, level: int, index: int) -> Tile:
    """The tile as it stands in a tree of ``size`` leaves. Raises `TileError` if it is not there."""
    width = min((size >> (HEIGHT * level)) - index * WIDTH, WIDTH)
    if level < 0 or index < 0 or width <= 0:
        raise TileError(f"no tile {level}/{index} in a tree of {size}")
    return Tile(level, index, width)


def tiles_between(old_size: int, new_size: int) -> Iterator[Tile]:
    """Every hash tile that a tree of ``new_size`` has and one of ``old_size`` had not, by level.

    Those at level 0 name the entry bundles as well. Raises `TileError` for a tree that shrinks.
    """
    if not 0 <= old_size <= new_size <= MAX_TREE_SIZE:
        raise TileError(f"{new_size} is not a later size than {old_size}")
    for level in range(MAX_LEVEL + 1):
        old, new = old_size >> (HEIGHT * level), new_size >> (HEIGHT * level)
        if old == new:
            return
        for index in range(old // WIDTH, (new - 1) // WIDTH + 1):
            yield tile_of(new_size, level, index)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Each entry behind its length in two bytes, big-endian. Raises `TileError`."""
    if not 0 < len(entries) <= WIDTH:
        raise TileError(f"a bundle has 1 to {WIDTH} entries")
    longest = max(map(len, entries))
    if longest > MAX_ENTRY_BYTES:
        raise TileError(f"an entry of {longest} bytes")
    return b"".join([part for entry in entries for part in (len(entry).to_bytes(2, "big"), entry)])


def decode_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle. Raises `TileError` unless it is whole."""
    entries: list[bytes] = []
    position, end = 0, len(data)
    while position < end and len(entries) < WIDTH:
        start = position + 2
        position = start + int.from_bytes(data[position:start], "big")
        entries.append(data[start:position])
    if position != end:  # beyond it where a length or an entry is cut off
        raise TileError("a bundle of another length than it says")
    if not entries:
        raise TileError("an empty bundle")
    return entries


class TileReader:
    """A tree of ``size`` leaves, read from tiles and bundles through ``fetch``.

    Where a partial tile is gone the full one that took its place serves (tlog-tiles, "Partial
    Tiles"); if that is not there either, what ``fetch`` raised for the partial one goes on to the
    caller. Raises `TileError` for bytes of the wrong length and for what lies outside the tree.
    Keeps the last few tiles and bundles; not for several threads at once.
    """

    def __init__(self, fetch: Fetch, size: int) -> None:
        if not 0 <= size <= MAX_TREE_SIZE:
            raise TileError(f"a tree of {size}")
        self.size = size
        self._fetch = fetch
        self._tiles: OrderedDict[Tile, list[list[bytes]]] = OrderedDict()
        self._bundles: OrderedDict[int, list[bytes]] = OrderedDict()

    def read(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree: a `custody.log.merkle.NodeReader`."""
        if level < 0 or index < 0 or (index + 1) << level > self.size:
            raise TileError(f"no node {level}/{index} in a tree of {self.size}")
        tile_level, height = divmod(level, HEIGHT)
        first = index << height
        layers = self._layers(tile_of(self.size, tile_level, first // WIDTH))
        while len(layers) <= height:
            layers.append(hash_pairs(layers[-1]))
        return layers[height][first % WIDTH >> height]

    def leaf_hash(self, index: int) -> bytes:
        """The leaf hash of entry ``index``."""
        return self.read(0, index)

    def tile(self, tile: Tile) -> list[bytes]:
        """The hashes of a tile of this tree."""
        return list(self._layers(tile)[0])

    def entry(self, index: int) -> bytes:
        """The bytes of entry ``index``. Raises `TileError` if they do not hash to its leaf."""
        leaf_hash = self.leaf_hash(index)
        entry = self.bundle(tile_of(self.size, 0, index // WIDTH))[index % WIDTH]
        if hash_leaf(entry) != leaf_hash:
            raise TileError(f"entry {index} does not hash to its leaf")
        return entry

    def bundle(self, tile: Tile) -> list[bytes]:
        """The entries of the bundle that belongs to ``tile`` (of level 0), not held against it."""
        entries = _recall(self._bundles, tile.index)
        if entries is None:
            path = bundle_path(tile.index, tile.width)
            entries = decode_bundle(self._fetch_one(path, bundle_path(tile.index)))
            if len(entries) not in {tile.width, WIDTH}:
                raise TileError(f"{path} holds {len(entries)} entries")
            del entries[tile.width :]
            _remember(self._bundles, tile.index, entries, CACHED_BUNDLES)
        return list(entries)

    def _layers(self, tile: Tile) -> list[list[bytes]]:
        """The tile's hashes, and above them what `read` has built of its subtree so far."""
        layers = _recall(self._tiles, tile)
        if layers is None:
            path = tile_path(tile)
            data = self._fetch_one(path, tile_path(Tile(tile.level, tile.index)))
            if len(data) not in {tile.width * HASH_BYTES, WIDTH * HASH_BYTES}:
                raise TileError(f"{path} holds {len(data)} bytes")
            layers = [split_hashes(data)[: tile.width]]
            _remember(self._tiles, tile, layers, CACHED_TILES)
        return layers

    def _fetch_one(self, path: str, full_path: str) -> bytes:
        if path == full_path:
            return self._fetch(path)
        try:
            return self._fetch(path)
        except Exception as gone:  # noqa: BLE001 - the source's own errors, raised below
            try:
                return self._fetch(full_path)
            except Exception:  # noqa: BLE001 - what was asked for is what is missing
                raise gone from None


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes in a tile's bytes."""
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def _recall(cache: OrderedDict[_Key, _Value], key: _Key) -> _Value | None:
    value = cache.get(key)
    if value is not None:
        cache.move_to_end(key)
    return value


def _remember(cache: OrderedDict[_Key, _Value], key: _Key, value: _Value, most: int) -> None:
    cache[key] = value
    if len(cache) > most:
        cache.popitem(last=False)


def _index_path(index: int) -> str:
    if index < 0:
        raise TileError("an index below zero")
    parts = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        parts.append(f"x{index % 1000:03}")
    return "/".join(reversed(parts))


def _width_path(width: int) -> str:
    if not 0 < width <= WIDTH:
        raise TileError(f"a width of {width}")
    return "" if width == WIDTH else f".p/{width}"


def _parse_path(path: str) -> Tile:
    match = _PATH.fullmatch(path)
    if match is None:
        raise TileError(f"no tile has the path {path[:80]!r}")
    level, index, width = match["level"], match["index"], match["width"]
    tile = Tile(
        0 if level == "entries" else parse_decimal(level),
        int(index.replace("x", "").replace("/", "")),
        WIDTH if width is None else int(width),
    )
    if width is not None and tile.width >= WIDTH:
        raise TileError(f"no tile has the path {path[:80]!r}")
    return tile
