"""What a witness remembers of each log: the newest tree it cosigned, on disk before it answers."""

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from custody.errors import CustodyError
from custody.log.merkle import HASH_BYTES, MAX_TREE_SIZE
from custody.log.witness import Seen
from storage.durable import make_folder, write_file
from storage.regular_files import open_regular_file, read_small_file


class WitnessStateError(CustodyError):
    """A witness that does not know what it cosigned must not go on; put its state back."""


class WitnessBusyError(CustodyError):
    """Another witness runs with this folder."""


class WitnessState:
    """A folder with a file for each log: JSON with ``origin``, ``size``, ``root`` and ``note``.

    One process at a time (`open_state`), any number of its threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, origin: str) -> Iterator["Held"]:
        """What is known of a log, while nobody else may change it. Raises `WitnessStateError`."""
        with self._lock:
            yield Held(self._folder / _file_of(origin), origin)


class Held:
    """The state of one log, held by one thread."""

    def __init__(self, path: Path, origin: str) -> None:
        self._path = path
        self._origin = origin
        self.seen = _read(path, origin)

    def keep(self, seen: Seen, note: str) -> None:
        """Remember ``seen``, durably, with the note that showed it."""
        value = {
            "origin": self._origin,
            "size": seen.size,
            "root": seen.root.hex(),
            "note": note,
        }
        write_file(self._path, (json.dumps(value, ensure_ascii=False) + "\n").encode())
        self.seen = seen


@contextmanager
def open_state(folder: Path) -> Iterator[WitnessState]:
    """The state in ``folder``, for this process alone. Raises `WitnessBusyError`, `OSError`."""
    make_folder(folder, mode=0o700)
    descriptor = open_regular_file(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WitnessBusyError(str(folder)) from error
        yield WitnessState(folder)
    finally:
        os.close(descriptor)


def _file_of(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest() + ".json"


def _read(path: Path, origin: str) -> Seen:
    try:
        value = json.loads(read_small_file(path))
        size, root = value["size"], bytes.fromhex(value["root"])
        fits = value["origin"] == origin and isinstance(size, int)
    except FileNotFoundError:
        return Seen()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WitnessStateError(f"{path}: {error}") from error
    if not fits or not 0 <= size <= MAX_TREE_SIZE or len(root) != HASH_BYTES:
        raise WitnessStateError(str(path))
    return Seen(size, root)
