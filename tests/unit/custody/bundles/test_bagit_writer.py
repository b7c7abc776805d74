import io
from pathlib import Path

import bagit
import pytest

from custody.bundles.bagit_writer import MAX_NAME_BYTES, BagWriter, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("TA00716_JX0227_20170623093621.MOV", "TA00716_JX0227_20170623093621.MOV"),
        ("../../etc/passwd", "etc_passwd"),
        ("a\r\nb.mp4", "a__b.mp4"),
        ("录像 1.mp4", "录像_1.mp4"),
        ("emoji😀.mp4", "emoji_.mp4"),
        ("CON.mp4", "_CON.mp4"),
        (".hidden", "hidden"),
        ("100%.mp4", "100_.mp4"),
        ("\u202egpj.exe", "gpj.exe"),
        ("...", "_"),
        ("", "_"),
        ("\udcb3\udcc7.mp4", "mp4"),
    ],
)
def test_safe_name(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_safe_name_is_short_and_keeps_its_ending() -> None:
    name = safe_name("录" * 200 + ".mp4")
    assert len(name.encode()) <= MAX_NAME_BYTES
    assert name.endswith(".mp4")


def test_bag_is_valid_and_appears_at_once(tmp_path: Path) -> None:
    target = tmp_path / "bag"
    writer = BagWriter(target)
    writer.add_bytes("a/b.txt", b"one")
    writer.add_stream("c%d\r\n.bin", io.BytesIO(b"x" * 5000), lambda _: None)
    writer.finish([("External-Description", "two\nlines")])
    assert not target.exists()
    writer.reveal()
    assert "two lines" in (target / "bag-info.txt").read_text(encoding="utf-8")
    manifest = (target / "manifest-sha256.txt").read_text(encoding="utf-8")
    assert "data/c%25d%0D%0A.bin" in manifest
    assert list(tmp_path.iterdir()) == [target]


def test_bagit_accepts_it(tmp_path: Path) -> None:
    writer = BagWriter(tmp_path / "bag")
    writer.add_bytes("录像/一.txt", b"one")
    writer.finish([])
    writer.reveal()
    assert bagit.Bag(str(tmp_path / "bag")).validate()


def test_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / "x").touch()
    with pytest.raises(FileExistsError):
        BagWriter(tmp_path / "bag")


def test_discarded_bag_leaves_nothing(tmp_path: Path) -> None:
    writer = BagWriter(tmp_path / "bag")
    writer.add_bytes("a", b"one")
    writer.discard()
    assert list(tmp_path.iterdir()) == []
