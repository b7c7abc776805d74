"""The files of a log held against its signed root, from the top down: each says what is below."""

from collections.abc import Iterator

from custody.log.checkpoint import Checkpoint
from custody.log.errors import LogError
from custody.log.merkle import complete_root, hash_leaf, tree_root
from custody.log.tiles import (
    HEIGHT,
    MAX_LEVEL,
    WIDTH,
    Tile,
    TileReader,
    tile_of,
    tile_path,
    tiles_between,
)
from custody.outside.errors import TamperedLogError

Hashes = list[bytes]


def downward(old_size: int, new_size: int) -> list[Tile]:
    """The tiles a tree gained, the highest first, from left to right."""
    return sorted(tiles_between(old_size, new_size), key=lambda tile: (-tile.level, tile.index))


def prove_edge(checkpoint: Checkpoint, reader: TileReader) -> dict[Tile, Hashes]:
    """The partial tiles of the tree, if they make its root: with it every hash in them is proven.

    Raises `TamperedLogError`, and what the reader's source raises.
    """
    try:
        edge = {tile: reader.tile(tile) for tile in _right_edge(checkpoint.size)}
        files = {tile_path(tile): b"".join(hashes) for tile, hashes in edge.items()}
        made = tree_root(checkpoint.size, TileReader(files.__getitem__, checkpoint.size).read)
    except LogError as error:
        raise TamperedLogError(str(error)) from error
    if made != checkpoint.root:
        raise TamperedLogError("the right edge of the tiles does not make the signed root")
    return edge


def prove_full_tile(tile: Tile, reader: TileReader, above: TileReader) -> Hashes:
    """The hashes of a full tile, if the tile above it, read from where it is proven, says so.

    Raises as `prove_edge`.
    """
    try:
        hashes = reader.tile(tile)
        stated = above.read(HEIGHT * (tile.level + 1), tile.index)
    except LogError as error:
        raise TamperedLogError(str(error)) from error
    if complete_root(hashes) != stated:
        raise TamperedLogError(f"{tile_path(tile)} is not what the tile above it says")
    return hashes


def prove_bundle(tile: Tile, hashes: Hashes, reader: TileReader) -> list[bytes]:
    """The entries under a proven tile of level 0, if they hash to its leaves.

    Raises as `prove_edge`.
    """
    try:
        entries = reader.bundle(tile)
    except LogError as error:
        raise TamperedLogError(str(error)) from error
    for number, (entry, leaf_hash) in enumerate(zip(entries, hashes, strict=True)):
        if hash_leaf(entry) != leaf_hash:
            index = tile.index * WIDTH + number
            raise TamperedLogError(f"entry {index} does not hash to its leaf")
    return entries


def _right_edge(size: int) -> Iterator[Tile]:
    for level in range(MAX_LEVEL + 1):
        count = size >> (HEIGHT * level)
        if count % WIDTH:
            yield tile_of(size, level, count // WIDTH)
