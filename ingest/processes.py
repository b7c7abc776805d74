"""Child processes under limits: bounded in time, memory and output, and never left behind."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ingest.errors import MediaInterruptedError, MediaTimeLimitError
from ingest.limits import Limits

LAUNCHER = Path(__file__).with_name("limited_exec.py")
#: How often a running child is looked at: its time limit and the wish to stop, in seconds.
TICK_S = 0.2
#: What is kept of each of the child's outputs, in bytes; the rest is read and dropped.
KEEP_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a child ended (negative: by which signal); its outputs, cut at `KEEP_BYTES`."""

    returncode: int
    stdout: bytes
    stderr: bytes


def never() -> bool:
    return False


def run_limited(
    command: Sequence[str],
    limits: Limits,
    *,
    time_limit_s: float,
    should_stop: Callable[[], bool] = never,
) -> Outcome:
    """Run ``command`` (an absolute path and its arguments) and wait for its end.

    It gets no input, a minimal environment and the root folder to stand in. Raises
    `MediaTimeLimitError` after ``time_limit_s`` of wall time and `MediaInterruptedError` when
    ``should_stop`` says so; whichever way this function ends, every process of the child's group
    is dead.
    """
    settings = json.dumps({"parent": os.getpid(), **asdict(limits)})
    deadline = time.monotonic() + time_limit_s
    with subprocess.Popen(
        [sys.executable, "-I", "-S", str(LAUNCHER), settings, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        start_new_session=True,
    ) as child:
        try:
            kept = _collect(child, deadline, time_limit_s, should_stop)
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise MediaTimeLimitError(f"{time_limit_s:.0f} s") from error
        finally:
            _kill_group(child)
    return Outcome(child.returncode, bytes(kept["stdout"]), bytes(kept["stderr"]))


def _collect(
    child: subprocess.Popen[bytes],
    deadline: float,
    time_limit_s: float,
    should_stop: Callable[[], bool],
) -> dict[str, bytearray]:
    """Read both outputs to their end."""
    kept = {"stdout": bytearray(), "stderr": bytearray()}
    with selectors.DefaultSelector() as selector:
        for name, pipe in (("stdout", child.stdout), ("stderr", child.stderr)):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, name)
        while selector.get_map():
            if should_stop():
                raise MediaInterruptedError
            left = deadline - time.monotonic()
            if left <= 0:
                raise MediaTimeLimitError(f"{time_limit_s:.0f} s")
            for key, _ in selector.select(min(left, TICK_S)):
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                    continue
                room = KEEP_BYTES - len(kept[key.data])
                kept[key.data] += data[:room]
    return kept


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended by itself and left nobody
    child.wait()
