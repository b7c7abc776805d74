"""The details of errors are said in Chinese, and the catalogue has those that are raised."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import custody
from api.web.retelling import PLACE, details, retold
from custody.errors import EntryMissingError, SigningRefusedError
from custody.log.errors import NoteError

ROOT = Path(custody.__file__).parents[1]
#: What these raise is shown to people as part of a finding or of why nothing can be published.
SHOWN = [
    "custody/bundles/export.py",
    "custody/details/destructions.py",
    *(
        f"custody/publishing/{name}.py"
        for name in (
            "checked_signer",
            "integrator",
            "publisher",
            "restored",
            "signer",
            "stored_entries",
        )
    ),
    *(f"custody/recovery/{name}.py" for name in ("entries", "proven", "recover")),
    *(f"custody/log/{name}.py" for name in ("checkpoint", "note", "receipt", "verify")),
    *(f"custody/verification/{name}.py" for name in ("receipts", "rows", "truth")),
]
SOURCES = [
    path
    for package in ("custody", "ingest", "storage")
    for path in sorted((ROOT / package).rglob("*.py"))
]


def text_in(node: ast.AST) -> str | None:
    """A text of the source, with `PLACE` where a value goes in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = node.values
        return "".join(str(one.value) if isinstance(one, ast.Constant) else PLACE for one in parts)
    return None


def texts_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (text := text_in(node)) is not None:
            yield text


def raised_in(path: Path) -> Iterator[str]:
    """The first argument of what is raised, where it has words."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            text = text_in(node.exc.args[0])
            if text is not None and any(one.isalpha() for one in text):
                yield text


@pytest.mark.parametrize("name", SHOWN)
def test_every_detail_that_is_shown_has_its_chinese(name: str) -> None:
    assert set(raised_in(ROOT / name)) - set(details()) == set()


def test_no_detail_is_left_over() -> None:
    said = {text for path in SOURCES for text in texts_in(path)}
    assert set(details()) - said == set()


def test_a_detail_has_its_values_each_once() -> None:
    for english, chinese in details().items():
        places = sorted(name for _, name, _, _ in string.Formatter().parse(chinese) if name)
        assert places == [str(number) for number in range(english.count(PLACE))], english


def test_details_and_what_stands_in_them_are_said_again() -> None:
    text = str(SigningRefusedError("5 entries, 7 were signed already"))
    assert retold(text, "zh").endswith("（只有 5 条，已经签过的有 7 条）")
    assert retold(text, "en") == text
    cause = NoteError("no signature of a known key")
    text = str(SigningRefusedError(f"a published checkpoint is not ours: {cause}"))
    assert retold(text, "zh").endswith(
        "（公布的检查点不是本日志的：不是认识的密钥签名的文本（没有认识的密钥的签名））"
    )
    assert retold(str(EntryMissingError("index 3")), "zh").endswith("（第 3 条）")


def test_what_is_no_text_of_ours_stays() -> None:
    for text in ("a {0} %s {", "Permission denied", ""):
        assert retold(text, "zh") == text
    assert retold("of clip {0} {x}", "zh") == "属于录像 {0} {x}"
