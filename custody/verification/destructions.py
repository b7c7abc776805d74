"""Destructions of details: what each entry says that it destroyed, held against those entries."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import as_bytes, raw
from custody.details.destructions import (
    Destruction,
    DestructionError,
    read_destruction,
    read_rule,
)
from custody.details.explained import Explanations
from custody.details.rules import DetailsRule
from custody.events import LOG_ITEM, EventKind
from custody.log.canonical import format_time
from custody.log.entry import Entry
from custody.log.errors import LogError
from custody.log.merkle import hash_leaf
from custody.said import said
from custody.tables import log_entries
from custody.verification.corrections import Corrections
from custody.verification.findings import Finding, FindingCode
from custody.verification.neighbours import CLOCK_TOLERANCE, came_too_early, followed_by_older
from custody.verification.reports import Report
from custody.verification.rows import LogRow, log_rows_of, stream

#: The entries that say which details go, and that they went.
KINDS = (EventKind.DETAILS_RULE_SET.value, EventKind.DETAILS_DESTROYED.value)
#: Rows asked for in one statement.
_CHUNK = 500


def destroying_rows(tx: Connection) -> Iterator[LogRow]:
    """The rows of the entries that explain absent details, in their order."""
    return log_rows_of(tx, LOG_ITEM, KINDS)


def read_explanations(
    tx: Connection, corrections: Corrections, now: datetime, report: Report | None
) -> Explanations:
    """What explains absent details at ``now``, by the entries as they were published.

    Findings go to ``report``, if there is one: for an entry that destroyed what no rule could, and
    for one that is not of the entries that it lists. Without one, destructions are not held
    against the entries that came after them, which takes a pass over the log.
    """
    rules: dict[str, DetailsRule] = {}
    good: list[Destruction] = []
    for entry, index in _published(tx, corrections):
        try:
            if entry.kind == EventKind.DETAILS_RULE_SET:
                rule = read_rule(entry)
                rules[rule.name] = rule
                continue
            destruction = read_destruction(entry, index)
            if rules.get(destruction.rule.name) != destruction.rule:
                raise DestructionError("its rule was not set like this")  # noqa: TRY301
            if destruction.at > now + CLOCK_TOLERANCE:
                raise DestructionError("it is of a time to come")  # noqa: TRY301
        except DestructionError as error:
            if report is not None:
                report.add(_forbidden(entry.kind, index, error))
        else:
            good.append(destruction)
    if report is not None:
        early = set(_too_early(tx, corrections, good))
        for index in sorted(early):
            young = DestructionError("an entry behind it is of a time when the details were young")
            report.add(_forbidden(EventKind.DETAILS_DESTROYED, index, young))
        good = [one for one in good if one.entry not in early]
        for one in good:
            _check_covered(tx, corrections, one, report)
    return Explanations(good)


def _published(tx: Connection, corrections: Corrections) -> list[tuple[Entry, int | None]]:
    """The entries of `KINDS` in the log's own order, read as `items` reads them."""
    found: dict[int, tuple[Entry, int | None]] = {}
    for row in [*destroying_rows(tx), *corrections.missing]:
        if row.idx is not None and row.idx in corrections.unusable:
            continue
        _take(
            found, corrections.entries.get(-1 if row.idx is None else row.idx, row.entry), row.idx
        )
    # A row that somebody gave another kind or item is among these, if what was published is known.
    for index, data in corrections.entries.items():
        _take(found, data, index)
    return [found[number] for number in sorted(found)]


def _take(found: dict[int, tuple[Entry, int | None]], data: bytes, index: int | None) -> None:
    try:
        entry = Entry.decode(data)
    except LogError:
        return  # named where its row is walked
    if entry.kind in KINDS and entry.item == LOG_ITEM:
        found.setdefault(entry.item_seq, (entry, index))


def _check_covered(
    tx: Connection, corrections: Corrections, destruction: Destruction, report: Report
) -> None:
    """Each entry that is listed is one that the rule chose, and together they have the digest."""
    missing = {row.idx: row.entry for row in corrections.missing}
    digest = hashlib.sha256()
    known = True
    for index, stored in _entries_at(tx, destruction.indexes):
        data = corrections.entries.get(index, missing.get(index) or stored)
        if data is None or index in corrections.unusable:
            known = False  # a finding of that entry; nothing can be said of them together
            continue
        digest.update(hash_leaf(data))
        try:
            entry = Entry.decode(data)
        except LogError:
            continue
        if not destruction.covers(index, entry.kind, entry.at):
            message = said("destroyed_unchosen", index=index, rule=destruction.rule.name)
            found = said("kind_at", kind=entry.kind, at=format_time(entry.at))
            report.add(
                _finding(FindingCode.DESTRUCTION_FORBIDDEN, destruction, message, None, found)
            )
    if known and digest.hexdigest() != destruction.leaves_sha256:
        message = said("destroyed_others", count=len(destruction.indexes))
        pair = (destruction.leaves_sha256, digest.hexdigest())
        report.add(_finding(FindingCode.DESTRUCTION_OTHER, destruction, message, *pair))


def _entries_at(tx: Connection, indexes: Sequence[int]) -> Iterator[tuple[int, bytes | None]]:
    """The stored bytes of each entry in order of ``indexes``; None where no row stands."""
    c = log_entries.c
    for start in range(0, len(indexes), _CHUNK):
        wanted = indexes[start : start + _CHUNK]
        rows = stream(tx, sa.select(c.idx, raw(tx, c.entry)).where(c.idx.in_(wanted)))
        stored = {idx: as_bytes(entry) for idx, entry in rows}
        yield from ((index, stored.get(index)) for index in wanted)


def _too_early(
    tx: Connection, corrections: Corrections, destructions: list[Destruction]
) -> Iterator[int]:
    """The indexes of those that say a later time than they can be of, by the entries behind them:
    at the time of one of these the rule did not choose yet what they cover."""
    for one in followed_by_older(tx, destructions):
        stored = _entries_at(tx, one.indexes)
        covered = (corrections.entries.get(index, data) for index, data in stored)
        times = [entry.at for data in covered if data and (entry := _decoded(data))]
        if one.entry is not None and times and came_too_early(tx, one, max(times)):
            yield one.entry


def _decoded(data: bytes) -> Entry | None:
    try:
        return Entry.decode(data)
    except LogError:
        return None


def _forbidden(kind: str, index: int | None, error: DestructionError) -> Finding:
    return Finding(
        FindingCode.DESTRUCTION_FORBIDDEN,
        LOG_ITEM if index is None else f"log:{index}",
        said("destroyed_by_none", kind=kind, error=error),
        entry_index=index,
    )


def _finding(
    code: FindingCode,
    destruction: Destruction,
    message: str,
    expected: str | None,
    found: str | None,
) -> Finding:
    index = destruction.entry
    subject = LOG_ITEM if index is None else f"log:{index}"
    return Finding(code, subject, message, expected, found, entry_index=index)
