"""Every tree head that anybody has signed: the pointer, the archive, the rows, the signer's memory.

They are read in the reverse of the order in which a publication writes them (signer, archive,
pointer, row), so that a publication under way never looks like one that was undone.
"""

import re
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from custody.cells import Misfit, as_bytes, described, raw_columns, read_row
from custody.errors import SignerAwayError, SignerStateError
from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.errors import LogError
from custody.object_keys import CHECKPOINT_ARCHIVE, CHECKPOINT_KEY, checkpoint_archive_key
from custody.said import said
from custody.tables import checkpoints
from custody.verification.context import VerificationContext
from custody.verification.findings import Finding, FindingCode, Unchecked
from custody.verification.objects import LogObjects, UnreadableError
from custody.verification.reports import Report
from custody.verification.rows import snapshot, stream
from custody.verification.spools import RecordSpool

#: Seconds between two looks at a memory that is behind.
SIGNER_PAUSE_S = 0.2
#: Characters, or bytes, that a finding shows of a note that is no checkpoint.
SHOWN_CHARS = 200
_SIZE = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True)
class Head:
    """A tree head and where it stands."""

    size: int
    root: bytes
    source: str


@dataclass(frozen=True, slots=True)
class Heads:
    """What is known of the log's head. ``archived`` holds (key), ``rows`` (size, root, note).

    Of every size below ``settled`` the row was committed before it was looked for.
    """

    pointer: Checkpoint | None
    known: list[Head]
    newest_row: int
    settled: int
    rows: RecordSpool
    archived: RecordSpool

    def largest(self) -> Head | None:
        return max(self.known, key=lambda head: head.size, default=None)


def collect_heads(context: VerificationContext, objects: LogObjects, report: Report) -> Heads:
    """Read and open the newest head of each source; findings for those that do not hold."""
    rows, archived = RecordSpool(), RecordSpool()
    _read_rows(context, None, rows, report)
    known: list[Head] = []
    pointer, pointer_bad = open_pointer(context, objects, report)
    if pointer is not None:
        known.append(Head(pointer.size, pointer.root, CHECKPOINT_KEY))
    newest_row = 0
    for size, root, note in rows:
        newest_row = size
        opened = opened_or_none(note, context)
        if opened is not None and (opened.size, opened.root.hex()) == (size, root):
            _keep_newest(known, Head(size, opened.root, "checkpoints"))
    newest_archived = _newest_archived(context, objects, archived)
    settled = newest_row
    if newest_archived is not None:
        known.append(newest_archived)
        # What was published since the rows were read has its row by now, but for the very last.
        settled = max(settled, newest_archived.size)
        _read_rows(context, newest_row, rows, report)
    published = max((head.size for head in known), default=0)
    remembered = _ask_signer(context, published, report)
    if remembered is not None:
        known.append(remembered)
    if not pointer_bad:
        check_pointer(pointer, newest_row, report)
    return Heads(pointer, known, newest_row, settled, rows, archived)


def _read_rows(
    context: VerificationContext, above: int | None, rows: RecordSpool, report: Report
) -> None:
    """Append the rows of checkpoints (of more than ``above`` entries) to ``rows``, by size."""
    with snapshot(context.database) as tx:
        statement = sa.select(*raw_columns(tx, checkpoints))
        if above is not None:
            statement = statement.where(checkpoints.c.size > above)
        for row in stream(tx, statement.order_by(checkpoints.c.size)):
            _check_types(row.size, read_row(checkpoints, row._mapping), report)  # noqa: SLF001 - SQLAlchemy's public name
            note = as_bytes(row.note).decode(errors="replace")
            rows.append([row.size, as_bytes(row.root).hex(), note])


def _ask_signer(context: VerificationContext, published: int, report: Report) -> Head | None:
    """What the signer remembers; a finding if that is less than this log's key has published.

    A memory without the newest checkpoint would let the key sign another tree beside it.
    """
    if context.signer is None:
        return None
    expected = said("checkpoint_or_later", size=published)
    until = time.monotonic() + context.signer_grace_s
    try:
        while True:
            last = context.signer()
            if (last is not None and last[0] >= published) or not published:
                return None if last is None else Head(*last, "signer")
            if time.monotonic() >= until:
                break
            time.sleep(SIGNER_PAUSE_S)
    except SignerStateError as error:
        message, found = said("signer_unreadable"), said("error", error=error)
        report.add(Finding(FindingCode.SIGNER_MEMORY, "signer", message, expected, found))
        return None
    except SignerAwayError as error:
        report.unchecked.append(Unchecked("signer", said("unreadable", error=error)))
        return None
    message = said("signer_less", published=published)
    found = said("nothing") if last is None else said("checkpoint_of", size=last[0])
    report.add(Finding(FindingCode.SIGNER_MEMORY, "signer", message, expected, found))
    return None if last is None else Head(*last, "signer")


def _check_types(size: int, cells: dict[str, Any], report: Report) -> None:
    """A cell of another type than its column's is a finding, though its bytes may be right."""
    for column, cell in cells.items():
        if not isinstance(cell, Misfit):
            continue
        signed = column == "note"
        report.add(
            Finding(
                FindingCode.CHECKPOINT_SIGNATURE if signed else FindingCode.CHECKPOINT_ROOT,
                f"checkpoint:{size}",
                said("checkpoint_holds", size=size, column=column, found=described(cell)),
                expected=said("column", column=column, value=said("wanted", wanted=cell.wanted)),
                found=said("column", column=column, value=described(cell.found)),
                entry_index=size,
            )
        )


def check_pointer(pointer: Checkpoint | None, newest_row: int, report: Report) -> None:
    """The published checkpoint is there and not behind the newest row, which comes after it."""
    if pointer is None and newest_row:
        report.add(
            Finding(
                FindingCode.CHECKPOINT_MISSING,
                CHECKPOINT_KEY,
                said("pointer_gone"),
                expected=said("checkpoint_from", size=newest_row),
                found=said("nothing"),
            )
        )
    elif pointer is not None and pointer.size < newest_row:
        report.add(
            Finding(
                FindingCode.CHECKPOINT_ROLLED_BACK,
                CHECKPOINT_KEY,
                said("pointer_behind", shown=pointer.size, published=newest_row),
                expected=str(newest_row),
                found=str(pointer.size),
                entry_index=pointer.size,
            )
        )


def largest_within(
    context: VerificationContext, objects: LogObjects, heads: Heads, size: int
) -> Head | None:
    """The largest tree of at most ``size`` entries that was ever signed, by rows and archive."""
    found: Head | None = None
    for row_size, root, note in heads.rows:
        opened = opened_or_none(note, context) if row_size <= size else None
        if opened is not None and (opened.size, opened.root.hex()) == (row_size, root):
            found = Head(row_size, opened.root, "checkpoints")
    fitting = [key for (key,) in heads.archived if size_of_key(key) <= size]
    if fitting and (found is None or size_of_key(fitting[-1]) > found.size):
        try:
            note = objects.find(fitting[-1])
        except UnreadableError:
            note = None
        opened = None if note is None else opened_or_none(note, context)
        if opened is not None and opened.size == size_of_key(fitting[-1]):
            found = Head(opened.size, opened.root, fitting[-1])
    return found


def beginning(note: str | bytes) -> str:
    """As much of what stands where a checkpoint should as a finding shows."""
    begun = note[:SHOWN_CHARS]
    text = begun if isinstance(begun, str) else begun.decode(errors="replace")
    return text or said("nothing")


def opened_or_none(note: str | bytes, context: VerificationContext) -> Checkpoint | None:
    """The checkpoint in ``note`` if this log's key signed it."""
    try:
        return open_checkpoint(note, context.log, origin=context.origin)
    except LogError:
        return None


def size_of_key(key: str) -> int:
    """The size under which an archived checkpoint is filed; -1 if ``key`` files none.

    A size has one name, so that a list sorted by name is sorted by size.
    """
    name = key.removeprefix(CHECKPOINT_ARCHIVE)
    return int(name) if _SIZE.fullmatch(name) else -1


def open_pointer(
    context: VerificationContext, objects: LogObjects, report: Report
) -> tuple[Checkpoint | None, bool]:
    """The checkpoint that is shown, and whether something is there that can't be one."""
    try:
        note = objects.find(CHECKPOINT_KEY)
    except UnreadableError:
        return None, True
    if note is None:
        return None, False
    try:
        return open_checkpoint(note, context.log, origin=context.origin), False
    except LogError as error:
        report.add(
            Finding(
                FindingCode.CHECKPOINT_SIGNATURE,
                CHECKPOINT_KEY,
                said("pointer_foreign", error=error),
                expected=said("signed_by", verifier=context.log_verifier.vkey),
                found=beginning(note),
            )
        )
        return None, True


def _newest_archived(
    context: VerificationContext, objects: LogObjects, archived: RecordSpool
) -> Head | None:
    last: str | None = None
    for key in objects.keys(CHECKPOINT_ARCHIVE):
        if size_of_key(key) >= 0:  # anything else lies there by mistake and is none of ours
            archived.append([key])
            last = key
    if last is None:
        return None
    try:
        note = objects.find(last)
    except UnreadableError:
        return None
    opened = None if note is None else opened_or_none(note, context)
    if opened is None or checkpoint_archive_key(opened.size) != last:
        return None  # a finding when the archive is walked
    return Head(opened.size, opened.root, last)


def _keep_newest(known: list[Head], head: Head) -> None:
    """Of the rows only the newest that holds is a head; they come in order of size."""
    if known and known[-1].source == head.source:
        known.pop()
    known.append(head)
