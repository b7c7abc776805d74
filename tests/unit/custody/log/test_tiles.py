import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.log.errors import LogError, TileError
from custody.log.merkle import (
    complete_root,
    hash_leaf,
    prove_consistency,
    prove_inclusion,
    root_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from custody.log.tile_writer import extend_tiles
from custody.log.tiles import (
    Tile,
    TileReader,
    bundle_path,
    decode_bundle,
    encode_bundle,
    parse_bundle_path,
    parse_tile_path,
    split_hashes,
    tile_of,
    tile_path,
    tiles_between,
)
from tests.unit.custody.log.samples import SampleLog, chain

LEAVES = [hash_leaf(number.to_bytes(4, "big")) for number in range(70_000)]
FILES = dict(extend_tiles({}.__getitem__, 0, LEAVES))


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 1067, 5), "tile/0/x001/067.p/5"),
        (Tile(1, 999, 255), "tile/1/999.p/255"),
        (Tile(7, 1000), "tile/7/x001/000"),
    ],
)
def test_paths_are_those_of_the_specification(tile, path):
    assert tile_path(tile) == path
    assert parse_tile_path(path) == tile
    bundle = bundle_path(tile.index, tile.width)
    assert bundle == path.replace(f"tile/{tile.level}", "tile/entries")
    assert parse_bundle_path(bundle) == (tile.index, tile.width)


@given(st.integers(0, 7), st.integers(0, 2**55), st.integers(1, 256))
def test_paths_come_back(level, index, width):
    tile = Tile(level, index, width)
    assert parse_tile_path(tile_path(tile)) == tile
    assert parse_bundle_path(bundle_path(index, width)) == (index, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/0",
        "tile/8/000",
        "tile/00/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/067",
        "tile/0/x001",
        "tile/0/1000",
        "tile/0/x1/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/05",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/../000",
        "tile/0/００0",
        "tile/0/" + "x001/" * 9 + "000",
    ],
)
def test_no_other_path_is_taken(path):
    with pytest.raises(TileError):
        parse_tile_path(path)
    with pytest.raises(TileError):
        parse_bundle_path(path.replace("tile/0", "tile/entries"))


def test_tiles_and_bundles_are_told_apart():
    with pytest.raises(TileError):
        parse_tile_path("tile/entries/000")
    with pytest.raises(TileError):
        parse_bundle_path("tile/0/000")


@given(st.text(max_size=30))
def test_hostile_paths_are_refused(path):
    with pytest.raises(LogError):
        parse_tile_path(path)


def test_negative_indexes_and_widths_have_no_path():
    for tile in (Tile(0, -1), Tile(0, 0, 0), Tile(0, 0, 257)):
        with pytest.raises(TileError):
            tile_path(tile)


def test_the_specifications_tree_of_70000_has_its_tiles():
    tiles = list(tiles_between(0, 70_000))
    assert sum(tile.level == 0 and tile.width == 256 for tile in tiles) == 273
    assert [tile for tile in tiles if tile.width < 256 or tile.level] == [
        Tile(0, 273, 112),
        Tile(1, 0),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]


def test_a_tree_of_256_has_a_full_and_a_partial_tile():
    assert list(tiles_between(0, 256)) == [Tile(0, 0), Tile(1, 0, 1)]


@given(st.integers(0, 70_000), st.integers(0, 70_000))
def test_what_is_to_be_written_is_what_is_new(one, other):
    old, new = sorted((one, other))
    tiles = list(tiles_between(old, new))
    assert len(set(tiles)) == len(tiles)
    assert set(tiles) | set(tiles_between(0, old)) >= set(tiles_between(0, new))
    assert all(tile == tile_of(new, tile.level, tile.index) for tile in tiles)
    assert not set(tiles) & set(tiles_between(0, old))


@pytest.mark.parametrize(("old", "new"), [(1, 0), (-1, 0), (0, 2**63)])
def test_a_tree_does_not_shrink(old, new):
    with pytest.raises(TileError):
        list(tiles_between(old, new))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_a_bundle_comes_back(entries):
    assert decode_bundle(encode_bundle(entries)) == entries


@given(st.binary(max_size=600))
def test_hostile_bundles_are_refused_or_are_bundles(data):
    try:
        entries = decode_bundle(data)
    except LogError:
        return
    assert encode_bundle(entries) == data


@pytest.mark.parametrize("entries", [[], [b""] * 257, [b"x" * 65_536]])
def test_no_other_bundle_is_written(entries):
    with pytest.raises(TileError):
        encode_bundle(entries)


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\x00\x01", b"\x00\x02a", b"\x00\x01a\x00", b"\x00\x00" * 257]
)
def test_no_other_bundle_is_read(data):
    with pytest.raises(TileError):
        decode_bundle(data)


def test_a_full_tile_stands_for_its_subtree():
    assert complete_root(LEAVES[:256]) == root_of(LEAVES[:256])
    assert split_hashes(FILES["tile/0/000"]) == LEAVES[:256]


@given(st.integers(1, 70_000), st.data())
def test_proofs_made_of_tiles_verify(size, data):
    reader = TileReader(FILES_AND_PARTIALS, size)
    root = tree_root(size, reader.read)
    index = data.draw(st.integers(0, size - 1))
    assert reader.leaf_hash(index) == LEAVES[index]
    verify_inclusion(index, size, LEAVES[index], prove_inclusion(index, size, reader.read), root)
    old = data.draw(st.integers(0, size))
    old_root = tree_root(old, TileReader(FILES_AND_PARTIALS, old).read)
    verify_consistency(old, size, old_root, root, prove_consistency(old, size, reader.read))


def FILES_AND_PARTIALS(path):
    """Partial tiles of every size: cut from what is there."""
    tile = parse_tile_path(path)
    whole = FILES.get(tile_path(Tile(tile.level, tile.index)))
    if whole is None:
        whole = FILES[tile_path(tile_of(len(LEAVES), tile.level, tile.index))]
    return whole[: 32 * tile.width]


def test_the_root_of_the_tiles_is_the_root_of_the_leaves():
    assert tree_root(70_000, TileReader(FILES.__getitem__, 70_000).read) == root_of(LEAVES)


def test_a_full_tile_serves_where_the_partial_is_gone():
    log = SampleLog(chain("clip:1", 300))
    kept = {path: data for path, data in log.files.items() if ".p/" not in path}
    reader = TileReader(kept.__getitem__, 100)
    assert tree_root(100, reader.read) == root_of(log.leaves[:100])
    assert reader.entry(99) == log.entries[99]
    with pytest.raises(TileError):
        reader.entry(100)


def test_what_the_source_says_of_a_missing_tile_goes_on_to_the_caller():
    def fetch(path):
        raise ConnectionError(path)

    with pytest.raises(ConnectionError, match=r"tile/0/000\.p/100"):
        TileReader(fetch, 100).read(0, 0)
    with pytest.raises(ConnectionError, match=r"tile/entries/000$"):
        TileReader(fetch, 256).bundle(Tile(0, 0))


@pytest.mark.parametrize(
    ("level", "index"), [(0, 100), (0, -1), (-1, 0), (1, 50), (7, 0), (8, 0), (63, 0)]
)
def test_there_is_nothing_to_read_beyond_the_tree(level, index):
    with pytest.raises(TileError):
        TileReader(FILES_AND_PARTIALS, 100).read(level, index)


def test_a_reader_has_a_size():
    with pytest.raises(TileError):
        TileReader(FILES.__getitem__, -1)
    with pytest.raises(TileError):
        TileReader(FILES.__getitem__, 2**63)


@pytest.mark.parametrize("length", [0, 31, 99 * 32, 101 * 32, 8191, 8193])
def test_a_tile_of_another_length_is_refused(length):
    with pytest.raises(TileError):
        TileReader(lambda path: bytes(length), 100).read(0, 0)


def test_a_bundle_of_another_length_is_refused():
    log = SampleLog(chain("clip:1", 10))
    log.files["tile/entries/000.p/10"] = encode_bundle(log.entries[:9])
    with pytest.raises(TileError):
        log.reader().entry(0)


def test_an_entry_that_was_altered_does_not_hash_to_its_leaf():
    log = SampleLog(chain("clip:1", 10))
    altered = bytearray(log.files["tile/entries/000.p/10"])
    altered[30] ^= 1
    log.files["tile/entries/000.p/10"] = bytes(altered)
    with pytest.raises(TileError):
        log.reader().entry(0)
    assert log.reader().entry(9) == log.entries[9]


def test_a_reader_keeps_what_it_read_and_only_so_much():
    asked = []

    def fetch(path):
        asked.append(path)
        return FILES_AND_PARTIALS(path)

    reader = TileReader(fetch, 70_000)
    prove_inclusion(5, 70_000, reader.read)
    first = len(asked)
    assert first <= 5
    prove_inclusion(5, 70_000, reader.read)
    assert len(asked) == first
    for index in range(0, 70_000, 256):
        reader.leaf_hash(index)
    reader.leaf_hash(5)
    assert asked.count("tile/0/000") == 2
