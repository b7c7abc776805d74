"""Keeps two signers of one key from running at the same time on one machine."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from custody.errors import KeyHeldError
from storage.regular_files import open_regular_file

#: In the keys' folder, beside what it keeps together: the key and the memory of what it signed.
LOCK_FILE = "signer.lock"


class KeyLock:
    """A lock on the key in ``folder``; the system frees it when its holder ends, however it does.

    A copy of the key elsewhere has a lock of its own: then witnesses see a second tree.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_FILE

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be the only signer meanwhile. Raises `KeyHeldError`, `OSError`."""
        descriptor = open_regular_file(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise KeyHeldError(str(self._path)) from error
            yield
        finally:
            os.close(descriptor)
