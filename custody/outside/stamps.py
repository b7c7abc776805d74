"""The timestamps that a log's entries say it received, as files of the log."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from custody.log.entry import Entry
from custody.log.errors import LogError
from custody.object_keys import (
    AUTHORITY_NAME,
    LOG_PREFIX,
    checkpoint_archive_key,
    timestamp_key,
)

#: Twelve digits, as the archive files checkpoints.
MAX_SIZE = 10**12
_KIND = b'"kind":"log.stamped"'
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class LoggedStamp:
    """What an entry ``log.stamped`` says: whose token, of which checkpoint, with which SHA-256."""

    size: int
    authority: str
    sha256: str

    @property
    def path(self) -> str:
        return timestamp_key(self.size, self.authority).removeprefix(LOG_PREFIX)

    @property
    def checkpoint_path(self) -> str:
        return checkpoint_archive_key(self.size).removeprefix(LOG_PREFIX)


def stamps_in(entries: Iterable[bytes]) -> Iterator[LoggedStamp]:
    """The timestamps that ``entries`` speak of; what speaks of none that can be is passed over."""
    for data in entries:
        if _KIND not in data:
            continue
        try:
            facts = Entry.decode(data).facts
        except LogError:
            continue
        size, authority, sha256 = (facts.get(one) for one in ("size", "authority", "token_sha256"))
        if (
            isinstance(size, int)
            and 0 < size < MAX_SIZE
            and isinstance(authority, str)
            and AUTHORITY_NAME.fullmatch(authority)  # it becomes a part of a path
            and isinstance(sha256, str)
            and _SHA256.fullmatch(sha256)
        ):
            yield LoggedStamp(size, authority, sha256)
