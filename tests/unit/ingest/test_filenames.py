"""The pattern table: what each kind of name says, and that no string can hurt it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.filenames import (
    MAX_NAME_CHARACTERS,
    compile_patterns,
    decode_name,
    parse_filename,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
GAT_INDEX = "44030012" + "12345678901234567890" + "20260804100000" + "01" + "{mark}"
GAT_INDEX += "20260804183000" + "0007"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("name", "pattern", "recorder", "officer", "recorded_at", "sequence", "important"),
    [
        (
            "TA00716_JX0227_20170623093621.MOV",
            "gat_name",
            "TA00716",
            "JX0227",
            utc(2017, 6, 23, 1, 36, 21),
            None,
            False,
        ),
        (
            "DCAM_CAM001_000001_20260804_100000_IMP.mp4",
            "brand",
            "CAM001",
            "000001",
            utc(2026, 8, 4, 2),
            None,
            True,
        ),
        (
            "ta00716_000227_20260804_100000_0012_sos.mp4",
            "gat_name",
            "TA00716",
            "000227",
            utc(2026, 8, 4, 2),
            12,
            True,
        ),
        (
            "DSJ-A8-0012_034567_20260804100000_3_IMP.MP4",
            "dsj",
            "DSJ-A8-0012",
            "034567",
            utc(2026, 8, 4, 2),
            3,
            True,
        ),
        (
            GAT_INDEX.format(mark="00"),
            "gat_index",
            "12345678901234567890",
            None,
            utc(2026, 8, 4, 2),
            7,
            False,
        ),
        (
            GAT_INDEX.format(mark="01") + ".mp4",
            "gat_index",
            "12345678901234567890",
            None,
            utc(2026, 8, 4, 2),
            7,
            True,
        ),
        ("VID_20260804_100000.mp4", "plain_time", None, None, utc(2026, 8, 4, 2), None, False),
        ("2026-08-04T10-00-00_2.ts", "plain_time", None, None, utc(2026, 8, 4, 2), 2, False),
        ("REC20260804100000IMP.wav", "plain_time", None, None, utc(2026, 8, 4, 2), None, True),
        ("MOV_0042.mp4", "counter", None, None, None, 42, False),
        ("FILE000123.AVI", "counter", None, None, None, 123, False),
        # A clock ten years off is written down as it is.
        (
            "TA00716_JX0227_20360804000000.MOV",
            "gat_name",
            "TA00716",
            "JX0227",
            utc(2036, 8, 3, 16),
            None,
            False,
        ),
    ],
)
def test_each_pattern_is_read(
    name: str,
    pattern: str,
    recorder: str | None,
    officer: str | None,
    recorded_at: datetime | None,
    sequence: int | None,
    important: bool,
) -> None:
    parsed = parse_filename(name, SHANGHAI)
    assert parsed is not None
    assert (parsed.pattern, parsed.recorder, parsed.officer) == (pattern, recorder, officer)
    assert parsed.recorded_at == recorded_at
    assert (parsed.sequence, parsed.important) == (sequence, important)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "holiday.mp4",
        "TA00716_JX0227_20261399093621.MOV",  # no such month; and no later pattern fits
        "TA00716_JX0227_20260230093621.MOV",  # no such day
        "TA00716_JX0227_20260804246060.MOV",  # no such hour
        "TA00716_JX0227_00010101000000.MOV",  # a year before there were recorders
        "TA00716_JX0227_20170623093621.MOV\n",
        "TA00716_JX0227_２０１７０６２３０９３６２１.MOV",
        "DCAM_CAM\x00001_000001_20260804_100000.mp4",
        "DCAM_CAM001_\ud800_20260804_100000.mp4",
        f"DCAM_{'C' * 65}_000001_20260804_100000.mp4",
        "0" * (MAX_NAME_CHARACTERS + 1),
    ],
)
def test_what_fits_no_pattern_says_nothing(name: str) -> None:
    assert parse_filename(name, SHANGHAI) is None


@pytest.mark.parametrize(
    "name",
    [
        "ta00716_jx0227_20261128093000.mp4",
        "TA00716_Jx0227_20261128093000.MP4",
        "dcam_ta00716_jx0227_20261128_093000.mp4",
        "DCAM_ＴＡ００７１６_ｊｘ０２２７_20261128_093000.mp4",
    ],
)
def test_however_a_name_is_written_its_codes_are_the_same(name: str) -> None:
    parsed = parse_filename(name, SHANGHAI)
    assert parsed is not None
    assert (parsed.recorder, parsed.officer) == ("TA00716", "JX0227")
    assert parsed.recorded_at == utc(2026, 11, 28, 1, 30)


@pytest.mark.parametrize("officer", ["张三 李四", "张三、李四", "㍿" * 17])
def test_what_is_no_code_names_nobody_and_the_rest_counts(officer: str) -> None:
    parsed = parse_filename(f"DCAM_CAM001_{officer}_20260804_100000.mp4", SHANGHAI)
    assert parsed is not None
    assert (parsed.recorder, parsed.officer) == ("CAM001", None)
    assert parsed.recorded_at == utc(2026, 8, 4, 2)


def test_an_impossible_time_leaves_the_name_to_the_next_pattern() -> None:
    table = compile_patterns(
        [("timed", r"X_(?P<ts>\d{14})\.\w{3}"), ("rest", r"X_(?P<seq>\d+)\.\w{3}")]
    )
    parsed = parse_filename("X_20261399093621.MOV", SHANGHAI, table)
    assert parsed is not None
    assert (parsed.pattern, parsed.recorded_at) == ("rest", None)


def test_the_zone_is_the_recorders() -> None:
    parsed = parse_filename("VID_20260804_100000.mp4", ZoneInfo("Asia/Urumqi"))
    assert parsed is not None
    assert parsed.recorded_at == utc(2026, 8, 4, 4)


@given(st.text(st.characters(codec=None), max_size=600))
def test_no_string_raises(name: str) -> None:
    parse_filename(name, SHANGHAI)


@given(
    st.from_regex(r"[A-Za-z]{1,5}_[^_]{1,80}_[^_]{1,80}_[0-9]{8}_[0-9]{6}(_IMP)?\.mp4").filter(
        lambda name: len(name) <= MAX_NAME_CHARACTERS
    )
)
def test_codes_can_always_be_stored(name: str) -> None:
    parsed = parse_filename(name, SHANGHAI)
    for code in (parsed.officer, parsed.recorder) if parsed else ():
        assert code is None or (len(code) <= 64 and "\x00" not in code and code.encode())


@pytest.mark.parametrize(
    "piece", ["DSJ-", "A-", "a", "1", "_", "0_", "DSJ-A-A-", "20260804_", "-1"]
)
@pytest.mark.timeout(20)
def test_no_name_takes_for_ever(piece: str) -> None:
    """A pattern that tries every way to part a name would outlive any patience here."""
    name = ("DSJ-" + piece * MAX_NAME_CHARACTERS)[: MAX_NAME_CHARACTERS - 1] + "!"
    for head in (name, name[4:], "X_" + name[2:], "VID_" + name[4:]):
        parse_filename(head, SHANGHAI)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"TA00716.MOV", "TA00716.MOV"),
        ("执法😀.mp4".encode(), "执法😀.mp4"),
        ("执法记录.mp4".encode("gb18030"), "执法记录.mp4"),
        (b"a\x00b", "a\\x00b"),
        (b"\xff\xff.mp4", "\\xff\\xff.mp4"),
        (b"line\nbreak \"quote' ../x", "line\nbreak \"quote' ../x"),
        (b"\xed\xa0\x80.mp4", None),  # a surrogate in UTF-8's clothes
    ],
)
def test_names_become_readable(raw: bytes, text: str | None) -> None:
    decoded = decode_name(raw)
    assert text is None or decoded == text
    decoded.encode("utf-8")


@given(st.binary(max_size=300))
def test_every_name_can_be_stored(raw: bytes) -> None:
    decoded = decode_name(raw)
    assert "\x00" not in decoded
    decoded.encode("utf-8")
