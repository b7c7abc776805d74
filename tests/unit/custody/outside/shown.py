"""A log as it shows itself to somebody outside."""

from custody.log.merkle import root_of
from custody.outside.errors import SourceMissingError
from tests.unit.custody.log.samples import SampleLog, chain

ENTRIES = chain("clip:other", 600)
FORGED = chain("clip:forged", 600)


class ShownLog:
    """A log as it shows itself at one size; a test may change any of its files."""

    def __init__(self, size: int, entries: list[bytes] = ENTRIES) -> None:
        log = SampleLog(entries[:size])
        self.root = root_of(log.leaves)
        self.files = {"checkpoint": log.note().encode(), **log.files}

    def fetch(self, path: str) -> bytes:
        try:
            return self.files[path]
        except KeyError:
            raise SourceMissingError(path) from None
