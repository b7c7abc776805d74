"""Several sorted streams walked side by side, so that rows meet their entries without a join."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Grouped(Generic[T]):
    """Rows in order of a text key; groups are taken in that same order."""

    def __init__(self, rows: Iterable[T], key: Callable[[T], str]) -> None:
        self._rows = iter(rows)
        self._key = key
        self._next = next(self._rows, None)

    def take(self, key: str) -> list[T]:
        """The rows of exactly this key; those before it must have been taken by `before`."""
        group = []
        while self._next is not None and self._key(self._next) == key:
            group.append(self._next)
            self._next = next(self._rows, None)
        return group

    def before(self, key: str) -> Iterator[T]:
        """The rows whose key comes before ``key``."""
        while self._next is not None and self._key(self._next) < key:
            row = self._next
            self._next = next(self._rows, None)
            yield row

    def rest(self) -> Iterator[T]:
        """All rows that were not taken."""
        while self._next is not None:
            row = self._next
            self._next = next(self._rows, None)
            yield row
