"""(b) `liuhen verify --all` beside `bagit.py --validate --processes 2` and `sha256sum -c`."""

import statistics
import sys
from pathlib import Path

from benchmarks.harness import BIN, Row, Section, make_files, run, timed


def measure(folder: Path, *, quick: bool = False) -> Section:
    """GiB/s over the same originals: warm page cache, so that hashing is what is compared."""
    section = Section("Verifying: every original re-read", "python -m benchmarks verifying")
    count, size_mib = (4, 32) if quick else (16, 512)
    total_gib = count * size_mib / 1024
    sources = make_files(folder / "dock", count, size_mib)
    home = folder / "home"
    run(BIN / "liuhen", "init", "--home", home)
    run(BIN / "liuhen", "import", "--home", home, *sources)

    # A bag of the same bytes: hard links, so that one page cache serves both.
    bag = folder / "bag"
    bag.mkdir()
    for source in sources:
        (bag / source.name).hardlink_to(source)
    bagit: list[str | Path] = [sys.executable, "-m", "bagit"]
    run(*bagit, "--sha256", "--processes", "2", bag)
    sums = folder / "SHA256SUMS"
    sums.write_text(run("sha256sum", *sources).stdout)
    repeats = 1 if quick else 3

    commands: list[list[str | Path]] = [
        [*bagit, "--validate", "--processes", "2", bag],
        ["sha256sum", "--quiet", "-c", sums],
        [BIN / "liuhen", "verify", "--all", "--home", home],
    ]

    def rate(command: list[str | Path]) -> float:
        with timed() as seconds:
            run(*command)
        return total_gib / seconds()

    for command in commands:
        rate(command)  # warm
    # In turn, so that a slow moment of the machine meets all of them.
    rounds = [[rate(command) for command in commands] for _ in range(repeats)]
    theirs, coreutils, ours = (statistics.median(column) for column in zip(*rounds, strict=True))
    section.rows += [
        Row("bagit.py --validate --processes 2", theirs, "GiB/s"),
        Row("sha256sum -c", coreutils, "GiB/s"),
        Row("liuhen verify --all", ours, "GiB/s", "bagit", ours / theirs, "≥ 0.9"),
        Row("the same", ours, "GiB/s", "sha256sum -c", ours / coreutils),
    ]
    section.notes.append(
        f"{count} files of {size_mib} MiB in the page cache; whole commands, start-up included."
    )
    section.notes.append(
        "`verify --all` checks besides: the log, its tree and tiles, the signatures, every row "
        "against its entry. With `--sm3` the second digest is recomputed too."
    )
    return section
