"""Run as a script of its own: takes limits upon itself, then becomes the program named.

    python -I -S limited_exec.py '{"parent": 12, "address_space_bytes": …}' program argument…

A function between fork and exec in a threaded server can deadlock; a process that limits itself
and execs can't. On Linux it also asks the kernel to be killed with its parent, so that a killed
worker leaves no ffmpeg behind, and to be cut off from every network where the kernel lets an
ordinary process ask for that (user namespaces); the demuxer and protocol lists in `ingest.ffmpeg`
hold on every system.
"""

import ctypes
import json
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000


def main() -> None:
    limits = json.loads(sys.argv[1])
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        # Refused (EPERM, ENOSPC) where namespaces are switched off: then it stays as it was.
        if libc.unshare(CLONE_NEWNET):
            libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)
        # Only now: new credentials reset it.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != limits["parent"]:
            sys.exit("the parent is gone already")
    os.nice(limits["nice"])
    for name, key in (
        (resource.RLIMIT_CORE, None),
        (resource.RLIMIT_CPU, "cpu_s"),
        (resource.RLIMIT_FSIZE, "file_bytes"),
        (resource.RLIMIT_NOFILE, "open_files"),
        (resource.RLIMIT_AS, "address_space_bytes"),
    ):
        if name == resource.RLIMIT_AS and sys.platform != "linux":
            continue  # elsewhere a process has more than that mapped from its first moment
        wanted = limits[key] if key else 0
        _, hard = resource.getrlimit(name)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(name, (value, value))
    # Python ignores these two, and what it becomes would inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - no shell is the point


main()
