"""The folder of the log's keys as it is now: keys come and go while a server runs."""

import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from custody.errors import KeyFileError
from custody.log.key_types import Verifier
from custody.publishing.keys import RETIRED_FOLDER, LogKeys


class KeyFolder:
    """Reads the keys anew whenever a file has come or gone; safe to share between threads.

    It stands for the log, too (`custody.log.checkpoint.LogTrust`): what any key in the folder has
    signed, in use or retired, is the house's own.
    """

    def __init__(self, folder: Path, origin: str, load: Callable[[Path, str], LogKeys]) -> None:
        self.path = folder
        self.origin = origin
        self._load = load
        self._lock = threading.Lock()
        self._names = self._list()
        self._keys = load(folder, origin)

    def keys(self) -> LogKeys:
        """The keys. Raises `KeyFileError`."""
        with self._lock:
            names = self._list()
            if names != self._names:
                # Names first: what comes while the keys are read is read the next time.
                self._keys, self._names = self._load(self.path, self.origin), names
            return self._keys

    @property
    def name(self) -> str:
        return self.origin

    @property
    def verifiers(self) -> Sequence[Verifier]:
        return self.keys().any.verifiers

    def check(self, size: int, signed: Collection[Verifier]) -> None:
        """Raise `SignatureMissingError` unless a key of the folder is among those that signed."""
        self.keys().any.check(size, signed)

    def _list(self) -> tuple[frozenset[str], frozenset[str]]:
        return _names_in(self.path), _names_in(self.path / RETIRED_FOLDER)


def _names_in(folder: Path) -> frozenset[str]:
    """The names of keys; what the signer remembers changes every second and is none."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise KeyFileError(f"{folder}: {error}") from error
    return frozenset(name for name in names if name.endswith((".key", ".pub")))
