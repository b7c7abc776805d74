"""Which tiles the signed root vouches for."""

import hashlib
from pathlib import Path

import pytest

from custody.log.merkle import hash_leaf, root_of
from custody.log.tile_writer import extend_tiles
from custody.log.tiles import TileError
from custody.object_keys import log_key
from custody.verification.objects import LogObjects
from custody.verification.reports import Report
from custody.verification.truth import SignedTree
from storage.local import LocalStore

SIZES = (1, 5, 255, 256, 257, 600, 65_536 + 300)


def leaves(size: int) -> list[bytes]:
    return [hash_leaf(number.to_bytes(4, "big")) for number in range(size)]


def stored(store: LocalStore, hashes: list[bytes]) -> LogObjects:
    def fetch(path: str) -> bytes:
        raise TileError(path)

    for path, data in extend_tiles(fetch, 0, hashes):
        store.put_bytes(log_key(path), data)
    return LogObjects(store, Report())


@pytest.mark.parametrize("size", SIZES)
def test_root_vouches_for_every_leaf_tile_and_no_other(local_store: LocalStore, size: int) -> None:
    hashes = leaves(size)
    tree = SignedTree(stored(local_store, hashes), size, root_of(hashes))
    assert tree.edge_holds()
    for index in {0, (size - 1) // 512, (size - 1) // 256}:
        tile = hashes[index * 256 : (index + 1) * 256]
        assert tree.accepts(index, tile)
        assert not tree.accepts(index, [hashlib.sha256(b"other").digest(), *tile[1:]])
        assert not tree.accepts(index, [None, *tile[1:]])
        assert not tree.accepts(index, tile[:-1])


def test_altered_tile_above_vouches_for_nothing(local_store: LocalStore, tmp_path: Path) -> None:
    hashes = leaves(600)
    objects = stored(local_store, hashes)
    path = tmp_path / "objects" / "log/tile/1/000.p/2"
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(data))
    tree = SignedTree(objects, 600, root_of(hashes))
    assert not tree.edge_holds()
    assert not tree.accepts(0, hashes[:256])
