"""Where rows and published entries differ: altered, missing, moved, or cut off at the end."""

from dataclasses import dataclass

import sqlalchemy as sa

from custody.cells import raw, shown
from custody.log.entry import Entry
from custody.log.errors import EntryError
from custody.said import said
from custody.tables import log_entries
from custody.verification.context import VerificationContext
from custody.verification.corrections import Corrections
from custody.verification.evidence_rows import CLIP
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report
from custody.verification.rows import LogRow, snapshot
from custody.verification.scan import RowScan
from custody.verification.tree import Difference, TreeCheck

#: Of the items of missing entries so many are named in one finding.
NAMED_ITEMS = 10
#: Rows asked for at once where findings want to name their item.
LOOKUP = 500


@dataclass(frozen=True, slots=True)
class _Named:
    """What a finding calls an entry."""

    item: str | None

    @property
    def clip_id(self) -> str | None:
        is_clip = self.item is not None and self.item.startswith(CLIP)
        return self.item.removeprefix(CLIP) if is_clip and self.item is not None else None


def tell_apart(
    context: VerificationContext, report: Report, scan: RowScan, check: TreeCheck
) -> Corrections:
    """A finding for each entry that differs, but for the tail; what is to be read instead of it."""
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
                said("moved", index=difference.index, place=place.index),
                difference.published.hex(),
                None if difference.row is None else difference.row.hex(),
            )
        if difference.row is not None and place is None:
            _add(
                report,
                FindingCode.ENTRY_ALTERED,
                difference.index,
                name,
                said("row_other", index=difference.index),
                difference.published.hex(),
                difference.row.hex(),
            )
        elif difference.published not in found:
            _add(
                report,
                FindingCode.ENTRY_MISSING,
                difference.index,
                name,
                said("no_row", index=difference.index),
                difference.published.hex(),
                said("nothing"),
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


def report_tail(report: Report, scan: RowScan, end: int, check: TreeCheck) -> None:
    """One finding for all entries from the end of the rows up to ``end``, which was signed."""
    tail = [one for one in check.differences if one.index >= scan.extent]
    named = [row.item for one in tail if (row := _as_row(one)) is not None]
    items = ", ".join(list(dict.fromkeys(named))[:NAMED_ITEMS])
    report.add(
        Finding(
            FindingCode.ENTRY_TAIL_MISSING,
            "log",
            said("tail_of" if items else "tail", end=scan.extent, signed=end, items=items),
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
                said("leaf_hash", index=index),
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
        message = said("of_item", message=message, item=name.item)
    report.add(Finding(code, f"log:{index}", message, expected, found, name.clip_id, index))
