"""The frame of the command line: help, usage, exit codes."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from api.cli.main import MEMBERS, cli, run


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((*path, name))
        if isinstance(command, click.Group):
            found += commands(command, (*path, name))
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", commands(cli), ids=" ".join)
def test_every_command_explains_itself(
    path: tuple[str, ...],
    language: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIUHEN_LANGUAGE", language)
    assert run([*path, "--help"]) == 0
    assert {"zh": "用法：liuhen", "en": "Usage: liuhen"}[language] in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["verify", "--bogus"],
        ["cases", "link", "x"],
        ["import"],
        ["verify", "--all", "--clip", "x"],
        ["serve", "--port", "99999"],
    ],
)
def test_wrong_usage_is_64(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 64
    assert capsys.readouterr().err


def test_no_home_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "--home", str(tmp_path / "x")]) == 2
    assert "liuhen init --home" in capsys.readouterr().err


def test_help_needs_none_of_the_heavy_libraries() -> None:
    script = (
        "import sys; from api.cli.main import run; run(['--help']); "
        "print([m for m in ('sqlalchemy', 'fastapi', 'boto3', 'rich', 'uvicorn', 'av') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert len(MEMBERS) == 11
