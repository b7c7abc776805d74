"""A mirror takes what continues it, proves every file before it keeps it, and keeps the proof of a
log that shows two histories."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.log.cosignature import Cosigner
from custody.log.errors import LogError
from custody.outside.cosignatures import cosignature_path
from custody.outside.errors import (
    ShrunkLogError,
    SourceError,
    SplitViewError,
    TamperedLogError,
)
from custody.outside.mirror import Mirror
from custody.outside.sources import FolderSource
from tests.unit.custody.log.samples import LOG_KEY, SampleLog
from tests.unit.custody.outside.shown import ENTRIES, FORGED, ShownLog


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mirror"


@pytest.fixture
def mirror(folder: Path) -> Mirror:
    return Mirror(folder, LOG_KEY.verifier)


def files_in(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_the_first_copy_is_the_whole_log(mirror: Mirror, folder: Path) -> None:
    shown = ShownLog(600)
    steps: list[tuple[int, int]] = []
    mirrored = mirror.follow(shown, lambda done, total: steps.append((done, total)))
    assert (mirrored.old, mirrored.new.size) == (None, 600)
    copied = files_in(folder)
    assert copied.pop(f"checkpoints/{600:012}") == shown.files["checkpoint"]
    assert copied == shown.files
    assert steps == [(number, len(copied) - 1) for number in range(1, len(copied))]


@pytest.mark.parametrize("sizes", [(1, 2), (255, 256, 257), (256, 512), (3, 600), (600, 600)])
def test_what_is_new_is_added(mirror: Mirror, folder: Path, sizes: tuple[int, ...]) -> None:
    for size in sizes:
        mirror.follow(ShownLog(size))
    copied = files_in(folder)
    last = ShownLog(sizes[-1])
    assert {path: copied[path] for path in last.files} == last.files
    assert {path for path in copied if path.startswith("checkpoints/")} == {
        f"checkpoints/{size:012}" for size in sizes
    }
    newest = mirror.newest()
    assert newest is not None
    assert newest.root == last.root


@pytest.mark.parametrize("old", [1, 255, 256, 300, 599])
def test_a_rewritten_history_is_refused_and_kept(mirror: Mirror, folder: Path, old: int) -> None:
    mirror.follow(ShownLog(old))
    before = files_in(folder)
    forged = ShownLog(600, [FORGED[0], *ENTRIES[1:]])
    with pytest.raises(SplitViewError):
        mirror.follow(forged)
    after = files_in(folder)
    (kept,) = set(after) - set(before)
    assert kept.startswith("refused/000000000600-")
    assert after.pop(kept) == forged.files["checkpoint"]
    assert after == before


def test_two_trees_of_one_size_and_a_smaller_one_are_refused(mirror: Mirror, folder: Path) -> None:
    mirror.follow(ShownLog(300))
    for shown in (ShownLog(300, FORGED), ShownLog(299, FORGED)):
        with pytest.raises(SplitViewError):
            mirror.follow(shown)
    before = files_in(folder)
    # The same history, and less of it: no second one, and nothing to keep.
    with pytest.raises(ShrunkLogError, match="299, 300 before"):
        mirror.follow(ShownLog(299))
    assert files_in(folder) == before
    assert mirror.follow(ShownLog(301)).old is not None


def changes() -> Iterator[tuple[str, str]]:
    for path in sorted(ShownLog(600).files):
        for change in ("flip", "cut", "grow"):
            yield path, change


@pytest.mark.parametrize(("path", "change"), list(changes()))
@pytest.mark.parametrize("old", [0, 300])
def test_a_changed_file_is_named_and_not_kept(
    mirror: Mirror, folder: Path, old: int, path: str, change: str
) -> None:
    if old:
        mirror.follow(ShownLog(old))
    shown = ShownLog(600)
    data = bytearray(shown.files[path])
    if change == "flip":
        data[len(data) // 2] ^= 1
    elif change == "cut":
        del data[-1:]
    else:
        data += b"\n"
    shown.files[path] = bytes(data)
    untouched = path not in {*ShownLog(600).files} - {*ShownLog(old).files} - {"checkpoint"}
    if old and path != "checkpoint" and untouched:
        mirror.follow(shown)  # the mirror has it already and does not ask
        return
    with pytest.raises((TamperedLogError, SplitViewError)):
        mirror.follow(shown)
    assert bytes(data) not in files_in(folder).values()
    mirror.follow(ShownLog(600))
    assert {**files_in(folder), **ShownLog(600).files} == files_in(folder)


@pytest.mark.parametrize("path", sorted({*ShownLog(600).files} - {*ShownLog(300).files}))
def test_a_missing_file_is_told_and_the_next_try_goes_on(
    mirror: Mirror, folder: Path, path: str
) -> None:
    mirror.follow(ShownLog(300))
    shown = ShownLog(600)
    del shown.files[path]
    with pytest.raises(SourceError):
        mirror.follow(shown)
    newest = mirror.newest()
    assert newest is not None
    assert newest.size == 300
    assert mirror.follow(ShownLog(600)).new.size == 600


def test_a_checkpoint_of_another_key_is_none(mirror: Mirror, folder: Path) -> None:
    shown = ShownLog(5)
    shown.files["checkpoint"] = shown.files["checkpoint"].replace(
        b"liuhen.example", b"other.example"
    )
    with pytest.raises(TamperedLogError):
        mirror.follow(shown)
    assert not folder.exists()


def test_a_mirror_whose_own_checkpoint_was_altered_does_not_go_on(
    mirror: Mirror, folder: Path
) -> None:
    mirror.follow(ShownLog(5))
    (folder / "checkpoint").write_bytes(b"nothing")
    with pytest.raises(TamperedLogError):
        mirror.follow(ShownLog(6))


def test_a_mirror_can_be_mirrored(mirror: Mirror, folder: Path, tmp_path: Path) -> None:
    mirror.follow(ShownLog(300))
    mirror.follow(ShownLog(600))
    again = tmp_path / "again"
    Mirror(again, LOG_KEY.verifier).follow(FolderSource(folder))
    assert {**files_in(again)} == {
        **ShownLog(600).files,
        f"checkpoints/{600:012}": ShownLog(600).files["checkpoint"],
    }


@settings(max_examples=20, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 600), min_size=1, max_size=4),
    forged_at=st.none() | st.integers(0, 599),
)
def test_whatever_it_followed_is_one_history(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], forged_at: int | None
) -> None:
    folder = tmp_path_factory.mktemp("mirror")
    mirror = Mirror(folder, LOG_KEY.verifier)
    entries = list(ENTRIES)
    if forged_at is not None:
        entries[forged_at] = FORGED[forged_at]
    roots = {}
    for number, size in enumerate(sizes):
        shown = ShownLog(size, entries if number % 2 else ENTRIES)
        try:
            mirror.follow(shown)
        except (ShrunkLogError, SplitViewError, LogError):
            continue
        roots[size] = shown.root
    newest = mirror.newest()
    assert newest is None or newest.size == max(roots, default=0)
    if newest is not None and forged_at is not None:
        honest = {size: ShownLog(size).root for size in roots}
        forged = {size: ShownLog(size, entries).root for size in roots}
        assert roots in (honest, forged)


COSIGNERS = [
    Cosigner(f"witness.example/{name}", Ed25519PrivateKey.from_private_bytes(bytes([name]) * 32))
    for name in (1, 2)
]


def file_cosignature(shown: ShownLog, size: int, cosigner: Cosigner, entries: list[bytes]) -> str:
    """Put into the log what ``cosigner`` signed of its first ``size`` entries."""
    log = SampleLog(entries[:size])
    line = cosigner.cosign(log.checkpoint().encode(), 1_700_000_000)
    path = cosignature_path(size, cosigner.verifier)
    shown.files[path] = (log.note() + line).encode()
    return path


def test_filed_cosignatures_come_too_and_late_ones_with_the_next(folder: Path) -> None:
    first, second = COSIGNERS
    mirror = Mirror(folder, LOG_KEY.verifier, cosigners=[one.verifier for one in COSIGNERS])
    shown = ShownLog(300)
    paths = [file_cosignature(shown, 300, first, ENTRIES)]
    assert mirror.follow(shown).cosignatures == 1
    assert mirror.follow(shown).cosignatures == 0
    later = ShownLog(301)
    for size, cosigner in ((300, first), (300, second), (301, second)):
        paths.append(file_cosignature(later, size, cosigner, ENTRIES))
    assert mirror.follow(later).cosignatures == 2
    copied = files_in(folder)
    assert {path for path in copied if path.startswith("cosignatures/")} == set(paths)
    assert all(copied[path] == later.files[path] for path in paths)
    # Nobody knows whose these are without being told.
    again = Mirror(folder.with_name("again"), LOG_KEY.verifier)
    assert again.follow(later).cosignatures == 0


@pytest.mark.parametrize("wrong", ["another tree", "another key", "another size", "flip", "none"])
def test_what_is_no_cosignature_on_this_checkpoint_is_not_kept(folder: Path, wrong: str) -> None:
    first, second = COSIGNERS
    mirror = Mirror(folder, LOG_KEY.verifier, cosigners=[first.verifier])
    shown = ShownLog(300)
    path = file_cosignature(shown, 300, first, FORGED if wrong == "another tree" else ENTRIES)
    if wrong == "another key":
        shown.files[path] = shown.files[file_cosignature(shown, 300, second, ENTRIES)]
    elif wrong == "another size":
        shown.files[path] = shown.files[file_cosignature(shown, 299, first, ENTRIES)]
    elif wrong == "flip":
        shown.files[path] = shown.files[path][:-10] + b"AAAAAAAA=\n"
    elif wrong == "none":
        shown.files[path] = shown.files["checkpoint"]
    with pytest.raises(TamperedLogError, match="cosignatures/000000000300"):
        mirror.follow(shown)
    assert not (folder / path).exists()
    assert mirror.newest() is None


@pytest.mark.parametrize("path", sorted({*ShownLog(300).files} - {"checkpoint"}))
def test_a_file_that_was_altered_in_the_mirror_is_named_and_not_written_over(
    mirror: Mirror, folder: Path, path: str
) -> None:
    """As where it was killed before its checkpoint, and begins anew."""
    mirror.follow(ShownLog(300))
    (folder / "checkpoint").unlink()
    (folder / path).write_bytes(b"something else")
    with pytest.raises(TamperedLogError, match="holds other bytes"):
        mirror.follow(ShownLog(300))
    assert (folder / path).read_bytes() == b"something else"
