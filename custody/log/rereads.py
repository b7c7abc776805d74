"""How much of the archive was read again since it came in, as the log has it: pure rules.

Of the entries ``verification.run`` nothing counts but what says which originals it read
(docs/formats/statements.md). Entries may be told in any order.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from custody.log.canonical import to_milliseconds
from custody.log.entry import Entry
from custody.log.sample import Admitted

YEAR = timedelta(days=365)

_RUN = "verification.run"
_CLIP = "clip:"
#: What a run ends with; a denied one read nothing.
_OUTCOMES = ("ok", "failed")
#: Scopes that leave an entry on each clip they read.
_SINGLY = ("clip", "sample")


@dataclass(frozen=True, slots=True)
class OldestClip:
    """The clip that came first of those that were never read again; whole days since."""

    clip_id: str
    index: int
    admitted_at: datetime
    age_days: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the ``clips``, and of their ``bytes``, were ever read again, and in the year
    before ``at``."""

    at: datetime
    clips: int
    bytes: int
    ever_clips: int
    ever_bytes: int
    year_clips: int
    year_bytes: int
    oldest: OldestClip | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", to_milliseconds(self.at))


@dataclass(frozen=True, slots=True)
class _Whole:
    """A run of everything: it read each clip under ``tree_size`` but the ``unread`` ones."""

    at: datetime
    tree_size: int
    unread: frozenset[str]


@dataclass(slots=True)
class Rereads:
    """When each clip was last read again. Memory grows with the clips that were read singly.

    An entry counts for what was admitted before it and at no later a time, and for nothing where it
    says something that no run could: a tree that was not there yet, an outcome of its own.
    """

    _wholes: list[_Whole] = field(default_factory=list)
    #: By clip when it was read, and by the entry at which index; None for the run that counts.
    _single: dict[str, list[tuple[datetime, int | None]]] = field(default_factory=dict)

    def take(self, entry: Entry, index: int) -> None:
        """Count the entry at ``index``; one that is no verification counts for nothing."""
        if entry.kind != _RUN or entry.outcome not in _OUTCOMES:
            return
        facts = entry.facts
        scope = facts.get("scope")
        if scope == "everything" and "run" not in facts:
            unread, tree_size = facts.get("unread"), facts.get("tree_size")
            if isinstance(unread, list) and type(tree_size) is int and tree_size <= index:
                left = (one for one in unread if isinstance(one, str))
                self.read_all(entry.at, tree_size, left)
        elif scope == "case" and isinstance(read := facts.get("read"), list):
            for clip_id in read:
                if isinstance(clip_id, str):
                    self.read(clip_id, entry.at, index)
        elif scope in _SINGLY and entry.item.startswith(_CLIP) and facts.get("unchecked") == 0:
            self.read(entry.item.removeprefix(_CLIP), entry.at, index)

    def read(self, clip_id: str, at: datetime, index: int | None = None) -> None:
        """Count that one clip was read, by the entry at ``index`` or by the run that counts."""
        self._single.setdefault(clip_id, []).append((to_milliseconds(at), index))

    def read_all(self, at: datetime, tree_size: int, unread: Iterable[str]) -> None:
        """Count that all clips under ``tree_size`` were read but the ``unread`` ones."""
        self._wholes.append(_Whole(to_milliseconds(at), tree_size, frozenset(unread)))

    def cover(self, admitted: Iterable[Admitted], now: datetime) -> Coverage:
        """What of ``admitted`` was read again; within a year of ``now``, and ever."""
        now = to_milliseconds(now)
        by_now = (whole for whole in self._wholes if whole.at <= now)
        wholes = sorted(by_now, key=lambda whole: whole.at, reverse=True)
        reached = max((whole.tree_size for whole in wholes), default=0)
        counts = dict.fromkeys(("all", "ever", "year"), 0)
        sizes = dict.fromkeys(counts, 0)
        oldest: Admitted | None = None
        for clip in admitted:
            last = self._last_single(clip, now)
            # The newest run has read most of them, and none the ones that came after it.
            for whole in wholes if clip.index < reached else ():
                if whole.at < clip.at or (last is not None and whole.at <= last):
                    break
                if clip.index < whole.tree_size and clip.clip_id not in whole.unread:
                    last = whole.at
                    break
            of = ["all"] if last is None else ["all", "ever"]
            if last is not None and last >= now - YEAR:
                of.append("year")
            for one in of:
                counts[one] += 1
                sizes[one] += clip.size_bytes
            if last is None and (oldest is None or _age(clip) < _age(oldest)):
                oldest = clip
        found = None
        if oldest is not None:
            days = max(0, (now - oldest.at) // timedelta(days=1))
            found = OldestClip(oldest.clip_id, oldest.index, oldest.at, days)
        return Coverage(
            now,
            counts["all"],
            sizes["all"],
            counts["ever"],
            sizes["ever"],
            counts["year"],
            sizes["year"],
            found,
        )

    def _last_single(self, clip: Admitted, now: datetime) -> datetime | None:
        """When an entry behind the one that admitted ``clip`` read it last, as far as ``now``."""
        told = self._single.get(clip.clip_id, ())
        return max(
            (
                at
                for at, index in told
                if clip.at <= at <= now and (index is None or index > clip.index)
            ),
            default=None,
        )


def _age(clip: Admitted) -> tuple[datetime, int]:
    return clip.at, clip.index
