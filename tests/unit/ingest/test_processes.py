"""Children are bounded in everything, and nothing of them is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest.errors import MediaInterruptedError, MediaTimeLimitError
from ingest.limits import Limits
from ingest.processes import KEEP_BYTES, Outcome, run_limited

LIMITS = Limits(address_space_bytes=1 << 30, cpu_s=10, file_bytes=1000, open_files=32, nice=3)


def python(code: str, limits: Limits = LIMITS, time_limit_s: float = 20.0) -> Outcome:
    return run_limited([sys.executable, "-I", "-c", code], limits, time_limit_s=time_limit_s)


def test_outputs_and_status_come_back() -> None:
    outcome = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert outcome == Outcome(3, b"out\n", b"err\n")


def test_memory_is_bounded() -> None:
    outcome = python("bytearray(2 << 30)")
    assert outcome.returncode == 1
    assert b"MemoryError" in outcome.stderr


def test_files_are_bounded(tmp_path: Path) -> None:
    target = tmp_path / "big"
    outcome = run_limited(
        ["/bin/sh", "-c", f"exec head -c 5000 /dev/zero >{target}"], LIMITS, time_limit_s=20
    )
    assert outcome.returncode == -signal.SIGXFSZ
    assert target.stat().st_size == 1000


def test_processor_time_is_bounded() -> None:
    limits = Limits(address_space_bytes=1 << 30, cpu_s=1, file_bytes=0)
    assert python("while True: pass", limits).returncode == -signal.SIGKILL


def test_it_runs_nicely_and_apart_from_our_environment() -> None:
    outcome = python("import os; print(os.nice(0), os.getcwd(), sorted(os.environ))")
    assert outcome.stdout.decode().split(" ", 2)[:2] == ["3", "/"]
    assert b"HOME" not in outcome.stdout


def test_output_beyond_what_is_kept_is_dropped() -> None:
    outcome = python(f"import sys; sys.stdout.write('x' * {KEEP_BYTES * 3})")
    assert outcome.returncode == 0
    assert len(outcome.stdout) == KEEP_BYTES


def test_the_time_limit_ends_the_whole_group(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    limits = Limits(address_space_bytes=4 << 30, cpu_s=10, file_bytes=1000)
    code = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "child.wait()"
    )
    with pytest.raises(MediaTimeLimitError, match="1 s"):
        python(code, limits, time_limit_s=1.0)
    for pid in pids.read_text().split():
        assert_gone(int(pid))


def test_closing_its_outputs_does_not_escape_the_time_limit() -> None:
    started = time.monotonic()
    with pytest.raises(MediaTimeLimitError):
        python("import os, time; os.close(1); os.close(2); time.sleep(60)", time_limit_s=0.5)
    assert time.monotonic() - started < 10


def test_it_can_be_told_to_stop() -> None:
    asked = []
    with pytest.raises(MediaInterruptedError):
        run_limited(
            [sys.executable, "-c", "import time; time.sleep(60)"],
            LIMITS,
            time_limit_s=30,
            should_stop=lambda: bool(asked.append(1)) or len(asked) > 2,
        )


def test_a_killed_parent_takes_its_child_along(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    child = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = (
        "import sys\n"
        "from ingest.limits import Limits\n"
        "from ingest.processes import run_limited\n"
        f"run_limited([sys.executable, '-c', {child!r}], Limits(1 << 30, 10, 1000), "
        "time_limit_s=60)"
    )
    with subprocess.Popen([sys.executable, "-c", parent]) as process:
        wait_for(lambda: pid_file.exists() and pid_file.read_text())
        process.kill()
    assert_gone(int(pid_file.read_text()))


def test_there_is_no_network_where_the_kernel_agrees() -> None:
    """Asked of the kernel in the same way as the launcher asks, so that both know."""
    ask = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare({}) != 0)"
    allowed = any(
        subprocess.run([sys.executable, "-c", ask.format(flags)], check=False).returncode == 0
        for flags in (0x40000000, 0x50000000)
    )
    outcome = python("print(open('/proc/self/net/dev').read().count(':'))")
    assert outcome.stdout.strip() == b"1" or not allowed


def assert_gone(pid: int) -> None:
    def gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        # Killed, and waiting for whoever inherited it to notice.
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()

    wait_for(gone)


def wait_for(condition: object) -> None:
    deadline = time.monotonic() + 15
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)
