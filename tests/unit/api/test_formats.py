"""How digests, times, sizes and file names are written."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from api.web import formats

DIGEST = "3f9a21c4" + "0" * 52 + "88d0"


def test_a_digest_shows_its_first_two_groups_and_its_last() -> None:
    assert formats.digest_groups(DIGEST) == ("3f9a", "21c4", "88d0")
    assert formats.digest_in_full(DIGEST).startswith("3f9a 21c4 0000")
    assert formats.digest_in_full(DIGEST).replace(" ", "") == DIGEST


def test_a_time_stands_in_the_bureaus_zone_with_its_exact_utc_beside_it() -> None:
    moment = datetime(2026, 11, 22, 9, 21, 38, 123456, tzinfo=UTC)
    assert formats.local_time(moment, ZoneInfo("Asia/Shanghai")) == "2026-11-22 17:21:38"
    assert formats.utc_time(moment) == "2026-11-22T09:21:38.123Z"


def test_a_span_names_its_second_day_only_where_it_is_another() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    begin = datetime(2026, 11, 22, 15, 50, tzinfo=UTC)
    assert formats.local_span(begin, begin.replace(hour=15, minute=59), zone) == (
        "2026-11-22 23:50:00–23:59:00"
    )
    assert formats.local_span(begin, begin.replace(hour=16), zone) == (
        "2026-11-22 23:50:00–2026-11-23 00:50:00"
    )


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0:00"), (42_000, "0:42"), (725_400, "12:05"), (3_723_000, "1:02:03")],
)
def test_a_duration_reads_as_on_a_player(milliseconds: int, text: str) -> None:
    assert formats.duration(milliseconds) == text


def test_what_cannot_be_seen_in_a_name_is_made_visible() -> None:
    html = str(formats.file_name("a\u202egpj.exe\n\x7f\u200b<b>'\"&"))
    assert html.startswith(
        '<bdi class="name">a<span class="ctl" title="U+202E">U+202E</span>gpj.exe'
    )
    assert "␊" in html
    assert "␡" in html
    assert "U+200B" in html
    assert "&lt;b&gt;&#39;&#34;&amp;" in html
    assert not any(mark in html for mark in "\u202e\n\x7f\u200b")


def test_an_ordinary_name_stays_as_it_is() -> None:
    name = "现场 检查📹_𠮷.mp4"
    shown = name.replace("_", "_<wbr>")  # a line may break here and not in the middle of a part
    assert str(formats.file_name(name)) == f'<bdi class="name">{shown}</bdi>'
    assert formats.plain_name(name) == name
    assert formats.plain_name("a\u202eb") == "aU+202Eb"


def test_a_digest_in_a_text_breaks_between_its_groups_only() -> None:
    html = str(formats.hash_text(f"sha256: “{DIGEST}” <b>\u202e 0123abcd"))
    assert html.count('<span class="group">') == len(DIGEST) // 4
    assert html.startswith('sha256: “<span class="group">3f9a</span><wbr><span class="group">21c4')
    assert html.endswith('” &lt;b&gt;<span class="ctl" title="U+202E">U+202E</span> 0123abcd')
    assert DIGEST in re.sub("<[^>]*>", "", html)


def test_a_text_keeps_its_lines_and_shows_what_cannot_be_seen() -> None:
    html = str(formats.visible_text("a\tb\n\x00\x1b[31m\u2066<script>"))
    assert html.startswith("a\tb\n")
    assert re.sub("<span[^>]*>|</span>", "", html) == "a\tb\n␀␛[31mU+2066&lt;script&gt;"
