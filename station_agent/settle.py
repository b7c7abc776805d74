"""When a file has stopped changing: a rule without I/O.

An event "closed" is only a hint (writers close and reopen, hard links never close): standing
still in size and time for some seconds is the proof, and after hashing the file is looked at again.
Times are `time.monotonic` seconds; the wall clock, the station's or the recorder's, has no say.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a file from a later one of the same name, as the system's ``stat`` gives it.

    ``mtime_ns`` is anybody's to set; ``ctime_ns`` is not, and tells bytes that were written over in
    place once the system has them: what a program changes through a memory mapping moves neither
    until it is written back. Whoever releases a recorder must read its bytes once more
    (ARCHITECTURE.md, known gaps). Renaming sets it too, as does any other change to the inode: then
    the file is read once more. Windows gives the time of creation instead, FAT and exFAT the
    ``mtime_ns`` once more: there it says nothing new, and `station_agent.media` what may be
    believed all the same.
    """

    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int


@dataclass(frozen=True, slots=True)
class Stillness:
    """The file has looked like ``identity`` at every look since ``since`` (monotonic seconds)."""

    identity: Identity
    since: float


def look(before: Stillness | None, identity: Identity, now: float) -> Stillness:
    """Take one more look into account: a change starts the wait anew."""
    if before is not None and before.identity == identity:
        return before
    return Stillness(identity, now)


def is_settled(stillness: Stillness, now: float, settle_s: float) -> bool:
    """Whether the file has stood still for ``settle_s`` seconds."""
    return now - stillness.since >= settle_s
