"""(e) What the log does as it grows: numbering, tiles, proofs and verification, 10 k to 10 M.

Every step runs in a process of its own (`benchmarks.log_steps`), so that its memory is its own.
"""

import json
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.harness import Curve, Row, Section, run
from tests.services.postgres import postgres

#: Sizes with rows: on SQLite, on PostgreSQL; and one of tiles alone.
SIZES, POSTGRES_SIZES, TILES_ALONE = (10_000, 100_000, 1_000_000), (10_000, 100_000), 10_000_000
QUICK_SIZES, QUICK_POSTGRES_SIZES, QUICK_TILES_ALONE = (1000, 10_000), (1000,), 100_000

#: What the steps measured, by name.
Measured = dict[str, float]

PROOF_AIM_MS = 5
RATE_AIM = 50_000
NOTES = (
    (
        "Entries of 400 to 600 bytes, ten of each clip, appended through the ledger, with the "
        "rows of the clips. 10 M are tiles and bundles alone, by the same tile writer: proofs "
        "need no rows."
    ),
    (
        "Numbered and in tiles: first all are numbered, in transactions of 8192, then one turn "
        "of the publisher makes them public; the rate is that of both together, fsyncs of every "
        "object included. 10 M: the tile writer alone, without rows and fsyncs."
    ),
    (
        "A proof is made by a reader that has read nothing yet, 2000 of each sort at random "
        "places, the files in the page cache; each was verified. It reads a tile for each "
        "level, so it grows with the number of levels: one tile more for each 256 times as many "
        "entries."
    ),
    (
        "Bare hashing: leaf and node hashes of every entry out of the rows and once more out of "
        "the bundles, in plain hashlib (`benchmarks/bare_log.py`), one process. Log and tree: "
        "the same bytes, and every head, stored hash, tile and checkpoint held against them."
    ),
    (
        "`log verify` besides, on rows with their details: the engine's own check of the file "
        "(SQLite), every entry read again by item and decoded, its bytes held against the "
        "canonical form, its chain, its row and the HMAC over its details recomputed, and every "
        "clip's row. Of that, hashing is the small part: reading the JSON of entries and details, "
        "writing it again to see that it is canonical, and the HMAC (bare decoding, plain json and "
        "hmac) alone take several times as long, so that 1.5 times the hashing can't be had in "
        "Python on rows with details; it is the aim for the log and its tree."
    ),
    (
        "Memory: the most that the process held, interpreter and libraries (55 MiB) included. Up "
        "to 32 MiB of leaf hashes stay in memory while verifying (1 M entries), more go to a file."
    ),
)


def measure(folder: Path, *, quick: bool = False) -> Section:
    """Rates at the largest sizes in the table, everything at each size in the curves."""
    section = Section("Log: what it does as it grows", "python -m benchmarks log_scale")
    section.notes += NOTES
    sizes, postgres_sizes, tiles_alone = (
        (QUICK_SIZES, QUICK_POSTGRES_SIZES, QUICK_TILES_ALONE)
        if quick
        else (SIZES, POSTGRES_SIZES, TILES_ALONE)
    )
    with ExitStack() as stack:
        server = stack.enter_context(postgres(durable=True))
        on_sqlite = {size: _with_rows(folder / "home", size, None) for size in sizes}
        on_postgres = {}
        for size in postgres_sizes:
            with server.fresh_database() as url:
                on_postgres[size] = _with_rows(folder / "home", size, url)
    alone = {tiles_alone: _steps(folder / "home", tiles_alone, None, "build", "prove")}
    shutil.rmtree(folder / "home")
    for engine, by_size in (("SQLite", on_sqlite), ("PostgreSQL", on_postgres)):
        size = max(by_size)
        _add_rates(section, f"{engine}, {_count(size)}", size, by_size[size])
    for size, measured in ((max(on_sqlite), on_sqlite[max(on_sqlite)]), *alone.items()):
        _add_proofs(section, _count(size), measured)
    section.curves += [
        _curve("SQLite, and tiles alone at the last size", on_sqlite | alone),
        _curve("PostgreSQL", on_postgres),
    ]
    return section


def _with_rows(home: Path, size: int, url: str | None) -> Measured:
    measured = _steps(home, size, url, "fill", "publish", "prove", "verify")
    shutil.rmtree(home)
    return measured


def _steps(home: Path, size: int, url: str | None, *steps: str) -> Measured:
    """What each step measured; the memory of each under ``<step>_mib``."""
    measured = Measured()
    home.mkdir(exist_ok=True)
    for step in steps:
        print(f"  {step} {_count(size)} {'' if url is None else 'PostgreSQL'}", file=sys.stderr)
        database = [] if url is None else ["--database", url]
        arguments = ["-m", "benchmarks.log_steps", step, str(home), str(size), *database]
        answer: Measured = json.loads(run(sys.executable, *arguments).stdout)
        measured[f"{step}_mib"] = answer.pop("peak_mib")
        measured |= answer
    return measured


def _add_rates(section: Section, what: str, size: int, measured: Measured) -> None:
    public = size / (measured["sequencing"] + measured["integrating"])
    names = ("bare", "bare_all", "tree", "everything")
    bare, bare_all, tree, everything = (measured[name] for name in names)
    section.rows += [
        Row(f"numbered and in tiles, {what}", public, "/s", "aim", public / RATE_AIM, "≥ 50,000/s"),
        Row(f"bare hashing, {what}", size / bare, "/s"),
        Row(f"log and tree, {what}", size / tree, "/s", "bare, seconds", tree / bare, "≤ 1.5"),
        Row(f"bare hashing and decoding, {what}", size / bare_all, "/s"),
        Row(
            f"`log verify`, {what}", size / everything, "/s", "both, seconds", everything / bare_all
        ),
        Row(
            "the same", size / everything, "/s", "bare hashing, seconds", everything / bare, "≤ 1.5"
        ),
    ]


def _add_proofs(section: Section, what: str, measured: Measured) -> None:
    for name in ("inclusion", "consistency"):
        slowest = measured[f"{name}_p99"]
        section.rows.append(
            Row(
                f"{name} proof of {what}, p99",
                slowest,
                "ms",
                "aim",
                slowest / PROOF_AIM_MS,
                "< 5 ms",
            )
        )


def _rate(*parts: str) -> Callable[[int, Measured], str]:
    """Entries a second over the seconds of all ``parts``."""

    def cell(size: int, measured: Measured) -> str:
        if not measured.keys() >= set(parts):
            return ""
        return f"{size / sum(measured[part] for part in parts):,.0f}"

    return cell


def _number(name: str, form: str) -> Callable[[int, Measured], str]:
    return lambda _, measured: format(measured[name], form) if name in measured else ""


def _ratio(name: str) -> Callable[[int, Measured], str]:
    """How many times as long as the bare hashing, and microseconds for an entry."""

    def cell(size: int, measured: Measured) -> str:
        if name not in measured:
            return ""
        times, each = measured[name] / measured["bare"], measured[name] / size * 1e6
        return f"{times:.1f} ({each:.1f} µs)"

    return cell


_LINES: dict[str, Callable[[int, Measured], str]] = {
    "appended, entries/s": _rate("filling"),
    "numbered, entries/s": _rate("sequencing"),
    "into tiles and public, entries/s": _rate("integrating"),
    "both together, entries/s": _rate("sequencing", "integrating"),
    "tile writer alone, entries/s": _rate("building"),
    "inclusion proof, p50 ms": _number("inclusion_p50", ".2f"),
    "inclusion proof, p99 ms": _number("inclusion_p99", ".2f"),
    "inclusion proof, tiles read": _number("inclusion_tiles", ".1f"),
    "consistency proof, p50 ms": _number("consistency_p50", ".2f"),
    "consistency proof, p99 ms": _number("consistency_p99", ".2f"),
    "consistency proof, tiles read": _number("consistency_tiles", ".1f"),
    "bare hashing, times itself": _ratio("bare"),
    "bare hashing and decoding": _ratio("bare_all"),
    "log and tree, times bare": _ratio("tree"),
    "`log verify`, times bare": _ratio("everything"),
    "most memory while publishing, MiB": _number("publish_mib", ".0f"),
    "most memory of the tile writer, MiB": _number("build_mib", ".0f"),
    "most memory while proving, MiB": _number("prove_mib", ".0f"),
    "most memory while verifying, MiB": _number("verify_mib", ".0f"),
}


def _curve(title: str, by_size: dict[int, Measured]) -> Curve:
    """One line for each thing measured, one column for each size; empty where it was not."""
    curve = Curve(title, [_count(size) for size in by_size])
    for what, cell in _LINES.items():
        cells = [cell(size, measured) for size, measured in by_size.items()]
        if any(cells):
            curve.lines[what] = cells
    return curve


def _count(size: int) -> str:
    return f"{size // 1_000_000} M" if size >= 1_000_000 else f"{size // 1000} k"
