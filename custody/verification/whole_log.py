"""The whole log: heads, rows, tree, archive, and what the evidence is then held against."""

from custody.said import said
from custody.verification.archive import ArchiveWalk
from custody.verification.context import ProgressCallback, VerificationContext
from custody.verification.corrections import Corrections
from custody.verification.differences import report_tail, tell_apart
from custody.verification.findings import Finding, FindingCode
from custody.verification.heads import Head, Heads, collect_heads, largest_within
from custody.verification.objects import LogObjects
from custody.verification.partials import check_partial_tiles
from custody.verification.reports import Report
from custody.verification.rows import snapshot
from custody.verification.scan import RowScan, scan_rows
from custody.verification.spools import HashSpool
from custody.verification.tree import TreeCheck, check_tree
from custody.verification.truth import SignedTree


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
    corrections = tell_apart(context, report, scan, check)
    largest = heads.largest()
    if largest is not None and largest.size > scan.extent:
        report_tail(report, scan, largest.size, check)
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
                said("shown_less", shown=shown, source=largest.source, known=largest.size),
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
                    said("signed_other", size=head.size),
                    expected=root.hex(),
                    found=head.root.hex(),
                    entry_index=head.size,
                )
            )


def _report_root(report: Report, head: Head, scan: RowScan, check: TreeCheck) -> None:
    root = scan.roots.get(head.size)
    message = said("root_differs", size=head.size)
    if check.unproved:
        message = said("root_unproved", size=head.size, first=check.unproved[0] * 256)
    report.add(
        Finding(
            FindingCode.CHECKPOINT_ROOT,
            head.source,
            message,
            expected=head.root.hex(),
            found=None if root is None else root.hex(),
            entry_index=check.unproved[0] * 256 if check.unproved else None,
        )
    )
