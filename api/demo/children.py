"""The demo's child processes, each on a leash, and the lock they hold together."""

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

from api.cli.failures import CommandError
from storage.durable import make_folder

#: How long a run that is ending (its owner was killed a moment ago) is waited for.
PREVIOUS_S = 30.0
START_S = 60.0
END_S = 30.0
#: For the last line of a log without one.
NOTHING_WRITTEN = "–"


@dataclass(frozen=True, slots=True)
class Child:
    """A program that runs until `stop`, until it ends, or until this process is gone."""

    process: "subprocess.Popen[bytes]"
    log: Path | None

    def failed(self) -> bool:
        return self.process.poll() is not None

    def stop(self) -> None:
        """Let go of the leash and wait for the orderly end."""
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(END_S)


@contextmanager
def sole_run(home: Path, waits: Callable[[], None]) -> Iterator[int]:
    """Own the demo in ``home``; gives the lock's descriptor, to be inherited by the children.

    They hold it too, so a run whose owner was killed counts until its children have ended; where
    that has to be waited for, ``waits`` is called once. Raises `CommandError` if another run goes
    on.
    """
    make_folder(home, mode=0o700)
    descriptor = os.open(home / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + PREVIOUS_S
        waiting = False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise CommandError("failure.home_in_use", home=home) from error
                if not waiting:
                    waits()
                waiting = True
                time.sleep(0.2)
        yield descriptor
    finally:
        os.close(descriptor)


def start(
    arguments: list[str],
    lock: int,
    *,
    log: Path | None = None,
    output: int | IO[bytes] | None = None,
) -> Child:
    """Run a Python module (``arguments`` after ``python -m``) on a leash.

    What it writes goes to the end of ``log``, or its standard output to ``output``.
    """
    errors: int | IO[bytes] = subprocess.DEVNULL
    with contextlib.ExitStack() as stack:
        if log is not None:
            errors = stack.enter_context(log.open("ab"))
        os.set_inheritable(lock, True)
        process = subprocess.Popen(
            [sys.executable, "-m", "api.demo.leash", sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE,
            stdout=errors if output is None else output,
            stderr=errors,
            pass_fds=(lock,),
            start_new_session=True,
        )
    return Child(process, log)


def last_line(log: Path | None) -> str:
    """The last that a child wrote into its log: most often, why it ended."""
    if log is None or not log.exists():
        return NOTHING_WRITTEN
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), NOTHING_WRITTEN)


def require_running(server: Child) -> None:
    """Raises `CommandError` if the server has ended."""
    code = server.process.poll()
    if code is not None:
        raise CommandError(
            "failure.server_ended", code=code, log=server.log, last=last_line(server.log)
        )


def wait_until_healthy(server: Child, address: str) -> None:
    """Wait for ``GET /healthz``. Raises `CommandError` if the server ends or never answers."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        require_running(server)
        try:
            with urlopen(f"{address}healthz", timeout=5) as response:  # noqa: S310 - our own address
                if response.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    raise CommandError("failure.server_silent", address=address, log=server.log)
