"""Homes of this software among the folders of an import: no evidence is taken from there.

They hold private keys and databases, which must never become write-once evidence that everybody
with the right to look may open, and originals that are archived already. Our own is known by device
and inode, under whatever name it is reached; any other one by the files that make a home.
"""

import os
from collections.abc import Iterable
from pathlib import Path

#: What stands in a home, and nowhere else together: an archive's, its keys' folder, a station's.
_MARKS = (
    frozenset({"liuhen.toml", "keys"}),
    frozenset({"log.key", "receipts.key"}),
    frozenset({"station.key"}),
    frozenset({"enrolment.json", "journal.db"}),
)

Place = tuple[int, int]


class Homes:
    """Knows what belongs to a home; ``own`` are the folders of the archive that imports."""

    def __init__(self, own: Iterable[Path]) -> None:
        places = (_place_of(folder) for folder in own)
        self._own = frozenset(place for place in places if place is not None)

    def holds(self, path: Path) -> bool:
        """Whether a path that somebody named lies in a home, or is one. Raises `OSError`."""
        whole = Path(os.path.realpath(path))
        if any(_place_of(folder) in self._own for folder in (whole, *whole.parents)):
            return True
        return any(_is_home(folder) for folder in (whole, *whole.parents) if folder.is_dir())

    def is_home(self, folder: Path, names: Iterable[str]) -> bool:
        """Whether ``folder``, in which ``names`` stand, is a home. Raises `OSError`."""
        return _place_of(folder) in self._own or _is_marked(names)


def _is_home(folder: Path) -> bool:
    return any(all(os.path.lexists(folder / name) for name in marks) for marks in _MARKS)


def _is_marked(names: Iterable[str]) -> bool:
    there = frozenset(names)
    return any(marks <= there for marks in _MARKS)


def _place_of(path: Path) -> Place | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
