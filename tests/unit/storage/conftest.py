"""A disk of two MiB: a real one where we may mount, else one whose writes fail like its."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.disks import MountRefusedError, small_disk

SIZE_BYTES = 2 * 1024 * 1024


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a disk with room for two MiB."""
    try:
        with small_disk(tmp_path / "disk", SIZE_BYTES) as folder:
            yield folder
    except MountRefusedError:
        folder = tmp_path / "disk"
        monkeypatch.setattr(os, "write", _limited_write(folder))
        monkeypatch.setattr(os, "link", _link_within(folder))
        yield folder


def _limited_write(folder: Path) -> object:
    """`os.write` for which the files below ``folder`` share the room, as on a disk of that size."""
    write = os.write

    def limited(descriptor: int, data: bytes) -> int:
        taken = {
            (found.st_dev, found.st_ino): found.st_size
            for found in (path.stat() for path in folder.rglob("*") if path.is_file())
        }
        room = SIZE_BYTES - sum(taken.values())
        if room <= 0 and len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, memoryview(data)[:room])  # a disk takes what still fits

    return limited


def _link_within(folder: Path) -> object:
    """`os.link` that links nothing from elsewhere into ``folder``, as if it were another disk."""
    link = os.link

    def linked(source: Path, target: Path, *, follow_symlinks: bool = True) -> None:
        if source.is_relative_to(folder) != target.is_relative_to(folder):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        link(source, target, follow_symlinks=follow_symlinks)

    return linked
