"""The demo's child processes, each on a leash, and the lock they hold together."""

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
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


@dataclass(frozen=True, slots=True)
class Child:
    """A program that runs until `stop`, until it ends, or until this process is gone."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path | None

    def failed(self) -> bool:
        return self.process.poll() is not None

    def explain(self) -> str:
        """Why it ended, with the last lines it wrote."""
        code = self.process.poll()
        text = f"the {self.name} ended with exit code {code}"
        if self.log is not None:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
            text += f"; {self.log} ends with:\n" + "\n".join(lines)
        return text

    def stop(self) -> None:
        """Let go of the leash and wait for the orderly end."""
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(END_S)


@contextmanager
def sole_run(home: Path) -> Iterator[int]:
    """Own the demo in ``home``; gives the lock's descriptor, to be inherited by the children.

    They hold it too, so a run whose owner was killed counts until its children have ended. Raises
    `CommandError` if another run goes on.
    """
    make_folder(home, mode=0o700)
    descriptor = os.open(home / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + PREVIOUS_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise CommandError(
                        f"another run uses {home}; end it first, or name another home"
                    ) from error
                time.sleep(0.2)
        yield descriptor
    finally:
        os.close(descriptor)


def start(
    name: str,
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
    return Child(name, process, log)


def wait_until_healthy(server: Child, address: str) -> None:
    """Wait for ``GET /healthz``. Raises `CommandError` if the server ends or never answers."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if server.failed():
            raise CommandError(server.explain())
        try:
            with urlopen(f"{address}healthz", timeout=5) as response:  # noqa: S310 - our own address
                if response.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    raise CommandError(f"the server does not answer at {address}; see {server.log}")
