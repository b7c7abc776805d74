"""The clips as the log admitted them: which of them a seed picks, and which were ever read again.

What is told of them comes out of the entries that were held against the tree, never out of rows,
so that whoever has only the entries draws the same sample (`custody.log.sample`).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from custody.ids import looks_like_id
from custody.log.canonical import format_time, parse_time
from custody.log.entry import Entry
from custody.log.merkle import hash_leaf
from custody.log.rereads import Rereads
from custody.log.sample import MAX_SAMPLE, Admitted, Drawn, draw, find_admission, rank_of
from custody.log.sample_statement import Verdict
from custody.verification.context import SampleWanted, Selection
from custody.verification.expected import ExpectedClip
from custody.verification.findings import VerificationImpossibleError
from custody.verification.fixity import Outcome, StoredObject
from custody.verification.items import ObjectTasks
from custody.verification.reports import MAX_NAMED_CLIPS, Report
from custody.verification.spools import RecordSpool


class Admissions:
    """One run's clips: told all entries item by item, then what reading each object showed.

    The clips lie in files that vanish at the end.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        #: Set once every entry was told; before that nothing can be drawn.
        self.is_whole = False
        self._spool = RecordSpool()
        self._drawn = RecordSpool()
        self._rereads = Rereads()
        self._verdicts: dict[str, Verdict] | None = None
        self._admitted: Admitted | None = None
        #: Entries that admit, and entries that say what was read, count below these.
        self._tree_size = self._log_size = 0

    def begin(self, selection: Selection) -> None:
        """Before the entries: a sample is of the clips under its checkpoint, else of all."""
        if selection.log_only:
            return
        checkpoint = self._report.checkpoint
        shown = 0 if checkpoint is None else checkpoint.size
        sample = selection.sample
        self._tree_size = shown if sample is None else sample.checkpoint.size
        self._log_size = self._report.log_size = max(shown, self._tree_size)

    def take(self, entry: Entry, index: int | None) -> None:
        """The next entry; one without an index is not in the log yet."""
        if index is None or index >= self._log_size:
            return
        self._rereads.take(entry, index)
        if index < self._tree_size and (self._admitted is None or index < self._admitted.index):
            found = find_admission(entry, index, hash_leaf(entry.encode()))
            self._admitted = found or self._admitted

    def end_clip(self, clip: ExpectedClip) -> None:
        """All entries of one clip were told; ``clip`` says whose it is."""
        one, self._admitted = self._admitted, None
        if one is None:
            return
        officer = None if clip.clip is None else clip.clip.columns.get("officer")
        self._spool.append(
            [
                one.index,
                one.clip_id,
                one.sha256,
                one.size_bytes,
                format_time(one.at),
                one.leaf_hash.hex(),
                officer if isinstance(officer, str) else None,
            ]
        )

    def draw(self, sample: SampleWanted, tasks: ObjectTasks) -> ObjectTasks:
        """Those of ``tasks`` that are of the clips which the seed picks.

        Raises `VerificationImpossibleError` where not all entries were told, or for too many clips.
        """
        if not self.is_whole:
            raise VerificationImpossibleError("the entries could not be read to their end")
        size = sample.asked.of(self._spool.count)
        if size > MAX_SAMPLE:
            raise VerificationImpossibleError(f"a sample of {size} clips, at most {MAX_SAMPLE}")
        root = sample.checkpoint.root
        chosen = draw(self._all(), root, sample.seed, size)
        added = self._one_for_each(chosen, root, sample.seed) if sample.per_officer else ()
        if len(chosen) + len(added) > MAX_SAMPLE:
            raise VerificationImpossibleError(f"a sample of more than {MAX_SAMPLE} clips")
        drawn = self._report.sample = Drawn(chosen, added)
        self._verdicts = self._report.verdicts
        self._verdicts |= {clip.clip_id: Verdict.UNREAD for clip in drawn.all}
        narrowed = ObjectTasks(self._drawn)
        for record in tasks.spool:
            if record[0] in self._verdicts:
                narrowed.add(record)
        return narrowed

    def note(self, wanted: StoredObject, outcome: Outcome) -> None:
        """What reading one object showed; called one at a time."""
        if wanted.kind is not None or outcome.unchecked is not None:
            return
        if len(self._report.read_clips) <= MAX_NAMED_CLIPS:
            self._report.read_clips.append(wanted.clip_id)
        if self._verdicts is None:
            return
        held = Verdict.FAILED if outcome.findings else Verdict.HELD
        self._verdicts[wanted.clip_id] = held

    def cover(self, now: datetime) -> None:
        """After the bytes: how far the clips were read again, this run included."""
        if not self.is_whole or not self._log_size:
            return
        for clip_id, verdict in (self._verdicts or {}).items():
            if verdict != Verdict.UNREAD:
                self._rereads.read(clip_id, now)
        if self._verdicts is None and (unread := unread_clips(self._report)) is not None:
            self._rereads.read_all(now, self._tree_size, unread)
        self._report.coverage = self._rereads.cover(self._all(), now)

    def _all(self) -> Iterator[Admitted]:
        """Every clip, in no order that means anything."""
        return (_admitted(record) for record in self._spool)

    def _one_for_each(
        self, chosen: tuple[Admitted, ...], root: bytes, seed: str
    ) -> tuple[Admitted, ...]:
        """Of each officer who has none among ``chosen``, the clip of the lowest rank."""
        ids = {clip.clip_id for clip in chosen}
        seen = {record[-1] for record in self._spool if record[1] in ids}
        lowest: dict[str, tuple[bytes, Admitted]] = {}
        for record in self._spool:
            officer = record[-1]
            if officer is None or officer in seen:
                continue
            one = _admitted(record)
            rank = rank_of(root, one.leaf_hash, seed)
            if officer not in lowest or rank < lowest[officer][0]:
                lowest[officer] = rank, one
        return tuple(one for _, one in sorted(lowest.values(), key=lambda pair: pair[0]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()
        self._drawn.close()


def unread_clips(report: Report) -> list[str] | None:
    """The clips of which a run of everything did not read all; None where that is not known."""
    if any(one.subject in ("rows", "bytes") for one in report.unchecked):
        return None  # a phase that was not finished
    unread = sorted({one.clip_id for one in report.unchecked if one.clip_id is not None})
    return unread if len(unread) <= MAX_NAMED_CLIPS and all(map(looks_like_id, unread)) else None


def _admitted(record: list[Any]) -> Admitted:
    index, clip_id, sha256, size_bytes, at, leaf_hash, _ = record
    return Admitted(index, clip_id, sha256, size_bytes, parse_time(at), bytes.fromhex(leaf_hash))
