"""The entries of a log as its files hold them, each bundle proven against one signed checkpoint."""

from collections.abc import Iterator
from functools import lru_cache

from custody.errors import RecoveryRefusedError
from custody.log.checkpoint import Checkpoint
from custody.log.errors import LogError, ProofError
from custody.log.merkle import complete_root, prove_consistency, verify_consistency
from custody.log.tiles import (
    HEIGHT,
    WIDTH,
    Fetch,
    Tile,
    TileReader,
    tile_of,
    tile_path,
)
from custody.outside.errors import TamperedLogError
from custody.outside.proving import prove_bundle, prove_edge

#: Tiles kept with their proof: the way to 16 million entries.
CACHED_TILES = 256


class ProvenLog:
    """Reads from the signed root downward; ``fetch`` gives the files by their C2SP names."""

    def __init__(self, fetch: Fetch, checkpoint: Checkpoint) -> None:
        self._reader = TileReader(fetch, checkpoint.size)
        self.checkpoint = checkpoint
        self._edge = prove_edge(checkpoint, self._reader)
        self._proven = lru_cache(maxsize=CACHED_TILES)(self._prove)

    def check_begins_with(self, size: int, root: bytes, why: str = "") -> None:
        """Raise `RecoveryRefusedError` unless it begins with ``size`` entries under ``root``.

        ``why`` says what they are; without it, those of the database.
        """
        end = self.checkpoint
        try:
            proof = prove_consistency(size, end.size, self._node)
            verify_consistency(size, end.size, root, end.root, proof)
        except ProofError as error:
            raise RecoveryRefusedError(
                why
                or f"the {size} entries of the database are not those that were signed; "
                "verify the log"
            ) from error

    def entries(self, first: int) -> Iterator[tuple[int, list[bytes]]]:
        """Index and entries of each bundle from ``first`` on, the first one cut where it begins.

        Raises `TamperedLogError`, and what ``fetch`` raises.
        """
        for index in range(first // WIDTH, -(-self.checkpoint.size // WIDTH)):
            tile = tile_of(self.checkpoint.size, 0, index)
            held = prove_bundle(tile, self._proven(tile), self._reader)
            start = max(first, index * WIDTH)
            yield start, held[start - index * WIDTH :]

    def _node(self, level: int, index: int) -> bytes:
        """The root of a complete subtree, out of a proven tile: what does not fit is the files'."""
        tile_level, height = divmod(level, HEIGHT)
        first = index << height
        hashes = self._proven(tile_of(self.checkpoint.size, tile_level, first // WIDTH))
        return complete_root(hashes[first % WIDTH :][: 1 << height])

    def _prove(self, tile: Tile) -> list[bytes]:
        known = self._edge.get(tile)
        if known is not None:
            return known
        above = self._proven(tile_of(self.checkpoint.size, tile.level + 1, tile.index // WIDTH))
        try:
            hashes = self._reader.tile(tile)
        except LogError as error:
            raise TamperedLogError(str(error)) from error
        if complete_root(hashes) != above[tile.index % WIDTH]:
            raise TamperedLogError(f"{tile_path(tile)} is not what the tile above it says")
        return hashes
