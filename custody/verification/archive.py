"""Every checkpoint that was ever published: signed by us, filed where it belongs, of one tree."""

from collections.abc import Iterator
from dataclasses import dataclass

from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.errors import LogError
from custody.object_keys import checkpoint_archive_key
from custody.said import said
from custody.verification.context import ProgressCallback, VerificationContext
from custody.verification.findings import Finding, FindingCode
from custody.verification.heads import Heads, beginning, size_of_key
from custody.verification.objects import LogObjects, UnreadableError
from custody.verification.reports import Progress, Report


@dataclass(frozen=True, slots=True)
class _Filed:
    """One published size: the key of its archived note, and its row (root in hex, note).

    ``again``: a further row of a size whose note was met; without a key two rows can have one size.
    """

    size: int
    key: str | None
    row: tuple[str, str] | None
    again: bool = False


class ArchiveWalk:
    """Archive and rows side by side, in order of size, while the tree grows past each."""

    def __init__(
        self,
        context: VerificationContext,
        objects: LogObjects,
        heads: Heads,
        report: Report,
        progress: ProgressCallback,
    ) -> None:
        self._context = context
        self._objects = objects
        self._report = report
        self._progress = progress
        self._total = max(heads.archived.count, heads.rows.count)
        self._done = 0
        # The newest archived note may be of a publication under way, whose row comes last.
        self._rows_end = heads.settled
        self._filed = self._merge(heads)
        self._current = next(self._filed, None)

    @property
    def next_size(self) -> int:
        """The size at which `meet` is to be called next; -1 when there is none."""
        return -1 if self._current is None else self._current.size

    def meet(self, root: bytes | None) -> None:
        """The tree has `next_size` entries and this root (None: nobody can say which)."""
        size = self.next_size
        while self._current is not None and self._current.size == size:
            self._look_at(self._current, root)
            self._done += 1
            if self._done % 100 == 0:
                self._progress(Progress("checkpoints", self._done, self._total))
            self._current = next(self._filed, None)

    def _look_at(self, filed: _Filed, root: bytes | None) -> None:
        if filed.key is not None:
            self._check_archived(filed.size, filed.key, root)
        elif not filed.again:
            key = checkpoint_archive_key(filed.size)
            self._find(
                FindingCode.CHECKPOINT_MISSING,
                key,
                filed.size,
                said("archived_gone", size=filed.size),
                said("checkpoint_of", size=filed.size),
                said("nothing"),
            )
        if filed.row is not None:
            self._check_row(filed.size, *filed.row, root)
        elif filed.size < self._rows_end:
            self._find(
                FindingCode.CHECKPOINT_MISSING,
                f"checkpoint:{filed.size}",
                filed.size,
                said("checkpoint_row_gone", size=filed.size),
                said("checkpoint_of", size=filed.size),
                said("nothing"),
            )

    def finish(self) -> None:
        """Look at those the tree never reached: their signatures at least."""
        while self._current is not None:
            self.meet(None)
        self._progress(Progress("checkpoints", self._done, self._done))

    def _merge(self, heads: Heads) -> Iterator[_Filed]:
        keys = ((size_of_key(key), key) for (key,) in heads.archived)
        rows = ((size, (root, note)) for size, root, note in heads.rows)
        key, row = next(keys, None), next(rows, None)
        met = -1
        while key is not None or row is not None:
            size = min(pair[0] for pair in (key, row) if pair is not None)
            here = key if key is not None and key[0] == size else None
            there = row if row is not None and row[0] == size else None
            yield _Filed(size, here and here[1], there and there[1], again=size == met)
            met = size
            if here is not None:
                key = next(keys, None)
            if there is not None:
                row = next(rows, None)

    def _check_archived(self, size: int, key: str, root: bytes | None) -> None:
        try:
            note = self._objects.find(key)
        except UnreadableError:
            return
        if note is None:  # removed since it was listed
            self._find(
                FindingCode.CHECKPOINT_MISSING,
                key,
                size,
                said("archived_now_gone"),
                said("checkpoint_of", size=size),
                said("nothing"),
            )
            return
        self._check_note(note, size, key, root)

    def _check_row(self, size: int, row_root: str, note: str, root: bytes | None) -> None:
        subject = f"checkpoint:{size}"
        checkpoint = self._check_note(note, size, subject, root)
        if checkpoint is not None and checkpoint.root.hex() != row_root:
            self._find(
                FindingCode.CHECKPOINT_ROOT,
                subject,
                size,
                said("row_root"),
                checkpoint.root.hex(),
                row_root,
            )

    def _check_note(
        self, note: str | bytes, size: int, subject: str, root: bytes | None
    ) -> Checkpoint | None:
        try:
            checkpoint = open_checkpoint(note, self._context.log, origin=self._context.origin)
        except LogError as error:
            self._find(
                FindingCode.CHECKPOINT_SIGNATURE,
                subject,
                size,
                said("no_checkpoint", error=error),
                said("signed_by", verifier=self._context.log_verifier.vkey),
                beginning(note),
            )
            return None
        if checkpoint.size != size:
            self._find(
                FindingCode.CHECKPOINT_INCONSISTENT,
                subject,
                size,
                said("filed_under", filed=size, size=checkpoint.size),
                str(size),
                str(checkpoint.size),
            )
        elif root is not None and checkpoint.root != root:
            self._find(
                FindingCode.CHECKPOINT_INCONSISTENT,
                subject,
                size,
                said("other_root", size=size),
                root.hex(),
                checkpoint.root.hex(),
            )
        return checkpoint

    def _find(
        self,
        code: FindingCode,
        subject: str,
        size: int,
        message: str,
        expected: str | None = None,
        found: str | None = None,
    ) -> None:
        self._report.add(Finding(code, subject, message, expected, found, entry_index=size))
