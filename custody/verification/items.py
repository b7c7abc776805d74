"""The log by item: chains, commitments, and rows of the evidence against their entries."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Protocol

from sqlalchemy.engine import Connection

from custody.cells import described, shown
from custody.details.explained import Explanation, Explanations
from custody.log.canonical import format_time
from custody.log.entry import Entry
from custody.log.errors import ChainError, EntryError, LogError
from custody.log.merkle import hash_leaf
from custody.log.verify import ChainHead, verify_item_link
from custody.said import said
from custody.verification.context import (
    ProgressCallback,
    RowsAgainstEntries,
    VerificationContext,
)
from custody.verification.corrections import Corrections
from custody.verification.destructions import read_explanations
from custody.verification.evidence_rows import (
    CASE,
    CLIP,
    EVERYTHING,
    CaseRows,
    ClipRows,
    Scope,
)
from custody.verification.expected import Details, ExpectedCase, ExpectedClip
from custody.verification.findings import Finding, FindingCode
from custody.verification.listings import ListingRows
from custody.verification.lost import explained_loss
from custody.verification.neighbours import check_neighbours
from custody.verification.reports import Progress, Report
from custody.verification.rows import (
    DESTROYED,
    LogRow,
    committed_details,
    differing_columns,
    rows_by_item,
)
from custody.verification.spools import RecordSpool

PROGRESS_STEP = 5_000


@dataclass(slots=True)
class ObjectTasks:
    """The objects to be read: (clip id, rendition kind or None, key, sha256, sm3 or None, size)."""

    spool: RecordSpool
    total_bytes: int = 0

    def add_clip(self, clip_id: str, expected: ExpectedClip) -> None:
        if expected.clip is not None:
            columns = expected.clip.columns
            self._add(clip_id, None, columns, columns["sm3"])
        for kind, logged in expected.renditions.items():
            self._add(clip_id, kind, logged.columns, None)

    def add(self, record: list[Any]) -> None:
        """Put another's record here."""
        self.spool.append(record)
        self.total_bytes += max(0, record[-1])

    def _add(self, clip_id: str, kind: str | None, columns: dict[str, Any], sm3: object) -> None:
        size = columns["size_bytes"] if isinstance(columns["size_bytes"], int) else -1
        self.add([clip_id, kind, columns["object_key"], columns["sha256"], sm3, size])


class Listener(Protocol):
    """Told every usable entry, the index of one that has none as None, and where a clip ends."""

    is_whole: bool

    def take(self, entry: Entry, index: int | None) -> None: ...

    def end_clip(self, clip: ExpectedClip) -> None: ...


def check_items(
    tx: Connection,
    context: VerificationContext,
    corrections: Corrections,
    report: Report,
    tasks: ObjectTasks,
    progress: ProgressCallback,
    scope: Scope = EVERYTHING,
    listener: Listener | None = None,
) -> None:
    """Walk every item's entries in order, with its rows beside them.

    ``listener`` hears the entries too.
    """
    explained = explained_loss(tx, corrections)
    corrections.lost = frozenset(() if explained is None else explained.indexes)
    rows = rows_by_item(tx, scope.items)
    missing = sorted(corrections.missing, key=_order)
    entries: Iterable[LogRow] = heapq.merge(rows, missing, key=_order) if missing else rows
    clip_rows = ClipRows(tx, context, scope)
    case_rows = CaseRows(tx, scope)
    others: list[RowsAgainstEntries] = []
    if scope == EVERYTHING:
        others = [ListingRows(tx, report), *(make() for make in context.others)]
    now = context.clock.now()
    told = report if scope == EVERYTHING else None
    explanations = read_explanations(tx, corrections, now, told)
    done = 0
    for item, group in groupby(entries, key=lambda row: row.item):
        usable = Chain(item, corrections, explanations, report).follow(group)
        if listener is not None:
            usable = _heard(usable, listener)
        if item.startswith(CLIP):
            clip = ExpectedClip()
            for entry, details, index in usable:
                clip.apply(entry, details, index)
            clip_rows.check(report, item.removeprefix(CLIP), clip)
            tasks.add_clip(item.removeprefix(CLIP), clip)
            if listener is not None:
                listener.end_clip(clip)
            done += 1
            if done % PROGRESS_STEP == 0:
                progress(Progress("rows", done, 0))
        elif item.startswith(CASE):
            case = ExpectedCase()
            for entry, details, index in usable:
                case.apply(entry, details, index)
            case_rows.check(report, item.removeprefix(CASE), case)
        else:
            wanting = [other for other in others if item.startswith(other.prefixes)]
            for entry, details, index in usable:
                for other in wanting:
                    other.apply(entry, details, index)
    clip_rows.finish(report)
    case_rows.finish(report)
    for other in others:
        other.finish(tx, report)
    if scope == EVERYTHING:
        check_neighbours(tx, report, corrections, now)  # last: timestamps know it better
    if listener is not None:
        listener.is_whole = True
    progress(Progress("rows", done, done))


def _heard(
    usable: Iterable[tuple[Entry, Details, int | None]], listener: Listener
) -> Iterator[tuple[Entry, Details, int | None]]:
    for entry, details, index in usable:
        listener.take(entry, index)
        yield entry, details, index


def _order(row: LogRow) -> tuple[str, int]:
    return row.item, row.item_seq


class Chain:
    """The entries of one item: each follows the one before it and is what it commits to."""

    def __init__(
        self, item: str, corrections: Corrections, explanations: Explanations, report: Report
    ) -> None:
        self._item = item
        self._corrections = corrections
        self._explanations = explanations
        self._report = report
        self._head: ChainHead | None = None

    def follow(self, rows: Iterable[LogRow]) -> Iterator[tuple[Entry, Details, int | None]]:
        """The usable entries with their details; findings for whatever does not hold."""
        for stored in rows:
            row = stored
            self._check_types(row)
            if any(column == "idx" for column, _ in row.misfits):
                continue  # the entry is missing where it was published, and read there
            if row.idx is not None and row.idx in self._corrections.entries:
                row = replace(row, entry=self._corrections.entries[row.idx])
            elif row.idx is not None and row.idx in self._corrections.unusable:
                continue
            entry = self._link(row)
            if entry is None:
                continue
            self._check_columns(stored, row, entry)
            yield entry, self._details(row, entry), row.idx

    def _link(self, row: LogRow) -> Entry | None:
        leaf_hash = hash_leaf(row.entry)
        if row.idx is None and leaf_hash != row.leaf_hash:
            # Numbered rows were held against the tree; of a pending one only this hash speaks.
            self._find(
                FindingCode.ENTRY_ALTERED,
                row,
                said("pending_bytes"),
                row.leaf_hash.hex(),
                leaf_hash.hex(),
            )
        try:
            entry, self._head = verify_item_link(self._head, row.entry)
        except ChainError as error:
            entry = Entry.decode(row.entry)
            self._find(
                FindingCode.ITEM_CHAIN_BROKEN,
                row,
                said("chain", error=error),
                None if self._head is None else said("after_number", number=self._head.item_seq),
                said("number", number=entry.item_seq),
            )
            self._head = ChainHead(entry.item, entry.item_seq, leaf_hash.hex())
        except EntryError as error:
            self._find(FindingCode.ENTRY_ALTERED, row, said("no_entry", error=error))
            return None
        return entry

    def _check_types(self, row: LogRow) -> None:
        for column, misfit in row.misfits:
            self._find(
                FindingCode.ENTRY_ALTERED,
                row,
                said("row_holds", column=column, found=described(misfit)),
                said("column", column=column, value=said("wanted", wanted=misfit.wanted)),
                said("column", column=column, value=described(misfit.found)),
            )

    def _check_columns(self, stored: LogRow, row: LogRow, entry: Entry) -> None:
        if stored.entry is not row.entry:
            return  # reported as altered already
        for column, logged, found in differing_columns(row, entry):
            self._find(
                FindingCode.ENTRY_ALTERED,
                row,
                said("entry_row", column=column, expected=logged, found=found),
                said("column_is", column=column, value=logged),
                said("column_is", column=column, value=found),
            )

    def _details(self, row: LogRow, entry: Entry) -> Details:
        if row.id < 0:
            return None  # the row is missing, and its details with it
        gone: Explanation | None = None
        if row.idx is not None and entry.commitment is not None:
            gone = self._explanations.explained(row.idx, entry.kind, entry.at)
        self._check_destroyed(row, gone)
        if gone is not None and row.details is None and row.salt is None:
            self._report.destroyed.add(gone)
            return None
        if gone is not None:
            self._find(
                FindingCode.DETAILS_STANDING,
                row,
                said("details_standing", rule=gone.rule, at=format_time(gone.at)),
                said("nothing"),
                None if row.details is None else shown(row.details),
            )
        try:
            details = committed_details(row, entry)
        except LogError as error:
            self._find(
                FindingCode.DETAILS_ALTERED,
                row,
                said("commitment", error=error),
                said("details_with", commitment=entry.commitment)
                if entry.commitment
                else said("no_details"),
                None if row.details is None else shown(row.details),
            )
            return None
        if details is None:
            lost = row.idx in self._corrections.lost
            self._find(
                FindingCode.DETAILS_LOST if lost else FindingCode.DETAILS_MISSING,
                row,
                said("details_lost" if lost else "details_gone", kind=entry.kind),
                entry.commitment,
                said("nothing"),
            )
        return details

    def _check_destroyed(self, row: LogRow, gone: Explanation | None) -> None:
        """What the row says of a destruction is what the entry says that destroyed its details."""
        there = dict(row.destroyed)
        logged: dict[str, object] = {}
        if gone is not None:
            logged = dict(zip(DESTROYED, (gone.at, str(gone.item_seq)), strict=True))
        for column in DESTROYED:
            cell, expected = there.get(column), logged.get(column)
            if cell == expected:
                continue
            message = said("details_destroyed", column=column)
            if expected is not None:
                pair = {"expected": described(expected), "found": described(cell)}
                message = said("log_row", column=column, **pair)
            self._find(
                FindingCode.DETAILS_ALTERED,
                row,
                message,
                said("column", column=column, value=described(expected)),
                said("column", column=column, value=described(cell)),
            )

    def _find(
        self,
        code: FindingCode,
        row: LogRow,
        message: str,
        expected: str | None = None,
        found: str | None = None,
    ) -> None:
        clip_id = self._item.removeprefix(CLIP) if self._item.startswith(CLIP) else None
        subject = shown(self._item) if row.idx is None else f"log:{row.idx}"
        self._report.add(Finding(code, subject, message, expected, found, clip_id, row.idx))
