"""The rules of the house that a machine can hold."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "custody", "ingest", "station_agent", "storage")
ENVIRONMENT_READERS = {"api/config.py", "station_agent/config.py"}
#: Names that say nothing about what is inside.
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if not {"node_modules", "versions"} & set(path.parts):
                yield path


MODULES = tuple(modules())


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_the_kernel_package_above_is_empty() -> None:
    # A station imports custody.log: what stands in custody/__init__.py would come along.
    assert (ROOT / "custody" / "__init__.py").read_text() == ""


@pytest.mark.parametrize(
    "program", ["station_agent.cli", "custody.outside.cli", "custody.outside.witness_cli"]
)
def test_the_base_install_is_enough(program: str) -> None:
    """A program of a station or an outsider imports nothing that only the server's extra brings."""
    wanted = (ROOT / "requirements" / "station.txt").read_text(encoding="utf-8")
    script = (
        f"import sys, {program}\n"
        "print(*{m.split('.')[0] for m, x in sys.modules.items()"
        " if 'site-packages' in (getattr(x, '__file__', None) or '')})"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    brought = {one.lower() for one in result.stdout.split() if not one.startswith("_")}
    assert "cryptography" in brought
    assert {one for one in brought if f"\n{one}==" not in f"\n{wanted}"} == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_environment_is_read_in_two_files_only(path: Path) -> None:
    if name_of(path) in ENVIRONMENT_READERS:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            reads = node.value.id == "os" and node.attr in {"environ", "getenv", "environb"}
            assert not reads, f"{name_of(path)}:{node.lineno} reads the environment"


def test_no_module_is_a_drawer() -> None:
    assert [name_of(path) for path in MODULES if path.stem in DRAWERS] == []


def test_modules_stay_small() -> None:
    # Over 300 lines only for one state machine.
    sizes = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: size for name, size in sizes.items() if size > 350} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name_of(path)
        for path in MODULES
        if path.read_text(encoding="utf-8").strip()
        and ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []
