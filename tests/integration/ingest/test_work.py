"""Leases on work: one worker a clip, nothing lost with a worker, pauses that grow."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from custody.actors import service_actor
from custody.clips import Clip, NewClip, admit, set_clip_state
from custody.clock import FixedClock
from custody.ledger import Ledger
from ingest import work
from ingest.leases import Lease
from ingest.tables import clip_work
from storage.database import Database

ALICE = service_actor("alice")


def admitted(database: Database, ledger: Ledger, number: int) -> Clip:
    new = NewClip(f"{number:064x}", "0" * 64, 1, f"originals/{number}", "a.mp4", b"a.mp4")
    with database.write() as tx:
        return admit(tx, ledger, ALICE, new)[0]


def enqueued(database: Database, clock: FixedClock, count: int) -> list[str]:
    ledger = Ledger(clock)
    ids = [admitted(database, ledger, number).id for number in range(count)]
    with database.write() as tx:
        assert all(work.enqueue(tx, clock, clip_id) for clip_id in ids)
    return ids


def claimed(database: Database, clock: FixedClock, owner: str = "bob") -> work.Work | None:
    with database.write() as tx:
        return work.claim(tx, clock, owner)


def test_enqueueing_twice_is_once(database: Database, clock: FixedClock) -> None:
    (clip_id,) = enqueued(database, clock, 1)
    with database.write() as tx:
        assert not work.enqueue(tx, clock, clip_id)
        assert tx.scalar(sa.select(sa.func.count()).select_from(clip_work)) == 1


def test_a_claimed_clip_is_nobody_elses_until_the_lease_ends(
    database: Database, clock: FixedClock
) -> None:
    (clip_id,) = enqueued(database, clock, 1)
    mine = claimed(database, clock)
    assert mine is not None
    assert (mine.clip_id, mine.attempts) == (clip_id, 0)
    assert claimed(database, clock) is None
    with database.read() as tx:
        assert not work.is_due(tx, clock)
    clock.moment += work.LEASE
    with database.read() as tx:
        assert work.is_due(tx, clock)
    theirs = claimed(database, clock)
    assert theirs is not None
    # Though it has the same name, the first worker's lease is gone.
    with database.write() as tx:
        assert not work.renew(tx, clock, mine)
        assert not work.fail(tx, clock, mine, "late")
        assert not work.release(tx, mine)
        assert not work.finish(tx, mine)
        assert work.renew(tx, clock, theirs)


def test_a_renewed_lease_goes_on(database: Database, clock: FixedClock) -> None:
    enqueued(database, clock, 1)
    mine = claimed(database, clock)
    assert mine is not None
    clock.moment += work.LEASE / 2
    with database.write() as tx:
        assert work.renew(tx, clock, mine)
    clock.moment += work.LEASE * 0.75
    assert claimed(database, clock) is None


def test_racing_workers_never_share_a_clip(database: Database, clock: FixedClock) -> None:
    ids = enqueued(database, clock, 12)
    got: list[str] = []

    def take(name: str) -> None:
        for _ in range(len(ids)):
            mine = claimed(database, clock, name)
            if mine is not None:
                got.append(mine.clip_id)

    threads = [threading.Thread(target=take, args=(f"worker-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(ids)


def test_failures_are_counted_and_pauses_grow(database: Database, clock: FixedClock) -> None:
    enqueued(database, clock, 1)
    for attempts in range(3):
        mine = claimed(database, clock)
        assert mine is not None
        assert mine.attempts == attempts
        with database.write() as tx:
            assert work.fail(tx, clock, mine, "broken " * 999)
        clock.moment += work.FIRST_PAUSE * 4**attempts - timedelta(seconds=1)
        assert claimed(database, clock) is None
        clock.moment += timedelta(seconds=1)
    with database.read() as tx:
        error = tx.scalar(sa.select(clip_work.c.last_error))
    assert error is not None
    assert len(error) == work.MAX_ERROR


def test_outages_and_stops_are_not_counted(database: Database, clock: FixedClock) -> None:
    enqueued(database, clock, 1)
    mine = claimed(database, clock)
    assert mine is not None
    with database.write() as tx:
        assert work.postpone(tx, clock, mine, "store away")
    assert claimed(database, clock) is None
    clock.moment += work.OUTAGE_PAUSE
    mine = claimed(database, clock)
    assert mine is not None
    with database.write() as tx:
        assert work.release(tx, mine)
    mine = claimed(database, clock)
    assert mine is not None
    assert mine.attempts == 0


def test_a_failed_clip_does_not_block_the_others(database: Database, clock: FixedClock) -> None:
    first, second = enqueued(database, clock, 2)
    mine = claimed(database, clock)
    assert mine is not None
    assert mine.clip_id == first
    with database.write() as tx:
        work.fail(tx, clock, mine, "broken")
    other = claimed(database, clock)
    assert other is not None
    assert other.clip_id == second


def test_what_failed_comes_behind_what_was_not_tried(database: Database, clock: FixedClock) -> None:
    first, second = enqueued(database, clock, 2)
    mine = claimed(database, clock)
    assert mine is not None
    with database.write() as tx:
        work.fail(tx, clock, mine, "too slow")
    clock.moment += timedelta(hours=1)
    with database.write() as tx:
        tx.execute(
            sa.update(clip_work).where(clip_work.c.clip_id == second).values(not_before=clock.now())
        )
    order = [claimed(database, clock), claimed(database, clock)]
    assert [one.clip_id for one in order if one] == [second, first]


def test_the_sweep_puts_back_what_the_state_demands(database: Database, clock: FixedClock) -> None:
    ledger = Ledger(clock)
    lost, known, done = (admitted(database, ledger, number) for number in range(3))
    with database.write() as tx:
        work.enqueue(tx, clock, known.id)
        set_clip_state(tx, ledger, ALICE, done.id, "ready")
    with database.write() as tx:
        assert work.sweep(tx, clock) == 1
    with database.write() as tx:
        assert work.sweep(tx, clock) == 0
        rows = tx.execute(sa.select(clip_work)).all()
    assert {row.clip_id for row in rows} == {lost.id, known.id}
    assert all(row.not_before == clock.now() for row in rows)


def test_a_long_owners_name_fits(database: Database, clock: FixedClock) -> None:
    enqueued(database, clock, 1)
    mine = claimed(database, clock, "host" * 50 + ":1:media-0")
    assert mine is not None
    assert len(mine.lease_owner) <= 64
    assert ":1:media-0:" in mine.lease_owner


def test_a_lease_is_renewed_until_the_work_is_done_or_lost(
    database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.leases.LEASE", timedelta(seconds=0.15))
    enqueued(database, clock, 1)
    mine = claimed(database, clock)
    assert mine is not None
    with Lease(database, clock, mine) as lease:
        clock.moment += work.LEASE * 2
        wait_until(lambda: lease_end(database) > clock.now())
        assert not lease.lost
        with database.write() as tx:
            tx.execute(sa.update(clip_work).values(lease_owner="charlie"))
        wait_until(lambda: lease.lost)


def lease_end(database: Database) -> object:
    with database.read() as tx:
        return tx.scalar(sa.select(clip_work.c.lease_until))


def wait_until(condition: object) -> None:
    for _ in range(500):
        if condition():  # type: ignore[operator]
            return
        threading.Event().wait(0.02)
    pytest.fail("it never happened")
