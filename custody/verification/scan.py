"""The rows of the log by index: their leaf hashes recomputed, the roots they make, the gaps."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import described, raw_columns
from custody.log.merkle import EMPTY_ROOT, Frontier, hash_leaf
from custody.log.tiles import WIDTH
from custody.publishing.sequencer import STATE_ID
from custody.said import said
from custody.tables import log_entries, log_state
from custody.verification.context import ProgressCallback
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import MAX_FINDINGS, Progress, Report
from custody.verification.row_numbers import check_row_numbers
from custody.verification.rows import numbered_hashes
from custody.verification.spools import HashSpool

#: Rows between two calls of the progress callback.
PROGRESS_STEP = 20_000


@dataclass(slots=True)
class RowScan:
    """What the rows say. ``extent`` is one more than the largest index."""

    extent: int = 0
    count: int = 0
    #: The root of the first n rows, for each n that was asked for and whose rows are all there.
    roots: dict[int, bytes] = field(default_factory=dict)
    #: Indexes whose stored leaf hash is not that of the stored bytes: (stored, recomputed).
    mislabelled: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)


def scan_rows(
    tx: Connection,
    sizes: Iterable[int],
    hashes: HashSpool,
    report: Report,
    progress: ProgressCallback,
) -> RowScan:
    """Pass over the numbered rows; leaf hashes below the largest of ``sizes`` go to ``hashes``."""
    wanted = set(sizes)
    signed = max(wanted, default=0)
    scan = RowScan(roots={0: EMPTY_ROOT})
    frontier = Frontier()
    run: list[bytes] = []  # leaf hashes that come next on it
    total = tx.scalar(sa.select(sa.func.count(log_entries.c.idx))) or 0
    for idx, stored, entry in numbered_hashes(tx):
        leaf_hash = hash_leaf(entry)
        if leaf_hash != stored and len(scan.mislabelled) < MAX_FINDINGS:
            scan.mislabelled[idx] = (stored, leaf_hash)
        if idx > scan.extent and idx > signed:
            _report_gap(report, max(scan.extent, signed), idx)
        if idx < signed:
            hashes.append(idx, leaf_hash)
        if frontier.size + len(run) == idx:  # stops for good at the first gap
            run.append(leaf_hash)
            if len(run) == WIDTH or idx + 1 in wanted:
                frontier.extend(run)
                run.clear()
            if idx + 1 in wanted:
                scan.roots[idx + 1] = frontier.root()
        scan.extent = idx + 1
        scan.count += 1
        if scan.count % PROGRESS_STEP == 0:
            progress(Progress("log", scan.count, total))
    _check_counters(tx, scan, signed, report)
    check_row_numbers(tx, report)
    report.entries_checked = scan.count
    report.unpublished = max(0, scan.extent - signed)
    report.pending = _pending(tx)
    progress(Progress("log", scan.count, scan.count))
    return scan


def _report_gap(report: Report, first: int, end: int) -> None:
    """Nothing is published there, so nothing but the numbers tells that something is missing."""
    report.add(
        Finding(
            FindingCode.ENTRY_MISSING,
            f"log:{first}",
            said("gap", first=first, last=end - 1),
            expected=said("rows", first=first, last=end - 1),
            entry_index=first,
        )
    )


def _check_counters(tx: Connection, scan: RowScan, signed: int, report: Report) -> None:
    columns = raw_columns(tx, log_state)
    state = tx.execute(sa.select(*columns).where(log_state.c.id == STATE_ID)).first()
    rows = tx.scalar(sa.select(sa.func.count()).select_from(log_state)) or 0
    if rows > (state is not None):
        report.add(
            Finding(
                FindingCode.STATE_COUNTER,
                "log",
                said("counters_again"),
                expected=said("rows_of_counters", count=1),
                found=said("rows_of_counters", count=rows),
            )
        )
    sequenced, integrated = (0, 0) if state is None else (state.sequenced, state.integrated)
    if not isinstance(sequenced, int) or not isinstance(integrated, int):
        report.add(
            Finding(
                FindingCode.STATE_COUNTER,
                "log",
                said("counters"),
                expected=str(scan.extent),
                found=said("pair", first=described(sequenced), second=described(integrated)),
            )
        )
    elif sequenced != scan.extent:
        report.add(
            Finding(
                FindingCode.STATE_COUNTER,
                "log",
                said("numbered", sequenced=sequenced, last=scan.extent - 1),
                expected=str(sequenced),
                found=str(scan.extent),
                entry_index=min(sequenced, scan.extent),
            )
        )
    elif integrated > sequenced:
        report.add(
            Finding(
                FindingCode.STATE_COUNTER,
                "log",
                said("tiles_ahead", integrated=integrated, sequenced=sequenced),
                expected=said("at_most", number=sequenced),
                found=str(integrated),
            )
        )
    elif integrated < min(signed, sequenced) or integrated < 0:
        # Nothing could be published any more, and whatever happens from then on would be unsigned.
        report.add(
            Finding(
                FindingCode.STATE_COUNTER,
                "log",
                said("tiles_behind", integrated=integrated, signed=signed),
                expected=said("at_least", number=min(signed, sequenced)),
                found=str(integrated),
            )
        )


def _pending(tx: Connection) -> int:
    pending = sa.select(sa.func.count()).select_from(log_entries)
    return tx.scalar(pending.where(log_entries.c.idx.is_(None))) or 0
