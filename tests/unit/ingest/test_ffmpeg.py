"""Finding the binary, and reading what it says."""

from pathlib import Path

import pytest

from ingest import ffmpeg
from ingest.errors import FfmpegMissingError
from ingest.ffmpeg import find_ffmpeg, input_address, input_complaints


def test_the_binary_found_can_do_what_we_need() -> None:
    found = find_ffmpeg()
    assert Path(found.path).is_absolute()
    assert found.version != "unknown"


def test_a_binary_that_lacks_an_encoder_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\necho ' V....D libx264  H.264'\n")
    fake.chmod(0o755)
    usable = find_ffmpeg.__wrapped__()
    monkeypatch.setattr(ffmpeg, "_on_path", lambda: str(fake))
    monkeypatch.setattr(ffmpeg, "_in_wheel", lambda: usable.path)
    assert find_ffmpeg.__wrapped__() == usable
    monkeypatch.setattr(ffmpeg, "_in_wheel", lambda: None)
    with pytest.raises(FfmpegMissingError, match="lacks aac, mjpeg, png, libx265"):
        find_ffmpeg.__wrapped__("libx265")


def test_the_path_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    path = find_ffmpeg().path
    monkeypatch.setattr(ffmpeg, "_on_path", lambda: path)
    monkeypatch.setattr(ffmpeg, "_in_wheel", lambda: pytest.fail("not asked"))
    assert find_ffmpeg.__wrapped__().path == path


def test_complaints_about_the_original_are_told_from_ours() -> None:
    stderr = (
        b"[h264 @ 0x5561d3e214c0] [error] error while decoding MB 85 45\n"
        b"[aist#0:1/aac @ 0x56] [dec:aac @ 0x57] [error] Error submitting packet to decoder\n"
        b"[error] file:/var/objects/ab/cd: corrupt input\n"
        b"[mp4 @ 0x5561d3e214c0] [error] non monotonically increasing dts\n"
        b"[vost#0:0/libx264 @ 0x5] [enc:libx264 @ 0x5] [error] could not open\n"
        b"[mov,mp4,m4a @ 0x55] [warning] something small\n"
        b"Conversion failed!\n"
    )
    assert input_complaints(stderr) == (
        "[h264] error while decoding MB 85 45",
        "[aist#0:1/aac] [dec:aac] Error submitting packet to decoder",
        "\N{HORIZONTAL ELLIPSIS} corrupt input",
    )


def test_complaints_are_bounded() -> None:
    found = input_complaints(b"[h264 @ 0x1] [error] " + b"x" * 999 + b"\n")
    assert len(found[0]) == 200
    assert len(input_complaints(b"[h264 @ 0x1] [error] x\n" * 999)) == 200


def test_no_name_can_be_taken_for_an_option_or_a_protocol() -> None:
    assert input_address(Path("/x/-i")) == "file:/x/-i"
    assert input_address(Path("concat:a|b")).startswith("file:/")
