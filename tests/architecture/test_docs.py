"""The documentation held against the code."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if path.is_file()
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
MAKE = re.compile(r"^\s*make ([a-z-]+)", re.MULTILINE)
#: `liuhen receipt v1` and its like are titles of statements, not commands.
COMMAND = re.compile(r"^\s*(?:\.venv/bin/)?liuhen (?!.* v1$)([a-z][a-z -]*)", re.MULTILINE)
MODULE = re.compile(r"`((?:api|custody|ingest|station_agent|storage|tests)/[\w/]*(?:\.py|/))`")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{name_of(page)}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_modules_named_in_docs_exist(page: Path) -> None:
    for target in MODULE.findall(page.read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), f"{name_of(page)}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_make_targets_named_in_docs_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in MAKE.findall(page.read_text(encoding="utf-8")):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{name_of(page)}: make {target}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_named_in_docs_exist(page: Path) -> None:
    from api.cli.main import cli

    for words in COMMAND.findall(page.read_text(encoding="utf-8")):
        command = cli
        for word in words.split():
            members = getattr(command, "list_commands", None)
            if members is None:
                break  # what follows are its arguments
            assert word in members(None), f"{name_of(page)}: liuhen {words}"
            command = command.get_command(None, word)


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs/adr/README.md").read_text(encoding="utf-8")
    for path in (ROOT / "docs/adr").glob("0*.md"):
        assert f"({path.name})" in listed


def test_both_readmes_show_the_same_commands() -> None:
    def blocks(name: str) -> list[str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        found = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
        return [re.sub(r"\s*#.*", "", block) for block in found]

    assert blocks("README.md") == blocks("README.zh-CN.md")


def test_nothing_of_one_machine_is_written_down() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, tracked):
        if name.endswith((".png", ".lock")):
            continue
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        found = re.findall(r"(?<![\w.])/(?:root|home/[a-z]+)/[\w/.-]*", text)
        assert not found, f"{name}: {found}"
        if name.startswith("requirements/"):
            assert "https://" not in text, name
        if name.endswith("package-lock.json"):
            assert '"resolved"' not in text, name
