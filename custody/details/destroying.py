"""Destroys details that are due: the one module that takes anything out of the log's rows.

A batch is one transaction: the entry ``details.destroyed``, which lists the entries, their rows
without details and salt, and the ended grants of lists, whose rows repeat the details, gone. A kill
leaves whole batches behind, and the next run goes on with what still stands. What only the rows do
not say yet (a backup put back, say) is done over by the entry that stands; nothing is destroyed
twice in the log.

Left as it is: what is held, and what is not as it was appended. Somebody altered that, and to
destroy it would destroy the trace of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.cells import raw_columns, read_row
from custody.clock import Clock
from custody.details.destructions import (
    MAX_COVERED,
    Destruction,
    DestructionError,
    destruction_facts,
    read_destruction,
    rule_facts,
)
from custody.details.due import Due, Holds, due_of, nothing_held
from custody.details.explained import Explanations
from custody.details.logged import logged_explanations, rule_in_force
from custody.details.rules import DetailsRule
from custody.errors import DetailsStandError
from custody.events import LOG_ITEM, EventKind
from custody.ledger import Appended, Event, Ledger
from custody.log.canonical import to_milliseconds
from custody.log.entry import Entry
from custody.publishing.published import newest_checkpoint
from custody.tables import log_entries
from custody.viewing_ends import forget_listings
from storage.database import Database

#: One owner at a time among all threads and hosts on this database.
LOCK = "details"
#: Rows named in one statement.
_CHUNK = 500


@dataclass(slots=True)
class Tally:
    """What a run did, or would do. ``by_kind`` counts entries whose details went.

    ``newly``: those of them that the rule as it was set before would have kept. ``again``: rows
    that an entry of before names and that had their details still. ``held`` and ``altered`` are
    left. ``oldest`` and ``newest`` are the times of the entries that went.
    """

    rule: DetailsRule
    was: DetailsRule | None
    by_kind: dict[str, int] = field(default_factory=dict)
    newly: int = 0
    again: int = 0
    held: int = 0
    altered: int = 0
    entries: int = 0
    #: Whether SQLite's journal has no page any more on which the details stand.
    journal_cut: bool = True
    oldest: datetime | None = None
    newest: datetime | None = None

    @property
    def count(self) -> int:
        return sum(self.by_kind.values())

    @property
    def changes_rule(self) -> bool:
        """Whether the rule is not the one that the log says is in force."""
        return self.was != self.rule

    def add(self, batch: "_Batch", now: datetime) -> None:
        for one in batch.due:
            self.by_kind[one.kind] = self.by_kind.get(one.kind, 0) + 1
            kept_before = self.was is None or not self.was.chooses(one.kind, one.at, now)
            self.newly += kept_before
            self.oldest = one.at if self.oldest is None else min(self.oldest, one.at)
            self.newest = one.at if self.newest is None else max(self.newest, one.at)
        self.entries += bool(batch.due)
        self.again += len(batch.again)
        self.held += batch.held
        self.altered += batch.altered


@dataclass(slots=True)
class _Batch:
    due: list[Due] = field(default_factory=list)
    #: With the entry that says so already: (time, its number in the history of the log).
    again: list[tuple[Due, datetime, int]] = field(default_factory=list)
    held: int = 0
    altered: int = 0
    #: The index after which the next batch begins; None after the last.
    after: int | None = None


ProgressCallback = Callable[[Tally], None]


class DetailsDestroyer:
    """Runs rules over the log of one database. Safe to share between threads."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        clock: Clock,
        *,
        holds: Holds = nothing_held,
        batch: int = MAX_COVERED,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._holds = holds
        self._batch = batch

    def plan(self, rule: DetailsRule, progress: ProgressCallback | None = None) -> Tally:
        """What `destroy` would do now; nothing is written."""
        now = to_milliseconds(self._clock.now())
        with self._database.read() as tx:
            tally = Tally(rule, rule_in_force(tx, rule.name))
            explanations = logged_explanations(tx)
            after: int | None = -1
            while after is not None:
                batch = self._read(tx, rule, now, after, explanations)
                tally.add(batch, now)
                after = batch.after
                if progress is not None:
                    progress(tally)
        return tally

    def destroy(
        self,
        actor: Actor,
        rule: DetailsRule,
        progress: ProgressCallback | None = None,
        *,
        may_set: bool = True,
    ) -> Tally:
        """Set ``rule`` in the log where it is another than was in force, and destroy what is due.

        Where it is another and ``may_set`` is False nothing is done: a rule that was changed waits
        for somebody who looks at what it will destroy.
        Each batch is a transaction of its own. Raises `DetailsStandError` where the database keeps
        what it was told to let go or the clock was set back meanwhile (that batch is rolled back),
        and what appending raises.
        """
        with self._database.exclusive(LOCK):
            now = to_milliseconds(self._clock.now())
            with self._database.write() as tx:
                tally = Tally(rule, rule_in_force(tx, rule.name))
                if tally.changes_rule and not may_set:
                    return tally
                if tally.changes_rule:
                    event = Event(EventKind.DETAILS_RULE_SET, LOG_ITEM, rule_facts(rule))
                    self._ledger.append(tx, actor, event)
                explanations = logged_explanations(tx)
            after: int | None = -1
            while after is not None:
                with self._database.write() as tx:
                    batch = self._read(tx, rule, now, after, explanations)
                    self._destroy(tx, actor, rule, now, batch)
                tally.add(batch, now)
                after = batch.after
                if progress is not None:
                    progress(tally)
        # Also where nothing was due: the run before may have come upon a reader.
        tally.journal_cut = self._database.cut_journal()
        return tally

    def _read(
        self,
        tx: Connection,
        rule: DetailsRule,
        now: datetime,
        after: int,
        explanations: Explanations,
    ) -> _Batch:
        """The next entries behind ``after`` whose details stand and are due."""
        checkpoint = newest_checkpoint(tx)
        c = log_entries.c
        rows = tx.execute(
            sa.select(*raw_columns(tx, log_entries))
            .where(
                c.kind.in_(rule.kinds),
                c.idx > after,
                # Of what is signed only: what is gone must be committed to beyond doubt.
                c.idx < (0 if checkpoint is None else checkpoint.size),
                c.at < rule.before(now),
                c.details.is_not(None) | c.salt.is_not(None),
            )
            .order_by(c.idx)
            .limit(self._batch)
        )
        found = [due_of(read_row(log_entries, row)) for row in rows.mappings()]
        batch = _Batch()
        last = max((one.index for one in found), default=after)
        if len(found) == self._batch and last > after:
            batch.after = last
        whole = [one for one in found if one.whole and rule.chooses(one.kind, one.at, now)]
        batch.altered = len(found) - len(whole)
        held = frozenset(self._holds(tx, whole)) if whole else frozenset()
        for one in whole:
            gone = explanations.explained(one.index, one.kind, one.at)
            if gone is not None:
                batch.again.append((one, gone.at, gone.item_seq))
            elif one.index in held:
                batch.held += 1
            else:
                batch.due.append(one)
        return batch

    def _destroy(
        self, tx: Connection, actor: Actor, rule: DetailsRule, now: datetime, batch: _Batch
    ) -> None:
        if batch.due:
            covered = [(one.index, one.leaf_hash) for one in batch.due]
            facts = destruction_facts(rule, rule.before(now), covered)
            event = Event(EventKind.DETAILS_DESTROYED, LOG_ITEM, facts)
            # Before anything goes: a clock that was set back meanwhile makes it hold no more.
            destruction = _read_back(tx, self._ledger.append(tx, actor, event))
            _let_go(tx, batch.due, destruction.at, destruction.item_seq)
        for one, at, item_seq in batch.again:
            _let_go(tx, [one], at, item_seq)
        gone = [*batch.due, *(one for one, *_ in batch.again)]
        grants = [one.grant for one in gone if one.grant is not None]
        for start in range(0, len(grants), _CHUNK):
            forget_listings(tx, grants[start : start + _CHUNK], now)


def _let_go(tx: Connection, due: Sequence[Due], at: datetime, item_seq: int) -> None:
    gone = 0
    for start in range(0, len(due), _CHUNK):
        ids = [one.row_id for one in due[start : start + _CHUNK]]
        gone += tx.execute(
            log_entries.update()
            .where(log_entries.c.id.in_(ids))
            .values(
                details=None,
                salt=None,
                details_destroyed_at=at,
                details_destroyed_under=str(item_seq),
            )
        ).rowcount
    if gone != len(due):
        raise DetailsStandError(f"{gone}/{len(due)}")


def _read_back(tx: Connection, appended: Appended) -> Destruction:
    """The destruction that was appended in this transaction, as everybody will read it."""
    c = log_entries.c
    own = sa.and_(c.item == appended.item, c.item_seq == appended.item_seq)
    stored = tx.execute(sa.select(c.entry).where(own)).scalar_one()
    try:
        return read_destruction(Entry.decode(bytes(stored)), None)
    except DestructionError as error:
        raise DetailsStandError(str(error)) from error
