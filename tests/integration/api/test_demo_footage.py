"""The demonstration footage: its names, its troubles, and that it is made once."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.demo.footage import FootageError, make_footage, plan
from ingest.filenames import parse_filename
from ingest.probe import probe

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "footage"
    told: list[tuple[int, int, str]] = []
    made = make_footage(folder, 1, lambda *step: told.append(step), day=DAY)
    assert [name for _, _, name in told] == [path.name for path in made]
    assert told[-1][:2] == (len(made), len(made))
    return folder


def test_the_names_are_those_of_recorders(folder: Path) -> None:
    names = {shot.name: shot.at for shot in plan(DAY)}
    assert {path.name for path in folder.iterdir()} == set(names)
    parsed = {name: parse_filename(name, ZONE) for name in names}
    assert {p.pattern for p in parsed.values() if p} >= {"gat_name", "dsj", "brand", "plain_time"}
    assert len({p.officer for p in parsed.values() if p and p.officer}) >= 4
    assert [name for name, p in parsed.items() if p and p.important] == [
        "DCAM_CAM001_000001_20261122_001000_IMP.mp4"
    ]
    for name, said in parsed.items():
        if said and said.recorded_at:
            assert said.recorded_at == names[name]


def test_the_recordings_are_whole_but_for_the_one_that_is_cut(folder: Path) -> None:
    found = {path.name: probe(path, name=path.name) for path in folder.iterdir()}
    by_kind = [probed.kind for probed in found.values()]
    assert {kind: by_kind.count(kind) for kind in set(by_kind)} == {
        "video": 9,
        "audio": 1,
        "picture": 1,
        "text": 1,
        "unknown": 1,
    }
    damaged = [name for name, probed in found.items() if probed.damage]
    assert damaged == ["TA00931_JX0311_20261122002233.MP4"]
    assert [name for name, p in found.items() if not p.size_bytes] == [
        "TA00931_JX0311_20261122002310.MP4"
    ]
    videos = [p.video for p in found.values() if p.video and p.kind == "video"]
    assert {(v.width, v.height, v.fps) for v in videos} == {(1920, 1080, "30/1")}
    assert {v.codec for v in videos} == {"h264", "hevc"}
    data = [name for name, p in found.items() if any(s.kind == "data" for s in p.streams)]
    assert data == ["TA00716_JX0227_20261121093621.MOV"]


def test_a_file_is_as_old_as_the_recording(folder: Path) -> None:
    shot = plan(DAY)[0]
    modified = datetime.fromtimestamp((folder / shot.name).stat().st_mtime, ZONE)
    assert 0 <= (modified - shot.at).total_seconds() <= 5


def test_what_is_there_is_kept_and_what_is_missing_is_made(folder: Path) -> None:
    before = {path.name: path.stat().st_ino for path in folder.iterdir()}
    missing = folder / "TA00931_JX0311_20261121144130.JPG"
    missing.unlink()
    # What a killed run leaves.
    parts = folder.parent / ".footage.parts"
    parts.mkdir()
    (parts / "half.mp4").write_bytes(b"half")
    # On whatever day it is called again, the set stays that of the day it was begun on.
    make_footage(folder, 1)
    after = {path.name: path.stat().st_ino for path in folder.iterdir()}
    assert set(after) == set(before)
    assert {n for n in after if after[n] != before[n]} <= {missing.name}
    assert not parts.exists()


def test_a_failing_ffmpeg_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.demo.footage.AAC", ("-c:a", "nonsense"))
    with pytest.raises(FootageError, match="nonsense"):
        make_footage(tmp_path / "footage", 1, day=DAY)
    assert list((tmp_path / "footage").iterdir()) == []
