"""A disk that is small enough to be filled."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class MountRefusedError(Exception):
    """This machine does not let us mount (a container, an account without the right)."""


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[Path]:
    """Mount a tmpfs of ``size_bytes`` on ``folder`` until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={size_bytes},mode=0700"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "liuhen-test", folder],
        check=False,
        capture_output=True,
    )
    if done.returncode != 0:
        raise MountRefusedError(done.stderr.decode(errors="replace"))
    try:
        yield folder
    finally:
        # Lazily: a thread that is about to end may have a file there open.
        subprocess.run(["umount", "-l", folder], check=True)
