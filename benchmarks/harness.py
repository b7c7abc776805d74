"""What the benchmarks share: files to move, a home to move them into, a table to write."""

import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
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
class Curve:
    """What was measured at several sizes: a column for each size, lines by what they tell."""

    title: str
    sizes: list[str]
    lines: dict[str, list[str]] = field(default_factory=dict)

    def markdown(self) -> list[str]:
        """The lines of the table."""
        head = [f"| {self.title} | {' | '.join(self.sizes)} |", "|---|" + "---:|" * len(self.sizes)]
        return head + [f"| {what} | {' | '.join(cells)} |" for what, cells in self.lines.items()]


@dataclass
class Section:
    """One benchmark: its question, its rows, and what a reader must know to judge them."""

    title: str
    command: str
    rows: list[Row] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        lines = [f"## {self.title}", "", f"`{self.command}`", ""]
        lines += ["| what | rate | beside | ratio | aim |", "|---|---:|---|---:|---|"]
        for row in self.rows:
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            lines.append(
                f"| {row.what} | {row.value:,.1f} {row.unit} | {row.beside} | {ratio} | {row.aim} |"
            )
        for curve in self.curves:
            lines += ["", *curve.markdown()]
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


def rounds(
    repeats: int, target: Path, contenders: Sequence[Callable[[Path], float]]
) -> list[float]:
    """The median seconds of each, which take their turns: a slow moment meets all of them.

    Each gets a fresh path to write to. They are removed at the end only: see `fill_page_cache`.
    """
    seconds: list[list[float]] = [[] for _ in contenders]
    paths: list[Path] = []
    for number in range(repeats):
        for place, contender in enumerate(contenders):
            path = target.with_name(f"{target.name}-{place}-{number}")
            paths.append(path)
            seconds[place].append(contender(path))
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
    return [statistics.median(each) for each in seconds]


def fill_page_cache(folder: Path) -> None:
    """Fill free memory with a file's pages, as it is on any server that has run for a day.

    A virtual machine gives free pages back to its host, and a page it has to ask for again costs
    ten times what a recycled one costs (measured: 2.3 s a GiB against 0.2). Who pays for that is
    chance, so for a time nothing is free: the file stays, and so does what the contenders write.
    """
    free_memory = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    gib = max(0, min(free_memory // 1024**3 - 2, shutil.disk_usage(folder).free // 1024**3 // 3))
    buffer = bytes(MIB)
    with (folder / "page-cache").open("wb", buffering=0) as handle:
        for _ in range(gib * 1024):
            handle.write(buffer)
    os.sync()


def cpu_seconds(pid: int) -> float:
    """CPU seconds that a running process has used, its own and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib() -> float:
    """The most memory this process ever held, in MiB; what its parent held does not count."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 1024


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
