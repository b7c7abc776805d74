"""Growing the files of the log: from what stands and what is new to the tiles and bundles to write.

Nothing but the old size, the old files and the new leaves goes in, so a retry after a crash gives
the same bytes under the same paths.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from custody.log.errors import TileError
from custody.log.merkle import HASH_BYTES, complete_root
from custody.log.tiles import (
    HEIGHT,
    MAX_LEVEL,
    WIDTH,
    Fetch,
    Tile,
    TileReader,
    bundle_path,
    encode_bundle,
    tile_of,
    tile_path,
)


def extend_tiles(
    fetch: Fetch, old_size: int, leaf_hashes: Iterable[bytes]
) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every hash tile the tree gains with these leaves.

    Full tiles come as they fill up, the partial right edge (lowest level first) at the end. The
    old right edge is read through ``fetch``. Raises `TileError`, and what ``fetch`` raises.
    """
    reader = TileReader(fetch, old_size)
    # Per level: how many hashes it has, and those of its unfinished tile.
    counts = [old_size >> (HEIGHT * level) for level in range(MAX_LEVEL + 1)]
    edges = [
        reader.tile(tile_of(old_size, level, count // WIDTH)) if count % WIDTH else []
        for level, count in enumerate(counts)
    ]
    touched = [False] * len(counts)
    leaves = iter(leaf_hashes)
    while new := list(islice(leaves, WIDTH - len(edges[0]))):
        if any(len(leaf_hash) != HASH_BYTES for leaf_hash in new):
            raise TileError(f"a leaf hash has {HASH_BYTES} bytes")
        level = 0
        while True:
            edges[level] += new
            counts[level] += len(new)
            touched[level] = True
            if len(edges[level]) < WIDTH:
                break
            full, edges[level] = edges[level], []
            yield tile_path(Tile(level, counts[level] // WIDTH - 1)), b"".join(full)
            level, new = level + 1, [complete_root(full)]
    for level, edge in enumerate(edges):
        if touched[level] and edge:
            yield tile_path(Tile(level, counts[level] // WIDTH, len(edge))), b"".join(edge)


def extend_bundles(
    fetch: Fetch, old_size: int, entries: Iterable[bytes]
) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every entry bundle the log gains with these entries; the partial one last.

    The unfinished bundle is read through ``fetch``. Raises `TileError`, and what ``fetch`` raises.
    """
    index, width = divmod(old_size, WIDTH)
    held: list[bytes] = []
    if width:
        held = TileReader(fetch, old_size).bundle(tile_of(old_size, 0, index))
    left = iter(entries)
    while new := list(islice(left, WIDTH - len(held))):
        held += new
        if len(held) == WIDTH:
            yield bundle_path(index), encode_bundle(held)
            index, held = index + 1, []
    if held and (len(held) != width or index != old_size // WIDTH):
        yield bundle_path(index, len(held)), encode_bundle(held)
