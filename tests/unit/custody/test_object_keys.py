"""Keys of objects: what the store accepts, the same every time."""

from custody.object_keys import checkpoint_archive_key, log_key, original_key, rendition_key


def test_keys() -> None:
    digest = "3f9a21c4" * 8
    assert original_key(digest) == f"originals/3f/9a/{digest}"
    assert rendition_key("018f", "proxy", digest) == f"renditions/018f/proxy/{digest}"
    assert log_key("tile/0/000") == "log/tile/0/000"
    assert checkpoint_archive_key(42) == "log/checkpoints/000000000042"


def test_archived_checkpoints_sort_by_size() -> None:
    sizes = [9, 10, 99, 100, 10**11]
    keys = [checkpoint_archive_key(size) for size in sizes]
    assert sorted(keys) == keys
