"""Names made visible, marks found, reasons composed."""

import pytest

from station_agent.reasons import base_name, code_of, compose, is_marked, visible


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"clip.mp4", "clip.mp4"),
        ("执法.mp4".encode(), "执法.mp4"),
        ("执法.mp4".encode("gbk"), "执法.mp4"),
        ("表情😀.mp4".encode(), "表情😀.mp4"),
        (b"new\nline\ttab\x7f", "new␊line␉tab␡"),
        ("\u202egpj.exe".encode(), "U+202Egpj.exe"),
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"a b", "a b"),
    ],
)
def test_visible_is_one_printable_line(name: bytes, shown: str) -> None:
    assert visible(name) == shown
    assert visible(name).isprintable()


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        (b"/dock/DCAM_CAM001_000001_20260804_100000_IMP.mp4", True),
        (b"TA00716_JX0227_20170623093621_sos.MOV", True),
        (b"VID_20260804_100000IMP.mp4", True),
        (b"TA00716_JX0227_20170623093621.MOV", False),
        (b"/dock_IMP/clip.mp4", False),
        (b"SHRIMP.mp4", False),
        (b"clip_IMPORTANT.mp4", False),
    ],
)
def test_marks_of_recorders(name: bytes, marked: bool) -> None:
    assert is_marked(name) is marked


def test_a_reason_is_a_code_and_a_detail() -> None:
    assert compose("read_error", "I/O: bad") == "read_error: I/O: bad"
    assert code_of("read_error: I/O: bad") == "read_error"
    assert code_of(compose("empty")) == "empty"


def test_base_name_is_raw() -> None:
    assert base_name(b"/a/\xff\n") == b"\xff\n"
