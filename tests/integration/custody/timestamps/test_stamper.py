"""Checkpoints stamped by our own authorities, on both engines; a dead or lying one hurts none."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from cryptography import x509

from custody.actors import service_actor
from custody.asked_states import Sort, states_of
from custody.clock import FixedClock
from custody.events import EventKind
from custody.ledger import Ledger
from custody.object_keys import checkpoint_archive_key, timestamp_key
from custody.publishing.publisher import Publisher
from custody.tables import log_entries
from custody.timestamps import stamper as stamping
from custody.timestamps.authorities import Authority as Configured
from custody.timestamps.client import AuthoritySlowError, ask
from custody.timestamps.stamper import (
    LONGEST_PAUSE,
    Outcome,
    Stamper,
    TimestampTakenError,
    pause_after,
)
from custody.timestamps.stamps import list_timestamps, newest_timestamp
from custody.timestamps.tokens import check_token, new_request, read_token
from storage.database import Database
from storage.memory import MemoryStore
from tests.services.authority import Authority, answering, make_authority
from tests.services.custody import append_events

ACTOR = service_actor("stamper")
DAY = timedelta(days=1)
#: How an authority may fail, and what that is called.
MANNERS = {
    "other digest": "digest",
    "other nonce": "nonce",
    "garbage": "unreadable",
    "refusal": "refused",
    "huge": "too_long",
    "error": "status",
    "redirect": "status",
    "silent": "slow",
    "drip": "slow",
}


@pytest.fixture
def clock() -> FixedClock:
    """The authorities have the machine's own time."""
    return FixedClock(datetime.now(UTC))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Authority]:
    folder = tmp_path_factory.mktemp("authorities")
    return [make_authority(folder / kind, kind, kind) for kind in ("rsa", "ecdsa")]


@pytest.fixture
def served(made: list[Authority]) -> Iterator[list[Authority]]:
    """One that signs with RSA, one with ECDSA, both answering as they should."""
    with ExitStack() as stack:
        for one in made:
            one.manner, one.asked, one.released = "good", 0, threading.Event()
            stack.enter_context(answering(one))
        yield made


def configured(authority: Authority) -> Configured:
    pem = authority.roots.read_bytes()
    roots = tuple(x509.load_pem_x509_certificates(pem))
    return Configured(authority.name, authority.url, roots, pem)


@pytest.fixture
def stamper(
    database: Database,
    store: MemoryStore,
    ledger: Ledger,
    clock: FixedClock,
    served: list[Authority],
    publisher: Publisher,
) -> Stamper:
    """Over a log with a published checkpoint of three entries."""
    append(database, ledger, publisher)
    authorities = tuple(configured(one) for one in served)
    return Stamper(database, store, ledger, clock, authorities, DAY)


def append(database: Database, ledger: Ledger, publisher: Publisher) -> None:
    with database.write() as tx:
        append_events(tx, ledger, ["log"] * 3)
    publisher.run_once()


def again(stamper: Stamper, database: Database, store: MemoryStore, clock: FixedClock) -> Stamper:
    """As after a restart."""
    return Stamper(database, store, Ledger(clock), clock, stamper.authorities, DAY)


def results(outcomes: list[Outcome]) -> dict[str, str]:
    return {one.authority: one.trouble or one.result for one in outcomes}


def test_every_authority_stamps_the_checkpoint(
    stamper: Stamper, database: Database, store: MemoryStore
) -> None:
    assert results(stamper.stamp_all(ACTOR)) == {"rsa": "stamped", "ecdsa": "stamped"}
    note = store.read_bytes(checkpoint_archive_key(3))
    with database.read() as tx:
        stamps = list_timestamps(tx)
        entries = tx.execute(
            sa.select(log_entries.c.item).where(log_entries.c.kind == EventKind.LOG_STAMPED.value)
        ).all()
    assert [(one.size, one.authority) for one in stamps] == [(3, "ecdsa"), (3, "rsa")]
    assert len(entries) == 2
    for stamp in stamps:
        assert store.read_bytes(timestamp_key(3, stamp.authority)) == stamp.token
        [own] = [one for one in stamper.authorities if one.name == stamp.authority]
        check_token(read_token(stamp.token), note, own.roots)
    assert results(stamper.stamp_all(ACTOR)) == {"rsa": "standing", "ecdsa": "standing"}


def test_a_day_later_what_is_new_is_stamped(
    stamper: Stamper,
    database: Database,
    ledger: Ledger,
    publisher: Publisher,
    clock: FixedClock,
    served: list[Authority],
) -> None:
    first = stamper.authorities[0]
    assert stamper.run_once(first, ACTOR) is not None
    publisher.run_once()
    assert stamper.run_once(first, ACTOR) is None
    clock.moment += DAY
    # Nothing but its own entry came since: that needs no date.
    assert stamper.run_once(first, ACTOR) is None
    append(database, ledger, publisher)
    assert served[0].asked == 1
    clock.moment -= DAY
    assert stamper.run_once(first, ACTOR) is None
    with database.write() as tx:
        moved = clock.moment - DAY
        tx.execute(sa.text("UPDATE timestamps SET received_at = :at").bindparams(at=moved))
    outcome = stamper.run_once(first, ACTOR)
    assert outcome is not None
    assert (outcome.result, outcome.size) == ("stamped", 7)


def test_nothing_is_stamped_before_the_first_checkpoint(
    database: Database,
    store: MemoryStore,
    ledger: Ledger,
    clock: FixedClock,
    served: list[Authority],
) -> None:
    stamper = Stamper(database, store, ledger, clock, (configured(served[0]),), DAY)
    assert stamper.stamp_all(ACTOR) == []
    assert stamper.run_once(stamper.authorities[0], ACTOR) is None


def test_no_old_checkpoint_is_stamped_while_entries_wait(
    stamper: Stamper, database: Database, ledger: Ledger, clock: FixedClock
) -> None:
    with database.write() as tx:
        append_events(tx, ledger, ["log"])
    clock.moment += timedelta(minutes=11)
    assert stamper.run_once(stamper.authorities[0], ACTOR) is None
    clock.moment -= timedelta(minutes=11)
    assert stamper.run_once(stamper.authorities[0], ACTOR) is not None


@pytest.mark.parametrize(("manner", "trouble"), MANNERS.items(), ids=list(MANNERS))
def test_a_bad_answer_is_refused_shown_and_keeps_nobody_waiting(
    stamper: Stamper,
    database: Database,
    store: MemoryStore,
    served: list[Authority],
    monkeypatch: pytest.MonkeyPatch,
    clock: FixedClock,
    manner: str,
    trouble: str,
) -> None:
    monkeypatch.setattr(
        stamping,
        "ask",
        lambda one, request: ask(one, request, limit_s=1.5 if trouble == "slow" else 60),
    )
    served[0].manner = manner
    assert results(stamper.stamp_all(ACTOR, wait_s=60)) == {"rsa": trouble, "ecdsa": "stamped"}
    assert [stat.key for stat in store.list("log/timestamps/")] == [timestamp_key(3, "ecdsa")]
    with database.read() as tx:
        states = states_of(tx, Sort.AUTHORITY, ["rsa", "ecdsa"])
        assert newest_timestamp(tx, "rsa") is None
    assert states["ecdsa"].trouble is None
    assert (states["rsa"].trouble, states["rsa"].failures) == (trouble, 1)
    assert states["rsa"].failing_since == clock.moment
    if manner == "redirect":
        assert served[0].asked == 1


def test_a_closed_port_is_asked_again_after_growing_pauses(
    database: Database,
    store: MemoryStore,
    ledger: Ledger,
    clock: FixedClock,
    stamper: Stamper,
    made: list[Authority],
) -> None:
    away = Configured("rsa", "http://127.0.0.1:9/tsa", *_roots(made[0]))
    lonely = Stamper(database, store, ledger, clock, (away,), DAY)
    began = clock.moment
    outcome = lonely.run_once(away, ACTOR)
    assert outcome is not None
    assert outcome.trouble == "away"
    assert lonely.run_once(away, ACTOR) is None
    clock.moment += timedelta(minutes=1)
    assert lonely.run_once(away, ACTOR) is not None
    clock.moment += timedelta(minutes=1)
    assert lonely.run_once(away, ACTOR) is None
    with database.read() as tx:
        state = states_of(tx, Sort.AUTHORITY, ["rsa"])["rsa"]
    assert (state.failures, state.failing_since) == (2, began)
    assert pause_after(50) == LONGEST_PAUSE
    assert pause_after(-5) == pause_after(1)
    # It comes back, and is no longer in trouble.
    clock.moment = datetime.now(UTC) - timedelta(seconds=1)
    assert results(stamper.stamp_all(ACTOR))["rsa"] == "stamped"
    with database.read() as tx:
        assert states_of(tx, Sort.AUTHORITY, ["rsa"])["rsa"].failing_since is None


def test_what_a_kill_left_in_the_store_is_adopted(
    stamper: Stamper, store: MemoryStore, served: list[Authority], database: Database
) -> None:
    note = store.read_bytes(checkpoint_archive_key(3))
    raw = served[0].reply(new_request(note).data)
    store.put_bytes(timestamp_key(3, "rsa"), raw)
    assert results(stamper.stamp_all(ACTOR))["rsa"] == "stamped"
    assert served[0].asked == 0
    with database.read() as tx:
        found = newest_timestamp(tx, "rsa")
    assert found is not None
    assert found.token == raw


def test_something_else_in_its_place_is_not_taken_for_a_token(
    stamper: Stamper, store: MemoryStore
) -> None:
    store.put_bytes(timestamp_key(3, "rsa"), b"nothing of ours")
    with pytest.raises(TimestampTakenError):
        stamper.run_once(stamper.authorities[0], ACTOR)
    [outcome, other] = stamper.stamp_all(ACTOR)
    assert (outcome.trouble, other.result) == ("internal", "stamped")


def test_two_hosts_ask_once(
    stamper: Stamper,
    database: Database,
    store: MemoryStore,
    clock: FixedClock,
    served: list[Authority],
) -> None:
    served[0].manner = "silent"
    first = threading.Thread(target=stamper.run_once, args=(stamper.authorities[0], ACTOR))
    first.start()
    while not served[0].asked:
        first.join(0.01)
    other = again(stamper, database, store, clock)
    assert results(other.stamp_all(ACTOR)) == {"rsa": "busy", "ecdsa": "stamped"}
    served[0].released.set()
    first.join()
    assert served[0].asked == 1


def test_a_slow_answer_ends_in_time(served: list[Authority]) -> None:
    """The limit is for all of it, not for each byte."""
    served[0].manner = "drip"
    with pytest.raises(AuthoritySlowError):
        ask(configured(served[0]), b"x", limit_s=0.5)


def _roots(authority: Authority) -> tuple[tuple[x509.Certificate, ...], bytes]:
    one = configured(authority)
    return one.roots, one.roots_pem
