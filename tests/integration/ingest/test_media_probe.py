"""The prober over real files, whole, broken and hostile."""

import random
from pathlib import Path

import pytest

from ingest.errors import MediaInterruptedError, ProbeError
from ingest.probe import ProbeResult, StreamInfo, probe
from tests.assets.media import bomb, cut, media, rotated


@pytest.mark.parametrize(
    ("name", "container", "kind", "codecs"),
    [
        ("plain.mp4", "mov", "video", ["h264", "aac"]),
        ("fragmented.mp4", "mov", "video", ["h264", "aac"]),
        ("h265.mp4", "mov", "video", ["hevc", "aac"]),
        ("plain.ts", "mpegts", "video", ["h264", "aac"]),
        ("plain.avi", "avi", "video", ["h264", "aac"]),
        ("plain.mkv", "matroska", "video", ["h264", "aac"]),
        ("silent.mp4", "mov", "video", ["h264"]),
        ("sound.wav", "wav", "audio", ["pcm_s16le"]),
        ("sound.mp3", "mp3", "audio", ["mp3float"]),
        ("sound.aac", "aac", "audio", ["aac"]),
    ],
)
def test_recordings(name: str, container: str, kind: str, codecs: list[str]) -> None:
    found = probe(media(name))
    assert (found.container, found.kind, found.opened, found.damage, found.error) == (
        container,
        kind,
        True,
        None,
        None,
    )
    assert [stream.codec for stream in found.streams] == codecs
    assert 2900 <= (found.duration_ms or 0) <= 3200
    if kind == "video":
        assert found.video is not None
        assert (found.video.width, found.video.height) == (640, 360)
        rate, per = (int(part) for part in (found.video.fps or "0/1").split("/"))
        assert rate / per == pytest.approx(25, abs=0.5)  # a fragmented file tells it roughly
    if found.audio:
        assert (found.audio.sample_rate, found.audio.channels) == (44100, 1)


@pytest.mark.parametrize(
    ("name", "frames"),
    [("silent.mp4", 75), ("fragmented.mp4", None), ("plain.avi", None), ("plain.ts", None)],
)
def test_frames_are_known_where_an_index_lists_them_all(name: str, frames: int | None) -> None:
    assert probe(media(name)).frames == frames


def test_a_data_stream_is_named_and_left_alone() -> None:
    found = probe(media("timecode.mov"))
    assert found.streams[-1] == StreamInfo("data", duration_ms=3000)
    assert found.media()["streams"][-1] == {"kind": "data", "duration_ms": 3000}


def test_the_turn_of_the_camera_is_told() -> None:
    video = probe(rotated()).video
    assert video is not None
    assert (video.rotation, video.width, video.height) == (90, 640, 360)


@pytest.mark.parametrize("name", ["picture.jpg", "picture.png"])
def test_pictures_have_no_duration(name: str) -> None:
    found = probe(media(name))
    assert (found.kind, found.duration_ms, found.opened) == ("picture", None, True)


def test_what_is_found_holds_no_fractions_and_nothing_of_the_files_own_words() -> None:
    def check(value: object) -> None:
        assert not isinstance(value, float)
        if isinstance(value, dict):
            for inner in value.values():
                check(inner)
        elif isinstance(value, list):
            for inner in value:
                check(inner)

    found = probe(media("plain.mp4")).media()
    check(found)
    assert "Lavf" not in str(found)


@pytest.mark.parametrize(
    ("name", "damage", "opened"),
    [
        ("plain.mp4", "no_index", False),
        ("faststart.mp4", "cut_off", True),
        ("plain.ts", "cut_off", True),
        ("plain.avi", "cut_off", True),
        ("plain.mkv", "cut_off", True),
        ("sound.wav", "cut_off", True),
        ("picture.jpg", "cut_off", True),
    ],
)
def test_what_is_cut_off_is_known_to_be(name: str, damage: str, opened: bool) -> None:
    found = probe(cut(name))
    assert (found.damage, found.opened) == (damage, opened)


def test_random_bytes_and_nothing_at_all(tmp_path: Path) -> None:
    path = tmp_path / "object"
    for data in (b"", random.Random(7).randbytes(100_000)):
        path.write_bytes(data)
        assert probe(path, name="a.mp4") == ProbeResult(None, "unknown", len(data))


@pytest.mark.parametrize(
    "head", [b"\0\0\0\x18ftypisom\0\0\0\0isomiso2\0\0\x10\0moov", b"RIFF\xff\x7f\0\0AVI LIST"]
)
def test_garbage_behind_a_good_beginning_is_an_answer(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "object"
    path.write_bytes(head + random.Random(8).randbytes(50_000))
    found = probe(path)
    assert found.streams == ()
    assert str(tmp_path) not in str(found)


def test_a_picture_that_claims_too_much_is_not_unfolded() -> None:
    assert probe(bomb()).too_large


@pytest.mark.parametrize("name", ["a.mp4", "a.m3u8", "a.txt"])
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {}\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        '<?xml version="1.0"?><MPD><BaseURL>{}</BaseURL></MPD>',
    ],
)
def test_a_playlist_opens_nothing(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / "object"
    path.write_text(text.format(media("plain.mp4")))
    found = probe(path, name=name)
    assert (found.container, found.streams) == (None, ())


def test_a_prober_that_hangs_is_ended_and_that_is_an_answer() -> None:
    found = probe(media("plain.mp4"), 0.01)
    assert not found.opened
    assert found.error == "the prober did not end within 0 s"


def test_it_can_be_told_to_stop() -> None:
    with pytest.raises(MediaInterruptedError):
        probe(media("plain.mp4"), should_stop=lambda: True)


def test_a_prober_that_does_not_start_says_nothing_about_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("ingest.probe.CHILD", tmp_path / "missing.py")
    with pytest.raises(ProbeError, match="No such file"):
        probe(media("plain.mp4"))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        probe(tmp_path / "missing")
