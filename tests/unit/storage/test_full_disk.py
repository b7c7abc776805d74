"""A full disk is told as such, and what stood before stands."""

from pathlib import Path

import pytest

from storage.errors import ObjectNotFoundError, StoreFullError
from storage.local import LocalStore
from storage.staging import Staging

ID = "01936a3e-7c1b-7d2e-8f00-0123456789ab"
MIB = 1024 * 1024


def test_a_store_keeps_what_it_has(disk: Path, tmp_path: Path) -> None:
    store = LocalStore(disk / "objects")
    store.put_bytes("log/checkpoint", b"an older one")
    source = tmp_path / "large"
    source.write_bytes(bytes(3 * MIB))
    with pytest.raises(StoreFullError):
        store.put_file("originals/large", source)
    with pytest.raises(StoreFullError):
        store.put_bytes("originals/large", bytes(3 * MIB))
    with pytest.raises(StoreFullError):
        store.replace_bytes("log/checkpoint", bytes(3 * MIB))
    assert [found.key for found in store.list()] == ["log/checkpoint"]
    assert store.read_bytes("log/checkpoint") == b"an older one"
    with pytest.raises(ObjectNotFoundError):
        store.stat("originals/large")
    # What a failed write took is given back at once.
    store.put_bytes("originals/small", bytes(MIB))
    assert store.read_bytes("originals/small") == bytes(MIB)


def test_an_upload_goes_on_from_its_durable_offset(disk: Path) -> None:
    staging = Staging(disk / "staging")
    first = b"1" * MIB
    with staging.open(ID, 0) as staged:
        staged.write(first)
        staged.sync()
        with pytest.raises(StoreFullError):
            staged.write(b"2" * (2 * MIB))
        assert staged.size == MIB
        assert staging.path(ID).read_bytes() == first
        staged.write(b"3" * 1000)  # the room is there again
        staged.sync()
    with staging.open(ID, MIB + 1000) as staged:
        assert staged.size == MIB + 1000
    assert staging.path(ID).read_bytes() == first + b"3" * 1000


def test_a_full_disk_does_not_stop_a_discard(disk: Path) -> None:
    staging = Staging(disk / "staging")
    with staging.open(ID, 0) as staged:
        for _ in range(18):
            staged.write(bytes(MIB // 10))
            staged.sync()
        with pytest.raises(StoreFullError):
            staged.write(bytes(MIB))
    staging.discard(ID)
    assert staging.entries() == []
    with staging.open(ID, 0) as staged:
        staged.write(bytes(MIB))
        staged.sync()
