"""(d) What an entry costs: transactions with `ledger.append` beside the same rows inserted bare."""

import statistics
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import sqlalchemy as sa

from benchmarks.engines import both_engines
from benchmarks.harness import Row, Section, timed
from custody.actors import Actor, Role, Via
from custody.clock import SystemClock
from custody.events import EventKind
from custody.ids import new_id
from custody.ledger import Event, Ledger, build_row
from custody.tables import log_entries
from storage.database import Database

#: One officer's view of one clip: what most entries of a day are.
ACTOR = Actor("018f-alice", Role.LEGAL, Via.PASSWORD, "127.0.0.1", "alice")
DETAILS = {"purpose": "案件办理", "name": "TA00716_JX0227_20261122093621.MOV"}
DIGEST = "3f9a21c4" * 8


def measure(folder: Path, *, quick: bool = False) -> Section:
    """Appends a second, one entry a transaction and ten, on both engines."""
    section = Section("Log: append beside plain insert", "python -m benchmarks log")
    section.notes.append(
        "Plain insert: the same finished rows into the same table with the same indexes, in the "
        "same transactions; beside it an append also finds the item's head, chains, commits to "
        "the details, hashes, and holds the item. What people and stations do is one to three "
        "entries a transaction; ten at once show what building an entry costs in Python when "
        "no fsync hides it."
    )
    total = 400 if quick else 2000
    with both_engines(folder) as databases:
        for engine, database in databases.items():
            for batch in (1, 10):
                _measure_batch(section, database, engine, batch, total, repeats=1 if quick else 3)
    return section


def _measure_batch(
    section: Section, database: Database, engine: str, batch: int, total: int, *, repeats: int
) -> None:
    # In turn, so that a slow moment of the disk or a grown table meets both.
    rates = [
        (_rate(database, batch, total, _insert_plain), _rate(database, batch, total, _append))
        for _ in range(repeats)
    ]
    plain, append = (statistics.median(column) for column in zip(*rates, strict=True))
    what = f"{engine}, {batch} a transaction"
    section.rows.append(Row(f"plain insert, {what}", plain, "/s"))
    section.rows.append(
        Row(
            f"append, {what}",
            append,
            "/s",
            "plain insert",
            append / plain,
            "≥ 0.7" if batch == 1 else "",
        )
    )


def _rate(
    database: Database, batch: int, total: int, write: Callable[[sa.Connection, list[Event]], None]
) -> float:
    events = [
        Event(
            EventKind.CLIP_ADMITTED,
            f"clip:{new_id()}",
            {"sha256": DIGEST, "sm3": DIGEST, "size_bytes": 1_234_567_890},
            DETAILS,
        )
        for _ in range(total)
    ]
    prepared = [events[start : start + batch] for start in range(0, total, batch)]
    if write is _insert_plain:
        _FINISHED.clear()
        _FINISHED.update((event.item, _finished_row(event)) for event in events)
    with timed() as seconds:
        for chunk in prepared:
            with database.write() as tx:
                write(tx, chunk)
    return total / seconds()


_LEDGER = Ledger(SystemClock())
_FINISHED: dict[str, dict[str, object]] = {}
_INSERT = sa.insert(log_entries)


def _append(tx: sa.Connection, events: list[Event]) -> None:
    if len(events) == 1:
        _LEDGER.append(tx, ACTOR, events[0])
    else:
        _LEDGER.append_many(tx, ACTOR, events)


def _insert_plain(tx: sa.Connection, events: list[Event]) -> None:
    rows = [_FINISHED[event.item] for event in events]
    tx.execute(_INSERT, rows if len(rows) > 1 else rows[0])


def _finished_row(event: Event) -> dict[str, object]:
    """The row an append would write, made beforehand so that inserting is all that is timed."""
    return asdict(build_row(ACTOR, event, SystemClock().now(), None))
