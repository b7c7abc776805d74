"""A home made by the command line, and a way to run commands in it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.cli.main import run

NUMBER = "零城执罚决字〔2026〕第12号"


@dataclass(frozen=True)
class Done:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Liuhen = Callable[..., Done]


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    folder = tmp_path / "footage"
    folder.mkdir()
    (folder / "TA00716_JX0227_20261120093621.MOV").write_bytes(b"one" * 10_000)
    (folder / "DSJ-A1_000001_20261120_100000_0001_IMP.mp4").write_bytes(b"two" * 10_000)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def liuhen(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Liuhen:
    """Run one command line in the home, in this process."""
    monkeypatch.setenv("LIUHEN_HOME", str(home))
    monkeypatch.setenv("LIUHEN_LANGUAGE", "en")

    def call(*arguments: str) -> Done:
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    assert call("init").code == 0
    return call
