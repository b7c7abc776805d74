"""Small files of the station's home that must be whole and on the disk, or not there."""

import os
from pathlib import Path


def write_file(path: Path, data: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Put ``data`` under ``path``, replacing what stands there; ``durable`` when it returns.

    After a crash the file is the old one or the new one. Raises `OSError`.
    """
    scratch = path.with_name(f".{path.name}.new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)  # the umask may have taken more, an old file less
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        scratch.replace(path)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names in ``folder`` durable; systems without `O_DIRECTORY` do that on their own."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def free_name(path: Path, sort: str) -> Path:
    """A name beside ``path`` under which nothing stands yet: ``path.sort-1`` and so on."""
    number = 1
    while os.path.lexists(aside := path.with_name(f"{path.name}.{sort}-{number}")):
        number += 1
    return aside
