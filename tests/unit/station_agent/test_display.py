"""What people and programs see."""

import io
import json
import os
import string

import pytest

from station_agent import reasons
from station_agent.display import (
    JsonLines,
    LiveLines,
    PlainLines,
    _cut,
    line_of,
    listener_for,
    size_text,
)
from station_agent.events import Event
from station_agent.journal import State
from station_agent.messages import _MESSAGES, LANGUAGES, say, say_reason

PATH = b"/dock/\xb7\xa8\n.mp4"  # GBK


def test_json_gives_the_raw_path_back() -> None:
    out = io.StringIO()
    JsonLines(out)(Event("state", PATH, "received", 5, 5, clip="id"))
    value = json.loads(out.getvalue())
    assert os.fsencode(value["path"]) == PATH
    assert value["name"] == "/dock/法␊.mp4"
    assert out.getvalue().count("\n") == 1


def test_json_progress_is_not_too_often_and_states_always() -> None:
    out = io.StringIO()
    lines = JsonLines(out)
    for done in range(100):
        lines(Event("progress", PATH, "sending", done, 100))
    lines(Event("state", PATH, "sent", 0, 100))
    assert [json.loads(line)["event"] for line in out.getvalue().splitlines()] == [
        "progress",
        "state",
    ]


def test_plain_lines_say_what_matters_and_no_more() -> None:
    out = io.StringIO()
    show = PlainLines("en", out)
    for state in ("seen", "settled", "hashed", "sending"):
        show(Event("state", PATH, state, 0, 2048))
    show(Event("progress", PATH, "sending", 1, 2048))
    show(Event("state", PATH, "received", 2048, 2048))
    show(Event("state", PATH, "refused", 0, 0, "empty"))
    show(Event("server", state="away", reason="Connection refused"))
    assert out.getvalue().splitlines() == [
        "✓ archived  法␊.mp4  2.0 KiB",
        "! refused  法␊.mp4  empty (taken up again if it grows)",
        "! the server is away (Connection refused); trying on, nothing is lost",
    ]


def test_live_lines_keep_one_line_for_each_file_at_work() -> None:
    out = io.StringIO()
    show = LiveLines("zh", out)
    show(Event("progress", PATH, "settled", 50, 100))
    drawn = out.getvalue()
    assert "50%" in drawn
    assert "计算校验值" in drawn
    assert drawn.count("\n") == 1
    show(Event("state", PATH, "received", 100, 100))
    assert "\x1b[1F\x1b[J✓ 已入库" in out.getvalue()
    assert show._rows == {}


def test_modes() -> None:
    out = io.StringIO()
    assert isinstance(listener_for("auto", "en", out), PlainLines)  # no terminal
    assert isinstance(listener_for("live", "en", out), LiveLines)
    assert isinstance(listener_for("json", "en", out), JsonLines)
    listener_for("none", "en", out)(Event("alarm", reason="x"))
    assert out.getvalue() == ""


def test_sizes_and_widths() -> None:
    assert [size_text(n) for n in (0, 1023, 1024, 5 * 1024**3)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "5.0 GiB",
    ]
    assert _cut("执法abc", 5) == "执法a"
    assert _cut("执法", 3) == "执"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_and_reason_has_words(language: str) -> None:
    for state in State:
        assert say(language, f"state.{state}")
    codes = {
        value
        for name, value in vars(reasons).items()
        if name.isupper() and isinstance(value, str) and name != "SEPARATOR"
    }
    for code in codes:
        assert say_reason(language, f"{code}: detail").endswith("(detail)"), code
    assert say_reason(language, "something else") == "something else"


def test_both_languages_have_the_same_gaps_to_fill() -> None:
    for key, texts in _MESSAGES.items():
        gaps = [{field for _, field, _, _ in string.Formatter().parse(text)} for text in texts]
        assert gaps[0] - {None} == gaps[1] - {None}, key


def test_an_alarm_is_never_silent() -> None:
    for language in LANGUAGES:
        assert line_of(Event("alarm", reason="x"), language)
        assert line_of(Event("alarm", PATH, "failed", reason="receipt_wrong: y"), language)
