"""Whole or not at all, and in the order that a power cut respects."""

import errno
import io
import os
from pathlib import Path
from typing import Any

import pytest

from storage import durable
from storage.errors import StoreFullError


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what was synced or renamed, in order; a synced folder ends in a slash."""
    found: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def note_fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        found.append("sync " + (f"{path.name}/" if path.is_dir() else _plain(path)))
        fsync(descriptor)

    def note_replace(path: Path, target: Path) -> Path:
        found.append(f"rename {_plain(path)} {target.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "replace", note_replace)
    return found


def _plain(path: Path) -> str:
    return "TEMPORARY" if path.suffix == ".tmp" else path.name


def test_a_file_is_durable_before_its_name_and_its_name_before_the_return(
    tmp_path: Path, calls: list[str]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    durable.write_file(folder / "state", b"new", mode=0o600)
    assert calls == ["sync TEMPORARY", "rename TEMPORARY state", "sync folder/"]
    assert (folder / "state").read_bytes() == b"new"
    assert (folder / "state").stat().st_mode & 0o777 == 0o600


def test_a_failed_write_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"old")

    def fail(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    for name in ("write", "fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, fail)
            with pytest.raises(StoreFullError, match="No space left"):
                durable.write_file(path, b"new")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(OSError, match="No space left"):
            durable.write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_durable_from_the_top_down(tmp_path: Path, calls: list[str]) -> None:
    durable.make_folder(tmp_path / "a" / "b" / "c", mode=0o700)
    assert calls == [f"sync {tmp_path.name}/", "sync a/", "sync b/"]
    assert (tmp_path / "a/b/c").stat().st_mode & 0o777 == 0o700
    durable.make_folder(tmp_path / "a" / "b" / "c")
    assert calls[3:] == ["sync b/"]


def test_a_file_in_the_way_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(FileExistsError):
        durable.make_folder(tmp_path / "a")


def test_a_new_file_never_replaces_one(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"first")
    with pytest.raises(FileExistsError), durable.new_file(tmp_path / "a"):
        pytest.fail("opened")
    assert (tmp_path / "a").read_bytes() == b"first"


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    durable.write_file(tmp_path / "a", b"0123456789")
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_a_copy_of_too_few_bytes_is_no_copy(tmp_path: Path) -> None:
    with pytest.raises(EOFError, match="5 bytes"), durable.new_file(tmp_path / "a") as descriptor:
        durable.copy_bytes(io.BytesIO(b"01234"), descriptor, 10)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_has_one_name(code: int) -> None:
    with pytest.raises(StoreFullError), durable.reporting_full_disk():
        raise OSError(code, os.strerror(code))


def test_any_other_trouble_keeps_its_own(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), durable.reporting_full_disk():
        raise PermissionError(errno.EACCES, "Permission denied")
    durable.sync_file(_written(tmp_path / "a"))
    durable.sync_folder(tmp_path)


def _written(path: Path) -> Path:
    path.write_bytes(b"x")
    return path
