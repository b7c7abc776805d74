"""The whole log: heads, rows, tree, archive, and what the evidence is then held against."""

from dataclasses import dataclass

import sqlalchemy as sa

from custody.cells import raw, shown
from custody.log.entry import Entry
from custody.log.errors import EntryError
from custody.tables import log_entries
from custody.verification.archive import ArchiveWalk
from custody.verification.context import ProgressCallback, VerificationContext
from custody.verification.evidence_rows import CLIP
from custody.verification.findings import Finding, FindingCode, Report
from custody.verification.heads import Head, Heads, collect_heads, largest_within
from custody.verification.items import Corrections
from custody.verification.objects import LogObjects
from custody.verification.partials import check_partial_tiles
from custody.verification.rows import LogRow, snapshot
from custody.verification.scan import RowScan, scan_rows
from custody.verification.spools import HashSpool
from custody.verification.tree import Difference, TreeCheck, check_tree
from custody.verification.truth import SignedTree

#: Of the items of missing entries so many are named in one finding.
NAMED_ITEMS = 10
#: Rows asked for at once where findings want to name their item.
LOOKUP = 500


def check_whole_log(
    context: VerificationContext, report: Report, progress: ProgressCallback
) -> Corrections:
    """Findings for everything that is wrong with the log; corrections for what builds on it.

    1. Every head anybody signed. 2. The rows by index, and the roots they make. 3. The tree of the
    largest head, leaf tile by leaf tile, and every archived checkpoint on the way. 4. What differs
    is told apart: altered, missing, moved, or cut off at the end.
    """
    objects = LogObjects(context.store, report)
    heads = collect_heads(context, objects, report)
    report.checkpoint = heads.pointer
    with heads.rows, heads.archived, HashSpool() as hashes:
        with snapshot(context.database) as tx:
            sizes = [head.size for head in heads.known]
            scan = scan_rows(tx, sizes, hashes, report, progress)
        walk = ArchiveWalk(context, objects, heads, report, progress)
        head = _head_to_check(context, objects, heads, scan)
        _check_extent(report, heads, scan)
        if head is None or head.size == 0:
            walk.finish()
            check = TreeCheck()
        else:
            rows_hold = scan.roots.get(head.size) == head.root
            check = check_tree(
                objects,
                head,
                hashes,
                rows_hold=rows_hold,
                walk=walk,
                report=report,
                progress=progress,
            )
            if rows_hold:
                _check_other_heads(report, heads, scan)
            elif check.unproved or not check.differences:
                _report_root(report, head, scan, check)
            check_partial_tiles(objects, head.size, hashes, check, report, progress)
    corrections = _tell_apart(context, report, scan, check)
    largest = heads.largest()
    if largest is not None and largest.size > scan.extent:
        _report_tail(report, scan, largest.size, check)
    return corrections


def _head_to_check(
    context: VerificationContext, objects: LogObjects, heads: Heads, scan: RowScan
) -> Head | None:
    """The largest signed tree; if neither rows nor tiles reach it, the largest that the rows do."""
    head = heads.largest()
    if head is None or head.size <= scan.extent:
        return head
    if SignedTree(objects, head.size, head.root).edge_holds():
        return head
    return largest_within(context, objects, heads, scan.extent)


def _check_extent(report: Report, heads: Heads, scan: RowScan) -> None:
    largest = heads.largest()
    if largest is None or largest.size <= scan.extent:
        return
    shown = heads.pointer.size if heads.pointer is not None else None
    if shown is not None and shown < largest.size:
        report.add(
            Finding(
                FindingCode.CHECKPOINT_ROLLED_BACK,
                "log/checkpoint",
                f"The checkpoint shows {shown} entries; {largest.source} knows of {largest.size}.",
                expected=str(largest.size),
                found=str(shown),
                entry_index=shown,
            )
        )


def _check_other_heads(report: Report, heads: Heads, scan: RowScan) -> None:
    for head in heads.known:
        root = scan.roots.get(head.size)
        if root is not None and root != head.root:
            report.add(
                Finding(
                    FindingCode.CHECKPOINT_INCONSISTENT,
                    head.source,
                    f"The first {head.size} entries have another root than was signed.",
                    expected=root.hex(),
                    found=head.root.hex(),
                    entry_index=head.size,
                )
            )


def _report_root(report: Report, head: Head, scan: RowScan, check: TreeCheck) -> None:
    root = scan.roots.get(head.size)
    where = ""
    if check.unproved:
        first = check.unproved[0] * 256
        where = f"; neither rows, tiles nor bundles can be proved from entry {first} on"
    report.add(
        Finding(
            FindingCode.CHECKPOINT_ROOT,
            head.source,
            f"The {head.size} entries of the log do not have the signed root{where}.",
            expected=head.root.hex(),
            found=None if root is None else root.hex(),
            entry_index=check.unproved[0] * 256 if check.unproved else None,
        )
    )


@dataclass(frozen=True, slots=True)
class _Named:
    """What a finding calls an entry."""

    item: str | None

    @property
    def clip_id(self) -> str | None:
        is_clip = self.item is not None and self.item.startswith(CLIP)
        return self.item.removeprefix(CLIP) if is_clip and self.item is not None else None


def _tell_apart(
    context: VerificationContext, report: Report, scan: RowScan, check: TreeCheck
) -> Corrections:
    corrections = Corrections()
    by_published = {difference.published: difference for difference in check.differences}
    found = {difference.row for difference in check.differences}
    items = _items_of_rows(
        context,
        [one.index for one in check.differences if one.row is not None] + list(scan.mislabelled),
    )
    for difference in check.differences:
        _correct(
            corrections,
            difference,
            moved=difference.row in by_published,
            gone=difference.published not in found,
        )
        if difference.index >= scan.extent:
            continue  # one finding for the whole tail
        name = _name(difference, items)
        place = by_published.get(difference.row) if difference.row is not None else None
        if place is not None:
            _add(
                report,
                FindingCode.ENTRY_MOVED,
                difference.index,
                _Named(items.get(difference.index)),
                f"The entry at {difference.index} was published at {place.index}.",
                difference.published.hex(),
                None if difference.row is None else difference.row.hex(),
            )
        if difference.row is not None and place is None:
            _add(
                report,
                FindingCode.ENTRY_ALTERED,
                difference.index,
                name,
                f"The row of entry {difference.index} does not hold what was published.",
                difference.published.hex(),
                difference.row.hex(),
            )
        elif difference.published not in found:
            _add(
                report,
                FindingCode.ENTRY_MISSING,
                difference.index,
                name,
                f"The entry published at {difference.index} has no row.",
                difference.published.hex(),
            )
    _report_mislabelled(report, scan, check, items)
    return corrections


def _correct(corrections: Corrections, difference: Difference, *, moved: bool, gone: bool) -> None:
    """``moved``: the row is the entry of another index; ``gone``: no row holds this one."""
    if difference.row is not None and not moved:
        if difference.entry is not None:
            corrections.entries[difference.index] = difference.entry
        else:
            corrections.unusable.add(difference.index)
    elif gone and (row := _as_row(difference)) is not None:
        corrections.missing.append(row)


def _as_row(difference: Difference) -> LogRow | None:
    """A published entry without a row, as if it had one; its details are lost with the row."""
    if difference.entry is None:
        return None
    try:
        entry = Entry.decode(difference.entry)
    except EntryError:
        return None
    return LogRow(
        -1,
        difference.index,
        difference.published,
        difference.entry,
        entry.kind,
        entry.item,
        entry.item_seq,
        entry.actor.id,
        entry.at,
        None,
        None,
    )


def _report_tail(report: Report, scan: RowScan, end: int, check: TreeCheck) -> None:
    tail = [one for one in check.differences if one.index >= scan.extent]
    named = [row.item for one in tail if (row := _as_row(one)) is not None]
    items = ", ".join(list(dict.fromkeys(named))[:NAMED_ITEMS])
    report.add(
        Finding(
            FindingCode.ENTRY_TAIL_MISSING,
            "log",
            f"The rows end at {scan.extent}, {end} entries were signed"
            + (f"; what is missing is of {items}." if items else "."),
            expected=str(end),
            found=str(scan.extent),
            clip_id=next((_Named(item).clip_id for item in named if _Named(item).clip_id), None),
            entry_index=scan.extent,
        )
    )


def _report_mislabelled(
    report: Report, scan: RowScan, check: TreeCheck, items: dict[int, str]
) -> None:
    known = {difference.index for difference in check.differences}
    for index, (stored, computed) in scan.mislabelled.items():
        if index not in known:
            _add(
                report,
                FindingCode.ENTRY_ALTERED,
                index,
                _Named(items.get(index)),
                f"The leaf hash beside entry {index} is not that of its bytes.",
                computed.hex(),
                stored.hex(),
            )


def _name(difference: Difference, items: dict[int, str]) -> _Named:
    row = _as_row(difference)
    return _Named(items.get(difference.index) if row is None else row.item)


def _items_of_rows(context: VerificationContext, indexes: list[int]) -> dict[int, str]:
    """The items that rows at these indexes name; a few hundred at a time."""
    found: dict[int, str] = {}
    with snapshot(context.database) as tx:
        for start in range(0, len(indexes), LOOKUP):
            wanted = log_entries.c.idx.in_(indexes[start : start + LOOKUP])
            rows = tx.execute(
                sa.select(log_entries.c.idx, raw(tx, log_entries.c.item)).where(wanted)
            )
            found |= {row.idx: shown(row.item) for row in rows}
    return found


def _add(
    report: Report,
    code: FindingCode,
    index: int,
    name: _Named,
    message: str,
    expected: str | None = None,
    found: str | None = None,
) -> None:
    if name.item is not None:
        message = f"{message} It is of {name.item}."
    report.add(Finding(code, f"log:{index}", message, expected, found, name.clip_id, index))
