"""Which leaf hashes the signed root vouches for, when the rows do not make that root.

From the root downward: the right edge of the tree folds to the root or it does not; a full tile is
authentic if its root is the hash that the authentic tile above it holds.
"""

from collections.abc import Sequence
from functools import lru_cache

from custody.log.errors import LogError
from custody.log.merkle import HASH_BYTES, complete_root, tree_root
from custody.log.tiles import (
    HEIGHT,
    MAX_LEVEL,
    WIDTH,
    Tile,
    split_hashes,
    tile_of,
    tile_path,
)
from custody.object_keys import log_key
from custody.verification.objects import LogObjects, UnreadableError

#: Tiles above level 0 kept in memory: 2 MiB, enough for the path to 16 million entries.
CACHED_TILES = 256


def read_tile(objects: LogObjects, tile: Tile) -> list[bytes] | None:
    """The hashes of ``tile`` as stored, believed by nobody yet; None if missing or malformed.

    Where a partial tile is gone the full one, which begins with the same hashes, stands in for it
    (C2SP tlog-tiles allows a log to drop partial tiles). Raises `UnreadableError`.
    """
    data = objects.find(log_key(tile_path(tile)))
    if data is None and tile.width < WIDTH:
        data = objects.find(log_key(tile_path(Tile(tile.level, tile.index))))
        data = None if data is None else data[: tile.width * HASH_BYTES]
    if data is None or len(data) != tile.width * HASH_BYTES:
        return None
    return split_hashes(data)


class SignedTree:
    """The tree of ``size`` entries under a signed ``root``, read top-down from stored tiles."""

    def __init__(self, objects: LogObjects, size: int, root: bytes) -> None:
        self._objects = objects
        self._size = size
        self._root = root
        self._tile = lru_cache(maxsize=CACHED_TILES)(self._read_authentic)
        self._edge_folds: bool | None = None

    def edge_holds(self) -> bool:
        """Whether the right edge, as the store has it, folds to the signed root."""
        if self._edge_folds is None:
            self._edge_folds = self._fold(None) == self._root
        return self._edge_folds

    def accepts(self, index: int, hashes: Sequence[bytes | None]) -> bool:
        """Whether the signed root vouches for ``hashes`` as the leaf tile ``index``."""
        tile = tile_of(self._size, 0, index)
        if len(hashes) != tile.width or any(value is None for value in hashes):
            return False
        whole = [value for value in hashes if value is not None]
        if tile.width == WIDTH:
            return complete_root(whole) == self._node(1, index)
        return self._fold(tuple(whole)) == self._root

    def _node(self, level: int, index: int) -> bytes | None:
        """The authentic hash of the full tile ``index`` below ``level``; None if nobody can say."""
        tile = self._tile(level, index // WIDTH)
        return None if tile is None else tile[index % WIDTH]

    def _read_authentic(self, level: int, index: int) -> list[bytes] | None:
        if level > MAX_LEVEL:
            return None
        try:
            tile = tile_of(self._size, level, index)
            hashes = read_tile(self._objects, tile)
        except (LogError, UnreadableError):
            return None
        if hashes is None:
            return None
        if tile.width == WIDTH:
            return hashes if complete_root(hashes) == self._node(level + 1, index) else None
        return hashes if self.edge_holds() else None

    def _fold(self, last_leaves: tuple[bytes, ...] | None) -> bytes | None:
        """The root of the right edge as stored, with ``last_leaves`` for the last leaf tile."""
        edge: dict[tuple[int, int], list[bytes] | None] = {}
        if last_leaves is not None:
            edge[0, self._size // WIDTH] = list(last_leaves)

        def read(level: int, index: int) -> bytes:
            # Node (level, index) of the tree is made of hashes of one tile.
            tile_level, height = divmod(level, HEIGHT)
            first = index << height
            place = (tile_level, first // WIDTH)
            if place not in edge:
                edge[place] = read_tile(self._objects, tile_of(self._size, *place))
            hashes = edge[place]
            if hashes is None:
                raise LogError(f"tile {place}")
            start = first % WIDTH
            return complete_root(hashes[start : start + (1 << height)])

        try:
            return tree_root(self._size, read)
        except (LogError, UnreadableError):
            return None
