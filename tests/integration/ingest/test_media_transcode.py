"""Renditions by real ffmpeg: what comes out, of good files and of what is left of bad ones."""

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.errors import MediaInterruptedError, MediaTimeLimitError, TranscodeError
from ingest.graphs import proxy_size, transcode_arguments
from ingest.probe import ProbeResult, StreamInfo, probe
from ingest.salvage import recover_picture
from ingest.transcode import Renditions, make_renditions
from storage.errors import StoreFullError
from tests.assets import media as assets
from tests.assets.media import cut, media, rotated, run, scratched


def transcoded(source: Path, folder: Path, found: ProbeResult | None = None) -> Renditions:
    return make_renditions(source, found or probe(source), folder, time_limit_s=60)


def kinds(made: Renditions) -> dict[str, Path]:
    return {file.kind: file.path for file in made.files}


def shown_size(path: Path) -> tuple[int, int]:
    video = probe(path).video
    assert video is not None
    return video.width, video.height


@pytest.mark.parametrize(
    "name", ["plain.mp4", "h265.mp4", "plain.ts", "plain.avi", "plain.mkv", "timecode.mov"]
)
def test_a_recording_gets_proxy_poster_sheet_and_waveform(tmp_path: Path, name: str) -> None:
    made = transcoded(media(name), tmp_path)
    assert set(kinds(made)) == {"proxy", "poster", "sheet", "waveform"}
    assert made.complaints == ()
    assert 2900 <= (made.duration_ms or 0) <= 3150
    proxy = probe(kinds(made)["proxy"])
    assert [(s.kind, s.codec) for s in proxy.streams] == [("video", "h264"), ("audio", "aac")]
    assert proxy.video is not None
    assert proxy.video.pixel_format == "yuv420p"
    assert [f.media_type for f in made.files] == [
        "video/mp4",
        "image/jpeg",
        "image/jpeg",
        "image/png",
    ]


def test_the_proxy_plays_before_it_is_loaded_and_can_be_sought(tmp_path: Path) -> None:
    data = kinds(transcoded(media("plain.mp4"), tmp_path))["proxy"].read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    # The table of key frames (stss): version and flags, how many, then their numbers.
    place = data.index(b"stss") + 8
    count = struct.unpack(">I", data[place : place + 4])[0]
    frames = struct.unpack(f">{count}I", data[place + 4 : place + 4 + 4 * count])
    assert frames[0] == 1
    assert 51 in frames  # two seconds of 25 pictures


def test_a_silent_recording_has_no_waveform(tmp_path: Path) -> None:
    assert set(kinds(transcoded(media("silent.mp4"), tmp_path))) == {"proxy", "poster", "sheet"}


def test_small_pictures_are_never_enlarged(tmp_path: Path) -> None:
    made = transcoded(media("small.mp4"), tmp_path)
    assert shown_size(kinds(made)["proxy"]) == (318, 178)


def test_a_turned_camera_gives_an_upright_proxy(tmp_path: Path) -> None:
    made = transcoded(rotated(), tmp_path)
    assert shown_size(kinds(made)["proxy"]) == (360, 640)
    assert shown_size(kinds(made)["poster"]) == (360, 640)
    proxy = probe(kinds(made)["proxy"]).video
    assert proxy is not None
    assert proxy.rotation == 0


@pytest.mark.parametrize(
    ("width", "height", "rotation", "size"),
    [
        (1920, 1080, 0, (854, 480)),
        (1920, 1080, 90, (480, 854)),
        (1920, 1080, 180, (854, 480)),
        (3840, 2160, 0, (854, 480)),
        (640, 480, 0, (640, 480)),
        (321, 241, 0, (320, 240)),
        (4000, 1, 0, (4000, 2)),
    ],
)
def test_proxy_sizes(width: int, height: int, rotation: int, size: tuple[int, int]) -> None:
    stream = StreamInfo("video", codec="h264", width=width, height=height, rotation=rotation)
    assert proxy_size(ProbeResult("mov", "video", 1, streams=(stream,))) == size


def test_sound_gets_a_proxy_that_is_sound(tmp_path: Path) -> None:
    for name in ("sound.wav", "sound.mp3", "sound.aac"):
        folder = tmp_path / name
        folder.mkdir()
        made = transcoded(media(name), folder)
        assert set(kinds(made)) == {"proxy", "waveform"}
        assert made.files[0].media_type == "audio/mp4"
        assert made.complaints == ()
        assert probe(made.files[0].path).kind == "audio"


def test_pictures_get_a_proxy_and_a_poster(tmp_path: Path) -> None:
    for name in ("picture.jpg", "picture.png"):
        folder = tmp_path / name
        folder.mkdir()
        made = transcoded(media(name), folder)
        assert set(kinds(made)) == {"proxy", "poster"}
        assert shown_size(kinds(made)["proxy"]) == (640, 360)
        assert shown_size(kinds(made)["poster"]) == (480, 270)
        assert made.duration_ms is None


def test_renditions_carry_nothing_of_the_originals_words(tmp_path: Path) -> None:
    source = tmp_path / "tagged.mp4"
    words = ("-metadata", "title=alice", "-metadata", "location=+22.5+114.0/")
    run("-i", str(media("plain.mp4")), "-c", "copy", *words, str(source))
    assert b"alice" in source.read_bytes()
    folder = tmp_path / "made"
    folder.mkdir()
    for file in transcoded(source, folder).files:
        assert b"alice" not in file.path.read_bytes()
        assert b"114.0" not in file.path.read_bytes()


@pytest.mark.parametrize(
    "name", ["faststart.mp4", "fragmented.mp4", "plain.ts", "plain.avi", "plain.mkv"]
)
def test_what_is_left_of_a_cut_recording_can_be_played(tmp_path: Path, name: str) -> None:
    made = transcoded(cut(name), tmp_path)
    assert {"proxy", "poster", "sheet"} <= set(kinds(made))
    assert 1000 <= (made.duration_ms or 0) <= 2300


def test_the_sheet_of_a_cut_recording_shows_what_is_there(tmp_path: Path) -> None:
    """Planned over the duration its index claims, the last tiles would have stayed black."""
    made = transcoded(cut("faststart.mp4"), tmp_path)
    last_tiles = tmp_path / "tiles.rgb"
    corner = ("-vf", "crop=iw/5:ih/4:iw*4/5:ih*3/4", "-f", "rawvideo", "-pix_fmt", "gray")
    run("-i", str(kinds(made)["sheet"]), *corner, str(last_tiles))
    pixels = last_tiles.read_bytes()
    assert sum(pixels) / len(pixels) > 40


def test_a_scratch_in_the_middle_is_noticed_and_survived(tmp_path: Path) -> None:
    made = transcoded(scratched("plain.mp4"), tmp_path)
    assert made.complaints
    assert 2500 <= (made.duration_ms or 0) <= 3150


def test_sound_without_a_single_packet_does_not_cost_the_picture(tmp_path: Path) -> None:
    """In a fragmented file the sound of a fragment lies behind all of its pictures."""
    source = tmp_path / "one.mp4"
    fragmented = ("-movflags", "+frag_keyframe+empty_moov", "-g", "500", "-preset", "ultrafast")
    run("-i", str(media("plain.mp4")), "-c:v", "libx264", *fragmented, "-c:a", "copy", str(source))
    data = source.read_bytes()
    source.write_bytes(data[: len(data) // 2])
    folder = tmp_path / "made"
    folder.mkdir()
    made = transcoded(source, folder)
    assert set(kinds(made)) == {"proxy", "poster", "sheet"}
    assert "the sound could not be read" in made.complaints


@pytest.mark.parametrize("name", ["repeated.mp4", "h265.mp4"])
def test_pictures_are_found_without_an_index(tmp_path: Path, name: str) -> None:
    recovered = tmp_path / "recovered"
    found = recover_picture(cut(name), recovered, time_limit_s=60)
    assert found is not None
    folder = tmp_path / "made"
    folder.mkdir()
    made = transcoded(recovered, folder, found)
    assert set(kinds(made)) == {"proxy", "poster", "sheet"}
    assert 1200 <= (made.duration_ms or 0) <= 2300
    assert shown_size(kinds(made)["proxy"]) == (640, 360)


def test_without_parameter_sets_nothing_is_invented(tmp_path: Path) -> None:
    assert recover_picture(cut("plain.mp4"), tmp_path / "recovered", time_limit_s=60) is None


def test_the_search_for_pictures_is_limited_in_time(tmp_path: Path) -> None:
    with pytest.raises(MediaTimeLimitError):
        recover_picture(cut("repeated.mp4"), tmp_path / "recovered", time_limit_s=0)


def test_nothing_playable_is_an_error(tmp_path: Path) -> None:
    found = probe(media("plain.mp4"))
    with pytest.raises(TranscodeError, match="exit status"):
        transcoded(media("picture.jpg"), tmp_path, found)
    with pytest.raises(TranscodeError, match="neither picture nor sound"):
        transcoded(media("plain.mp4"), tmp_path, ProbeResult("mov", "video", 1))


def test_a_container_can_name_no_other_demuxer_and_no_other_file(tmp_path: Path) -> None:
    """Even if the recognition were fooled, the demuxer is fixed on the command line."""
    playlist = tmp_path / "playlist"
    playlist.write_text(f"#EXTM3U\n#EXTINF:10,\nfile://{media('plain.mp4')}\n#EXT-X-ENDLIST\n")
    folder = tmp_path / "made"
    folder.mkdir()
    with pytest.raises(TranscodeError):
        transcoded(playlist, folder, probe(media("plain.mp4")))
    arguments = transcode_arguments(playlist, probe(media("plain.mp4")), folder)
    assert arguments[: arguments.index("-i")][:2] == ["-f", "mov"]
    assert arguments[arguments.index("-protocol_whitelist") + 1] == "file"
    assert not list(folder.glob("*.mp4"))


def test_the_time_limit_ends_ffmpeg(tmp_path: Path) -> None:
    source = assets.long()
    with pytest.raises(MediaTimeLimitError):
        make_renditions(source, probe(source), tmp_path, time_limit_s=0.3)


def test_the_work_can_be_stopped(tmp_path: Path) -> None:
    source = assets.long()
    found = probe(source)
    asked: list[None] = []
    with pytest.raises(MediaInterruptedError):
        make_renditions(
            source,
            found,
            tmp_path,
            time_limit_s=60,
            should_stop=lambda: bool(asked.append(None)) or len(asked) > 3,
        )


def test_a_full_scratch_disk_is_not_the_files_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """/dev/full answers each write as a full disk does."""
    monkeypatch.setattr(
        "ingest.transcode.transcode_arguments",
        lambda source, *_: ["-i", str(source), "-f", "mpegts", "-y", "/dev/full"],
    )
    with pytest.raises(StoreFullError):
        transcoded(media("plain.mp4"), tmp_path, probe(media("plain.mp4")))


def test_a_sound_that_no_recorder_makes_is_left_out(tmp_path: Path) -> None:
    source = media("plain.mp4")
    probed = probe(source)
    streams = tuple(
        replace(stream, sample_rate=1) if stream.kind == "audio" else stream
        for stream in probed.streams
    )
    made = make_renditions(source, replace(probed, streams=streams), tmp_path, time_limit_s=60)
    assert {file.kind for file in made.files} == {"proxy", "poster", "sheet"}
    assert "the sound could not be read" in made.complaints
