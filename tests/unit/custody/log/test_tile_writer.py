import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.log.errors import TileError
from custody.log.merkle import hash_leaf, root_of, tree_root
from custody.log.tile_writer import extend_bundles, extend_tiles
from custody.log.tiles import TileReader, bundle_path, tile_path, tiles_between

ENTRIES = [number.to_bytes(4, "big") for number in range(66_600)]
LEAVES = [hash_leaf(entry) for entry in ENTRIES]
SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 513, 3000, 65_535, 65_536, 65_537, 65_793, 66_600]


def nothing(path):
    raise AssertionError(f"nobody needs {path}")


def whole_log(size):
    files = dict(extend_tiles(nothing, 0, LEAVES[:size]))
    files.update(extend_bundles(nothing, 0, ENTRIES[:size]))
    return files


@pytest.mark.parametrize(
    ("old", "new"),
    [*itertools.pairwise(SIZES), (0, 66_600), (255, 65_536), (300, 400)],
)
def test_growing_writes_exactly_what_a_log_of_that_size_has_more(old, new):
    before = whole_log(old)
    written = list(extend_tiles(before.__getitem__, old, LEAVES[old:new]))
    written += extend_bundles(before.__getitem__, old, ENTRIES[old:new])
    assert len(dict(written)) == len(written)
    tiles = list(tiles_between(old, new))
    expected = {tile_path(tile) for tile in tiles}
    expected |= {bundle_path(tile.index, tile.width) for tile in tiles if tile.level == 0}
    assert set(dict(written)) == expected
    after = whole_log(new)
    assert {path: after[path] for path in expected} == dict(written)


@given(st.lists(st.integers(0, 600), max_size=5))
def test_however_it_grew_the_log_is_the_same(steps):
    files = {}
    size = 0
    for step in steps:
        fetch = files.__getitem__
        grown = dict(extend_tiles(fetch, size, LEAVES[size : size + step]))
        grown.update(extend_bundles(fetch, size, ENTRIES[size : size + step]))
        # A retry after a crash in the middle: some of it stands already, the bytes are the same.
        files.update(list(grown.items())[: len(grown) // 2])
        assert grown == dict(extend_tiles(fetch, size, LEAVES[size : size + step])) | dict(
            extend_bundles(fetch, size, ENTRIES[size : size + step])
        )
        files.update(grown)
        size += step
    reader = TileReader(files.__getitem__, size)
    assert tree_root(size, reader.read) == root_of(LEAVES[:size])
    if size:
        assert reader.entry(size - 1) == ENTRIES[size - 1]
    assert files.items() >= whole_log(size).items()


def test_nothing_new_writes_nothing():
    before = whole_log(300)
    assert list(extend_tiles(before.__getitem__, 300, [])) == []
    assert list(extend_bundles(before.__getitem__, 300, [])) == []


def test_a_full_tile_serves_where_the_partial_edge_is_gone():
    before = {path: data for path, data in whole_log(512).items() if ".p/" not in path}
    before["tile/1/000.p/1"] = whole_log(300)["tile/1/000.p/1"]
    assert dict(extend_tiles(before.__getitem__, 300, LEAVES[300:400])) == {
        "tile/0/001.p/144": b"".join(LEAVES[256:400])
    }
    assert set(dict(extend_bundles(before.__getitem__, 300, ENTRIES[300:400]))) == {
        "tile/entries/001.p/144"
    }


def test_leaf_hashes_are_hashes():
    with pytest.raises(TileError):
        list(extend_tiles(nothing, 0, [b"short"]))


def test_a_damaged_edge_is_refused():
    before = whole_log(300)
    before["tile/0/001.p/44"] = b"short"
    before["tile/entries/001.p/44"] = b"short"
    with pytest.raises(TileError):
        list(extend_tiles(before.__getitem__, 300, LEAVES[300:301]))
    with pytest.raises(TileError):
        list(extend_bundles(before.__getitem__, 300, ENTRIES[300:301]))
