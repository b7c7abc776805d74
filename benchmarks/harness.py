"""What the benchmarks share: files to move, a home to move them into, a table to write."""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1024 * 1024
BIN = Path(sys.executable).parent


@dataclass
class Row:
    """One line of the table: what, how fast, beside what, and the aim (if there is one)."""

    what: str
    value: float
    unit: str
    beside: str = ""
    ratio: float | None = None
    aim: str = ""


@dataclass
class Section:
    """One benchmark: its question, its rows, and what a reader must know to judge them."""

    title: str
    command: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        lines = [f"## {self.title}", "", f"`{self.command}`", ""]
        lines += ["| what | rate | beside | ratio | aim |", "|---|---:|---|---:|---|"]
        for row in self.rows:
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            lines.append(
                f"| {row.what} | {row.value:,.1f} {row.unit} | {row.beside} | {ratio} | {row.aim} |"
            )
        lines += [""] + [f"- {note}" for note in self.notes]
        return "\n".join(lines).rstrip() + "\n"


def machine() -> str:
    """One line on where this was measured."""
    model = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else ""
    return (
        f"{os.cpu_count()} cores {model}, Python {platform.python_version()}, {platform.system()}"
    )


def make_files(folder: Path, count: int, size_mib: int) -> list[Path]:
    """Random files: nothing can be compressed, and no two are the same."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        path = folder / f"TA00716_JX0227_202611220936{number:02d}.MOV"
        with path.open("wb") as handle:
            for _ in range(size_mib):
                handle.write(os.urandom(MIB))
        paths.append(path)
    os.sync()
    return paths


def median(repeats: int, run: Callable[[int], float]) -> float:
    """The median of several runs, so that one hiccup of the machine decides nothing."""
    return statistics.median(run(number) for number in range(repeats))


@contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """Yields a function that tells the seconds spent in the block, also after its end."""
    start = time.perf_counter()
    end: list[float] = []
    yield lambda: (end[0] if end else time.perf_counter()) - start
    end.append(time.perf_counter())


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; its output is shown only if it fails."""
    result = subprocess.run(
        [str(part) for part in command],
        check=False,
        text=True,
        capture_output=True,
        **options,  # type: ignore[call-overload]
    )
    if result.returncode != 0:
        raise RuntimeError(
            f"{command[0]} ended with {result.returncode}\n{result.stdout}{result.stderr}"
        )
    return result
