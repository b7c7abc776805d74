"""Keeps a program on a leash: it ends when whoever started it ends, however that came about.

Run as ``python -m api.demo.leash PROGRAM ARGUMENT…`` with a pipe as standard input. When the pipe
closes (the owner ended, was killed, or let go) the program gets SIGTERM, and SIGKILL if it has not
ended after `PATIENCE_S`. The exit code is the program's.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from types import FrameType

PATIENCE_S = 20.0


def main(arguments: list[str]) -> int:
    """Run the program; the leash itself ignores Ctrl-C, which is its owner's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    owner = os.dup(0)
    # The program gets no standard input, and SIGINT as it would have it without us.
    with subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        restore_signals=True,
        start_new_session=True,
        pass_fds=_inherited(),
    ) as program:

        def end(_number: int | None = None, _frame: FrameType | None = None) -> None:
            with contextlib.suppress(ProcessLookupError):
                program.terminate()

        def watch() -> None:
            while os.read(owner, 1024):
                pass
            end()
            try:
                program.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                program.kill()

        signal.signal(signal.SIGTERM, end)
        threading.Thread(target=watch, daemon=True).start()
        code = program.wait()
    return code if code >= 0 else 128 - code


def _inherited() -> list[int]:
    """Descriptors above the standard three: the owner's lock, which the program holds as well."""
    found = []
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []:  # noqa: PTH112, PTH208
        descriptor = int(name)
        if descriptor > 2:
            with contextlib.suppress(OSError):
                if os.get_inheritable(descriptor):
                    found.append(descriptor)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
