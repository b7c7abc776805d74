"""`liuhen serve` as a process: ready, in use beside other commands, ended in order."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from tests.integration.cli.conftest import Liuhen


@contextmanager
def serving(home: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli.main", "serve", "--home", str(home), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield process, next(word for word in line.split() if word.startswith("http://"))
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def healthy(address: str) -> bool:
    with urlopen(f"{address}healthz", timeout=10) as response:
        return bool(response.status == 200)


def test_server_works_beside_commands_and_stops_in_order(
    liuhen: Liuhen, home: Path, footage: Path
) -> None:
    with serving(home) as (process, address):
        assert healthy(address)
        assert liuhen("import", str(footage)).code == 0
        assert liuhen("verify").code == 0
        deadline = time.monotonic() + 30
        while liuhen("verify", "--json").json["checkpoint"] is None:
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert liuhen("verify").code == 0
    started = liuhen("log", "show", "--kind", "service.started", "--json").json
    assert len(started) == 1


def test_taken_port_is_said(liuhen: Liuhen) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = liuhen("serve", "--port", str(taken.getsockname()[1]))
    assert done.code == 2
    assert "is taken" in done.err
