"""How far the log is witnessed: the quorum on one checkpoint counts, and rows that hold."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from custody.clock import FixedClock
from custody.ledger import Ledger
from custody.log.policy import read_policy
from custody.publishing.keys import LogKeys
from custody.publishing.publisher import Publisher
from custody.witnesses.asking import Asker, LogAsked
from custody.witnesses.policy import WitnessPolicy, load_policy
from custody.witnesses.witnessing import Witnessing, fewest, read_witnessing
from storage.database import Database
from storage.memory import MemoryStore
from tests.services.custody import append_events
from tests.services.witnesses import NearWitness, near_witness, policy_of
from tests.unit.custody.witnesses.test_policy import LONG, SHORT

ORIGIN = "test.example/custody"


class Scene:
    """Three witnesses of whom two are enough."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        publisher: Publisher,
        log: LogAsked,
        near: list[NearWitness],
        folder: Path,
    ) -> None:
        self.database, self.ledger, self.publisher = database, ledger, publisher
        self.log, self.near = log, near
        self.policy: WitnessPolicy | None = policy_of(folder, near, 2, log.verifier)
        self.askers = [
            Asker(log, asked, one.post) for asked, one in zip(self.policy.asked, near, strict=True)
        ]

    def grow(self) -> int:
        with self.database.write() as tx:
            append_events(tx, self.ledger, ["log"])
        return self.publisher.run_once().size

    def ask(self, *numbers: int) -> None:
        for number in numbers:
            assert self.askers[number].run_once()

    def look(self) -> Witnessing:
        with self.database.read() as tx:
            return read_witnessing(tx, self.policy, ORIGIN)


@pytest.fixture
def scene(
    database: Database,
    store: MemoryStore,
    ledger: Ledger,
    publisher: Publisher,
    keys: LogKeys,
    clock: FixedClock,
    tmp_path: Path,
) -> Iterator[Scene]:
    log = LogAsked(database, store, clock, keys.log.verifier, ORIGIN)
    with (
        near_witness(tmp_path, "w0", log.verifier) as first,
        near_witness(tmp_path, "w1", log.verifier) as second,
        near_witness(tmp_path, "w2", log.verifier) as third,
    ):
        yield Scene(database, ledger, publisher, log, [first, second, third], tmp_path)


def test_enough_on_one_checkpoint_count(scene: Scene, clock: FixedClock) -> None:
    assert scene.look().is_met is False
    start = clock.now()
    scene.grow()
    scene.ask(0)
    assert (scene.look().witnessed, scene.look().unwitnessed_since) == (0, start)
    scene.ask(1)
    found = scene.look()
    assert (found.is_met, found.witnessed, found.unwitnessed_since) == (True, 1, None)
    assert [one.name for one in found.behind] == ["w2"]
    assert found.behind[0].behind_since == start
    clock.moment += timedelta(minutes=5)
    scene.grow()
    scene.ask(0)
    clock.moment += timedelta(minutes=5)
    scene.grow()
    scene.ask(1)
    # Two have cosigned, each another one: neither is witnessed.
    found = scene.look()
    assert (found.is_met, found.size, found.witnessed) == (False, 3, 1)
    assert found.unwitnessed_since == start + timedelta(minutes=5)
    assert found.age(clock.now()) == timedelta(minutes=5)
    assert found.age(start) == timedelta()
    sizes = {one.name: (one.size, one.behind_since) for one in found.witnesses}
    assert sizes == {
        "w0": (2, start + timedelta(minutes=10)),
        "w1": (3, None),
        "w2": (None, start),
    }
    scene.ask(2)
    assert scene.look().is_met


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cosignatures SET line = 'x'",
        "UPDATE cosignatures SET cosigned_at = 1",
        "UPDATE cosignatures SET vkey = 'x'",
        "DELETE FROM cosignatures",
    ],
)
def test_rows_that_do_not_hold_count_for_nothing(scene: Scene, statement: str) -> None:
    scene.grow()
    scene.ask(0, 1)
    assert scene.look().is_met
    with scene.database.write() as tx:
        tx.execute(sa.text(statement))
    assert not scene.look().is_met
    assert {one.size for one in scene.look().witnesses} == {None}


def test_without_a_policy_nothing_counts_as_witnessed(scene: Scene, tmp_path: Path) -> None:
    scene.grow()
    scene.ask(0, 1)
    scene.policy = None
    found = scene.look()
    assert (found.is_named, found.is_met, found.witnessed) == (False, False, 0)
    assert (found.witnesses, found.unwitnessed_since) == ((), None)
    (tmp_path / "none").write_text("quorum none\n")
    scene.policy = load_policy(tmp_path / "none", scene.log.verifier, required=True)
    assert not scene.look().is_named


def test_the_fewest_that_can_be_enough() -> None:
    lines = f"witness a {SHORT.vkey}\nwitness b {LONG.vkey}\n"
    assert fewest(read_policy(f"{lines}quorum none\n".encode())) == 0
    assert fewest(read_policy(f"{lines}quorum a\n".encode())) == 1
    both = f"{lines}group both all a b\ngroup one any both\nquorum one\n"
    assert fewest(read_policy(both.encode())) == 2
