"""A witness is asked turn after turn: what it answers is held against its key before it counts."""

import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from custody.asked_states import Sort, states_of
from custody.clock import FixedClock
from custody.errors import WitnessAwayError, WitnessContradictsError, WitnessRefusesError
from custody.exchange import Answer
from custody.ledger import Ledger
from custody.log.checkpoint import open_checkpoint
from custody.log.cosignature import open_cosigned
from custody.log.merkle import EMPTY_ROOT
from custody.log.note import generate
from custody.log.witness import SIZE_TYPE, AddCheckpoint, Seen
from custody.object_keys import CHECKPOINT_KEY, checkpoint_archive_key, cosignature_key
from custody.publishing.keys import LogKeys
from custody.publishing.published import newest_checkpoint
from custody.publishing.publisher import LOG_LOCK, Publisher
from custody.witnesses import cosignatures
from custody.witnesses.asking import Asker, LogAsked
from custody.witnesses.cosigned import CosignaturePublisher
from storage.database import Database
from storage.errors import StoreUnavailableError
from storage.memory import MemoryStore, no_faults
from tests.services.custody import append_events
from tests.services.witnesses import NOW, NearWitness, near_witness, policy_of

ORIGIN = "test.example/custody"


@pytest.fixture
def near(tmp_path: Path, keys: LogKeys) -> Iterator[NearWitness]:
    with near_witness(tmp_path, "w1.example", keys.log.verifier) as witness:
        yield witness


@pytest.fixture
def second(tmp_path: Path, keys: LogKeys) -> Iterator[NearWitness]:
    with near_witness(tmp_path, "w2.example", keys.log.verifier) as witness:
        yield witness


@pytest.fixture
def log(database: Database, store: MemoryStore, clock: FixedClock, keys: LogKeys) -> LogAsked:
    return LogAsked(database, store, clock, keys.log.verifier, ORIGIN)


@pytest.fixture
def grow(database: Database, ledger: Ledger, publisher: Publisher) -> Callable[[int], int]:
    """Append so many entries and publish; gives the size."""

    def call(count: int) -> int:
        with database.write() as tx:
            append_events(tx, ledger, ["log"] * count)
        return publisher.run_once().size

    return call


@pytest.fixture
def asker(log: LogAsked, near: NearWitness, tmp_path: Path) -> Asker:
    return asker_of(log, near, tmp_path)


def asker_of(log: LogAsked, near: NearWitness, folder: Path) -> Asker:
    [asked] = policy_of(folder, [near], 1, log.verifier).asked
    return Asker(log, asked, near.post)


def trouble_of(log: LogAsked, asker: Asker) -> str | None:
    """As any process of the house tells it."""
    with log.database.read() as tx:
        state = states_of(tx, Sort.WITNESS, [asker.name]).get(asker.name)
    return None if state is None else state.trouble


def in_another_thread(action: Callable[[], object]) -> None:
    """A lock is asked for anew in another one."""
    thread = threading.Thread(target=action)
    thread.start()
    thread.join()


def kept_sizes(database: Database, near: NearWitness) -> list[int]:
    with database.read() as tx:
        newest = cosignatures.newest_by_key(tx).get(cosignatures.key_id(near.cosigner.verifier))
    return [] if newest is None else [newest.size]


def test_every_new_checkpoint_is_cosigned_once(
    database: Database, log: LogAsked, asker: Asker, near: NearWitness, grow: Callable[[int], int]
) -> None:
    assert not asker.run_once()  # nothing is published yet
    for count in (3, 1, 300):
        size = grow(count)
        assert asker.run_once()
        assert not asker.run_once()
        assert kept_sizes(database, near) == [size]
    assert near.asked == 3
    assert [AddCheckpoint.parse(body).old_size for body in near.bodies] == [0, 3, 4]
    assert trouble_of(log, asker) is None


def test_a_checkpoint_in_between_is_passed_over(
    database: Database, asker: Asker, near: NearWitness, grow: Callable[[int], int]
) -> None:
    grow(3)
    asker.run_once()
    grow(2)
    size = grow(2)
    assert asker.run_once()
    assert kept_sizes(database, near) == [size]


def test_an_answer_that_was_lost_is_asked_for_again(
    database: Database,
    log: LogAsked,
    near: NearWitness,
    grow: Callable[[int], int],
    tmp_path: Path,
) -> None:
    """The witness has cosigned what no row of ours says: it tells, and goes on from there."""
    size = grow(5)

    def lost(address: str, body: bytes) -> Answer:
        near.post(address, body)
        raise WitnessAwayError("the answer broke off")

    [asked] = policy_of(tmp_path, [near], 1, log.verifier).asked
    unlucky = Asker(log, asked, lost)
    with pytest.raises(WitnessAwayError):
        unlucky.run_once()
    assert trouble_of(log, unlucky) == "away"
    assert kept_sizes(database, near) == []
    assert asker_of(log, near, tmp_path).run_once()
    assert kept_sizes(database, near) == [size]
    size = grow(5)
    assert asker_of(log, near, tmp_path).run_once()
    assert kept_sizes(database, near) == [size]


def test_two_hosts_ask_one_at_a_time(
    database: Database,
    log: LogAsked,
    asker: Asker,
    near: NearWitness,
    grow: Callable[[int], int],
    tmp_path: Path,
) -> None:
    grow(3)
    other = asker_of(log, near, tmp_path)
    inside: list[bool] = []

    def meanwhile(address: str, body: bytes) -> Answer:
        in_another_thread(lambda: inside.append(other.run_once()))
        return near.post(address, body)

    asker._exchange = meanwhile
    assert asker.run_once()
    assert inside == [False]
    assert near.asked == 1


@pytest.mark.parametrize(
    ("status", "error", "trouble"),
    [
        (HTTPStatus.NOT_FOUND, WitnessRefusesError, "refuses"),
        (HTTPStatus.FORBIDDEN, WitnessRefusesError, "refuses"),
        (HTTPStatus.UNPROCESSABLE_ENTITY, WitnessContradictsError, "contradicts"),
        (HTTPStatus.FOUND, WitnessAwayError, "away"),
        (HTTPStatus.INTERNAL_SERVER_ERROR, WitnessAwayError, "away"),
    ],
)
def test_what_is_no_cosignature_is_told_apart(
    database: Database,
    log: LogAsked,
    asker: Asker,
    near: NearWitness,
    grow: Callable[[int], int],
    status: HTTPStatus,
    error: type[Exception],
    trouble: str,
) -> None:
    grow(3)
    near.instead = Answer(status, "text/plain", b"no\x1b[2J\n")
    with pytest.raises(error) as caught:
        asker.run_once()
    assert type(caught.value) is error
    assert "\x1b" not in str(caught.value)
    assert trouble_of(log, asker) == trouble
    near.instead = None
    assert asker.run_once()
    assert trouble_of(log, asker) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"\n", b"4", b"-1\n", b"04\n", b"9" * 23 + b"\n", b"\xff\n", b"1" * 5000],
    ids=repr,
)
def test_a_size_that_is_none_is_an_answer_like_no_witness_gives(
    asker: Asker, near: NearWitness, grow: Callable[[int], int], body: bytes
) -> None:
    grow(3)
    near.instead = Answer(HTTPStatus.CONFLICT, SIZE_TYPE, body)
    with pytest.raises(WitnessAwayError):
        asker.run_once()


def test_only_what_its_own_key_signed_counts(
    database: Database,
    asker: Asker,
    near: NearWitness,
    second: NearWitness,
    grow: Callable[[int], int],
) -> None:
    size = grow(3)
    with database.read() as tx:
        newest = newest_checkpoint(tx)
    assert newest is not None
    text = newest.note.partition("\n\n")[0] + "\n"
    right, others = near.cosigner.cosign(text, NOW), second.cosigner.cosign(text, NOW)
    other_tree = near.cosigner.cosign(text.replace("\n3\n", "\n4\n"), NOW)
    for body in (
        "",
        "hello\n",
        others,
        other_tree,
        right + right,
        right.rstrip("\n"),
        "\n" + right,
        f"{right}\n{right}",
        right + "x" * 70_000,
    ):
        near.instead = Answer(HTTPStatus.OK, "text/plain", body.encode())
        with pytest.raises(WitnessAwayError):
            asker.run_once()
    assert kept_sizes(database, near) == []
    near.instead = Answer(HTTPStatus.OK, "text/plain", (others + right).encode())
    assert asker.run_once()
    assert kept_sizes(database, near) == [size]
    assert kept_sizes(database, second) == []


def test_a_witness_that_saw_more_or_another_tree_contradicts(
    log: LogAsked, asker: Asker, near: NearWitness, grow: Callable[[int], int]
) -> None:
    size = grow(3)
    with near.witness._state.hold(ORIGIN) as held:
        held.keep(Seen(size + 4, bytes(32)), "a note")
    with pytest.raises(WitnessContradictsError, match="it cosigned 7 entries, there are 3"):
        asker.run_once()
    with near.witness._state.hold(ORIGIN) as held:
        held.keep(Seen(size, bytes(32)), "a note")
    with pytest.raises(WitnessContradictsError):
        asker.run_once()
    with near.witness._state.hold(ORIGIN) as held:
        held.keep(Seen(size - 1, bytes(32)), "a note")
    with pytest.raises(WitnessContradictsError):
        asker.run_once()
    assert trouble_of(log, asker) == "contradicts"
    with near.witness._state.hold(ORIGIN) as held:
        held.keep(Seen(0, EMPTY_ROOT), "a note")
    assert asker.run_once()


# --- what becomes public ---------------------------------------------------------------------


@pytest.fixture
def cosigned(
    log: LogAsked, near: NearWitness, second: NearWitness, tmp_path: Path
) -> CosignaturePublisher:
    """With a quorum of both."""
    policy = policy_of(tmp_path, [near, second], 2, log.verifier)
    return CosignaturePublisher(log.database, log.store, log.clock, log.verifier, ORIGIN, policy)


def test_the_served_checkpoint_carries_what_meets_the_quorum(
    store: MemoryStore,
    log: LogAsked,
    near: NearWitness,
    second: NearWitness,
    cosigned: CosignaturePublisher,
    grow: Callable[[int], int],
    publisher: Publisher,
    tmp_path: Path,
) -> None:
    verifiers = [one.cosigner.verifier for one in (near, second)]
    for count in (3, 300):
        size = grow(count)
        bare = store.read_bytes(CHECKPOINT_KEY)
        asker_of(log, second, tmp_path).run_once()
        cosigned.run_once()
        assert store.read_bytes(CHECKPOINT_KEY) == bare  # one of two
        asker_of(log, near, tmp_path).run_once()
        cosigned.run_once()
        note = store.read_bytes(CHECKPOINT_KEY)
        checkpoint, who = open_cosigned(note, log.verifier, verifiers)
        assert (checkpoint.size, [one.verifier for one in who]) == (size, verifiers)
        assert [one.timestamp for one in who] == [NOW, NOW]
        # The archived one stays as it was signed; beside it stands who else signed it.
        assert store.read_bytes(checkpoint_archive_key(size)) == bare
        for one in verifiers:
            beside = store.read_bytes(cosignature_key(size, cosignatures.key_id(one)))
            assert open_cosigned(beside, log.verifier, [one])[1][0].verifier == one
    assert not publisher.run_once().published  # and the publisher still takes the pointer
    assert open_checkpoint(store.read_bytes(CHECKPOINT_KEY), log.verifier).size == 303


def test_an_older_checkpoint_never_takes_the_place_of_a_newer_one(
    database: Database,
    store: MemoryStore,
    log: LogAsked,
    near: NearWitness,
    second: NearWitness,
    cosigned: CosignaturePublisher,
    grow: Callable[[int], int],
    tmp_path: Path,
) -> None:
    grow(3)
    for one in (near, second):
        asker_of(log, one, tmp_path).run_once()
    bare = store.read_bytes(CHECKPOINT_KEY)
    with database.exclusive(LOG_LOCK) as owned:  # a publisher is at work
        assert owned
        in_another_thread(cosigned.run_once)
        assert store.read_bytes(CHECKPOINT_KEY) == bare
    newer = generate(ORIGIN)
    store.replace_bytes(CHECKPOINT_KEY, newer.sign("x\n").encode())  # of somebody else
    cosigned.run_once()
    assert store.read_bytes(CHECKPOINT_KEY).startswith("— ".encode())
    store.replace_bytes(CHECKPOINT_KEY, bare)
    cosigned.run_once()
    assert store.read_bytes(CHECKPOINT_KEY) != bare


def test_a_turn_that_was_cut_off_is_finished_by_the_next(
    database: Database,
    store: MemoryStore,
    log: LogAsked,
    near: NearWitness,
    cosigned: CosignaturePublisher,
    grow: Callable[[int], int],
    tmp_path: Path,
) -> None:
    grow(3)
    asker_of(log, near, tmp_path).run_once()

    def fail(operation: str, key: str, _phase: str) -> None:
        if key.startswith("log/cosignatures/") and operation == "put_bytes":
            raise StoreUnavailableError("no answer")

    store.faults = fail
    with pytest.raises(StoreUnavailableError):
        cosigned.run_once()
    store.faults = no_faults
    with database.read() as tx:
        [kept] = cosignatures.waiting(tx, 10)
    # A kill between the object and the row that says it stands: the same bytes again.
    with database.read() as tx:
        newest = newest_checkpoint(tx)
    assert newest is not None
    store.put_bytes(cosignature_key(3, kept.key_id), (newest.note + kept.line).encode())
    cosigned.run_once()
    with database.read() as tx:
        assert cosignatures.waiting(tx, 10) == []
