"""Child processes of the tests: a free port to listen on, and an end by their own pid."""

import contextlib
import os
import signal
import socket
import subprocess


def free_ports(count: int) -> list[int]:
    """``count`` TCP ports on the loopback that nobody listens on, nor on the port 10000 above.

    SeaweedFS puts the gRPC side of each of its services there. The ports lie below the range the
    kernel takes for outgoing connections, so none of those can slip in.
    """
    found: list[int] = []
    start = 11_000 + os.getpid() * 37 % 9_000
    for port in range(start, start + 2_000):
        if _is_free(port) and _is_free(port + 10_000):
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"no {count} free ports above {start}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def end(process: "subprocess.Popen[bytes]", *, ask: signal.Signals, patience_s: float) -> None:
    """Ask ``process`` to end with the signal ``ask``; kill it when ``patience_s`` have passed."""
    if process.poll() is None:
        process.send_signal(ask)
        try:
            process.wait(timeout=patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=patience_s)
