"""(f) Writers at once: opening clips with the log, beside the very same transactions without it."""

import statistics
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy.engine import Connection

from benchmarks import log_world
from benchmarks.engines import both_engines
from benchmarks.harness import Row, Section, timed
from custody.actors import Actor
from custody.clock import SystemClock
from custody.ledger import Appended, Event, Ledger
from custody.tables import clips
from custody.viewings import open_viewing
from storage.database import Database

WRITERS = (1, 4, 16)
NOTES = (
    (
        "A transaction opens a clip, as a page does: looks the clip up, inserts the grant, "
        "appends `clip.opened`, commits durably. Beside it the same function with the append "
        "left out: the same statements, rows and commit, and no entry. Writers are threads of "
        "one process, as those of `liuhen serve` are; each opens clips of its own, in the last "
        "lines all open one clip."
    ),
    (
        "Medians of three rounds, in which all take their turn. On SQLite there is one writer "
        "at a time anyway; on PostgreSQL several share a commit's fsync. Those who append to "
        "one item wait for each other's commit, as a chain asks: sixteen are as fast as one, "
        "and nobody else waits."
    ),
)


class WithoutLog(Ledger):
    """Appends nothing: what the house would cost if nobody could ask it anything afterwards."""

    def append_many(self, tx: Connection, actor: Actor, events: Iterable[Event]) -> list[Appended]:
        del tx, actor
        return [Appended(event.item, 0, b"") for event in events]


def measure(folder: Path, *, quick: bool = False) -> Section:
    """Transactions a second by number of writers, on both engines."""
    section = Section("Log: writers at once", "python -m benchmarks log_writers")
    section.notes += NOTES
    total, repeats = (160, 1) if quick else (3200, 3)
    with both_engines(folder) as databases:
        for engine, database in databases.items():
            clip_ids = _make_clips(database, max(WRITERS))
            _measure_engine(section, database, engine, clip_ids, total, repeats)
    return section


def _measure_engine(
    section: Section, database: Database, engine: str, clip_ids: list[str], total: int, repeats: int
) -> None:
    alone = 0.0
    for writers, chosen in [
        *((count, clip_ids[:count]) for count in WRITERS),
        (max(WRITERS), clip_ids[:1] * max(WRITERS)),
    ]:
        rates = [
            [_rate(database, ledger, chosen, total) for ledger in (_WITHOUT, _WITH)]
            for _ in range(repeats)
        ]
        without, with_ = (statistics.median(column) for column in zip(*rates, strict=True))
        alone = alone or with_
        what = f"{engine}, {writers} writer{'s' if writers > 1 else ''}"
        one_clip = len(set(chosen)) < writers
        what += " of one clip" if one_clip else ""
        aim = "" if one_clip else "≥ 0.7"
        section.rows += [
            Row(f"without the log, {what}", without, "/s"),
            Row(f"with it, {what}", with_, "/s", "without", with_ / without, aim),
            *([Row("the same", with_, "/s", "1 writer", with_ / alone)] if writers > 1 else []),
        ]


_WITH, _WITHOUT = Ledger(SystemClock()), WithoutLog(SystemClock())


def _rate(database: Database, ledger: Ledger, clip_ids: list[str], total: int) -> float:
    """Transactions a second of one thread for each of ``clip_ids``; a failed one fails the run."""
    each = total // len(clip_ids)

    def write(clip_id: str) -> None:
        for _ in range(each):
            with database.write() as tx:
                open_viewing(tx, ledger, ledger.clock, log_world.VIEWER, clip_id, "案件办理")

    with ThreadPoolExecutor(len(clip_ids)) as pool, timed() as seconds:
        for future in [pool.submit(write, clip_id) for clip_id in clip_ids]:
            future.result()
    return each * len(clip_ids) / seconds()


def _make_clips(database: Database, count: int) -> list[str]:
    made = [log_world.a_clip(number) for number in range(count)]
    with database.write() as tx:
        tx.execute(clips.insert(), [log_world.row_of(clip) for clip in made])
    return [clip.id for clip in made]
