"""Run benchmarks: `python -m benchmarks` all of them, which makes `benchmarks/RESULTS.md` anew.

Named ones are only shown; with ``--keep`` each takes the place of its section in that file.
"""

import argparse
import sys
import tempfile
from datetime import date
from pathlib import Path

from benchmarks import archiving, log_appends, log_scale, log_writers, proxy, verifying
from benchmarks.harness import machine
from benchmarks.results import new_results, put_section

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
    parser.add_argument("--keep", action="store_true", help="write the named ones down too")
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).with_name("RESULTS.md"))
    options = parser.parse_args()
    kept = not options.quick and (options.keep or not options.names)  # a toy is not to be kept
    today = date.today()  # noqa: DTZ011
    text = new_results(today, machine())
    if options.names and options.output.exists():
        text = options.output.read_text(encoding="utf-8")
    for name in options.names or ALL:
        print(f"{name} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="liuhen-bench-") as folder:
            section = ALL[name](Path(folder), quick=options.quick)
        print(section.markdown(), flush=True)
        text = put_section(text, section, today)
        if kept:  # at once: a later one may fail
            options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
