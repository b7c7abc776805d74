"""Run every benchmark and write `benchmarks/RESULTS.md`: `python -m benchmarks`."""

import argparse
import sys
import tempfile
from datetime import date
from pathlib import Path

from benchmarks import archiving, log_appends, log_scale, log_writers, proxy, verifying
from benchmarks.harness import machine

ALL = {
    "archiving": archiving.measure,
    "verifying": verifying.measure,
    "proxy": proxy.measure,
    "log": log_appends.measure,
    "log_writers": log_writers.measure,
    "log_scale": log_scale.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*ALL, []], help="only these")
    parser.add_argument("--quick", action="store_true", help="small inputs, to see that it runs")
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).with_name("RESULTS.md"))
    options = parser.parse_args()
    sections = []
    for name in options.names or ALL:
        print(f"{name} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="liuhen-bench-") as folder:
            section = ALL[name](Path(folder), quick=options.quick)
        print(section.markdown(), flush=True)
        sections.append(section.markdown())
    if options.names or options.quick:
        return 0  # a part, or a toy: nothing to keep
    options.output.write_text(
        f"# Benchmarks\n\n`make bench`, {date.today().isoformat()}: {machine()}. "  # noqa: DTZ011
        "Ratios last longer than absolute figures.\n\n" + "\n".join(sections),
        encoding="utf-8",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
