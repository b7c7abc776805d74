"""Pictures out of a recording without an index; the search runs in a child with limits."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ingest.errors import ProbeError
from ingest.limits import Limits
from ingest.probe import ProbeResult, probe
from ingest.processes import never, run_limited
from ingest.salvage_child import NOTHING_FOUND

CHILD = Path(__file__).with_name("salvage_child.py")


def recover_picture(
    source: Path,
    result: Path,
    *,
    time_limit_s: float,
    should_stop: Callable[[], bool] = never,
) -> ProbeResult | None:
    """Write the pictures found in ``source`` as a bare stream to ``result`` and probe it.

    None if there is nothing that can be decoded without the index. Raises `ProbeError` if the
    search itself fails, `MediaTimeLimitError` and `MediaInterruptedError`.
    """
    size = source.stat().st_size
    limits = Limits(1 << 30, cpu_s=int(time_limit_s) + 1, file_bytes=2 * size + 4096, nice=10)
    outcome = run_limited(
        [sys.executable, "-I", "-S", str(CHILD), str(source.absolute()), str(result.absolute())],
        limits,
        time_limit_s=time_limit_s,
        should_stop=should_stop,
    )
    if outcome.returncode == NOTHING_FOUND:
        return None
    if outcome.returncode:
        lines = outcome.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ProbeError(lines[-1][:300] if lines else f"exit status {outcome.returncode}")
    found = probe(result, should_stop=should_stop)
    # A bare stream knows no duration; what the prober says is a guess from the bit rate.
    return replace(found, duration_ms=None, size_bytes=size) if found.video else None
