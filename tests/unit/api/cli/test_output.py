import json

import pytest

from api.cli.output import print_json, print_table, visible
from api.sizes import size_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 录像.mp4", "plain 录像.mp4"),
        ("a\nb", "a␊b"),
        ("\x1b[31mred", "␛[31mred"),
        ("\x7f", "␡"),
        ("\u202egpj", "U+202Egpj"),
        ("\udcb3", "U+DCB3"),
        ("\x9b", "U+009B"),
        ("\u200b", "U+200B"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_table_without_a_terminal_is_tab_separated(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["x", "y"], [["a\tb", "c"]])
    assert capsys.readouterr().out == "x\ty\na␉b\tc\n"


def test_json_keeps_names_readable(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": "录像"})
    text = capsys.readouterr().out
    assert "录像" in text
    assert json.loads(text) == {"name": "录像"}


def test_sizes() -> None:
    assert [size_text(n) for n in (0, 1023, 1024, 3 * 1024**3, 5 * 1024**4)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "3.0 GiB",
        "5.0 TiB",
    ]
