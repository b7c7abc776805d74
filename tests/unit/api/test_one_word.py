"""One word for one thing: what docs/words.md rejects stands in no text that people read."""

import re
from pathlib import Path

import pytest

import api
from api.cli.output import visible
from api.cli.words import WORDS
from api.web.formats import file_name, plain_name
from api.web.locale import catalogue
from api.web.retelling import chinese
from station_agent import explanations, messages, reasons

ROOT = Path(api.__file__).parents[1]
#: 未收到 (has not arrived) is another thing than 未收 (was not taken).
REJECTED = re.compile(r"未收(?!到)|未采集|令牌|接入记录|接入")
TEXTS = {
    "pages": "\n".join(catalogue("zh").values()),
    "command line": "\n".join([*(chinese for chinese, _ in WORDS.values()), *chinese().values()]),
    "station": "\n".join(
        [*(chinese for chinese, _ in messages._MESSAGES.values()), *explanations._CHINESE.values()]
    ),
    "README": (ROOT / "README.zh-CN.md").read_text(encoding="utf-8"),
}


@pytest.mark.parametrize("where", TEXTS)
def test_no_rejected_word_is_used(where: str) -> None:
    assert REJECTED.findall(TEXTS[where]) == []


def test_a_rejected_word_would_be_found() -> None:
    assert REJECTED.findall("未收 3 个；令牌；清单未收到") == ["未收", "令牌"]


@pytest.mark.parametrize(
    ("hidden", "shown"), [("\n", "␊"), ("\x7f", "␡"), ("\u202e", "U+202E"), ("\x9b", "U+009B")]
)
def test_what_cannot_be_seen_has_one_notation(hidden: str, shown: str) -> None:
    assert visible(hidden) == plain_name(hidden) == reasons.visible(hidden.encode()) == shown
    assert f">{shown}<" in file_name(hidden)
