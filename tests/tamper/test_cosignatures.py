"""What was seen from outside: kept cosignatures hold the log to the one history others saw."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.cli.main import run
from api.verification_runs import context_of
from custody.errors import WitnessContradictsError
from custody.log.checkpoint import Checkpoint
from custody.log.cosignature import Cosigner
from custody.log.entry import Entry
from custody.log.merkle import hash_leaf
from custody.log.witness import read_answer
from custody.object_keys import COSIGNATURE_PREFIX
from custody.publishing.published import newest_checkpoint
from custody.tables import checkpoints, log_entries, log_state
from custody.tables import cosignatures as table
from custody.verification import FindingCode, Report
from custody.verification.cosignatures import check_cosignatures
from custody.witnesses import cosignatures
from custody.witnesses.asking import Asker, LogAsked
from custody.witnesses.cosigned import CosignaturePublisher
from custody.witnesses.witnessing import read_witnessing
from ingest import stations
from ingest.station_cosignatures import take_cosignature
from ingest.stations import create_enrolment_token, enrol
from tests.services.station_client import new_station_key
from tests.services.witnesses import NearWitness, near_witness, policy_of
from tests.tamper import attacks
from tests.tamper.test_any_cell import altered, changes_of
from tests.tamper.worlds import ADMIN, World

C = FindingCode


@dataclass
class Watched:
    """A world whose checkpoints two witnesses and a station cosign."""

    world: World
    near: list[NearWitness]

    @property
    def log(self) -> LogAsked:
        services = self.world.services
        verifier = services.keys.log.verifier
        return LogAsked(
            services.database, services.store, services.clock, verifier, services.config.origin
        )

    def ask(self, number: int = 0) -> bool:
        assert self.world.services.policy is not None
        return Asker(
            self.log, self.world.services.policy.asked[number], self.near[number].post
        ).run_once()

    def archive(self) -> None:
        self.world.services.cosignatures.run_once()

    def found(self) -> list[tuple[FindingCode, str]]:
        return [(one.code, one.subject) for one in self.world.verify().findings]

    def codes(self) -> set[FindingCode]:
        return {code for code, _ in self.found()}

    def execute(self, statement: str, **values: object) -> None:
        with self.world.services.database.write() as tx:
            tx.execute(sa.text(statement), values)


@pytest.fixture
def watched(world: World, tmp_path: Path) -> Iterator[Watched]:
    services = world.services
    log = services.keys.log.verifier
    with near_witness(tmp_path, "w1", log) as first, near_witness(tmp_path, "w2", log) as second:
        near = [first, second]
        policy = policy_of(services.config.home, near, 2, log)
        cosigned = CosignaturePublisher(
            services.database, services.store, services.clock, log, services.config.origin, policy
        )
        world.services = replace(services, policy=policy, cosignatures=cosigned)
        watched = Watched(world, near)
        assert watched.ask(0)
        assert watched.ask(1)
        enrol_and_cosign(world)
        world.publish()
        watched.archive()
        yield watched


def enrol_and_cosign(world: World) -> None:
    services, key = world.services, new_station_key()
    with services.database.write() as tx:
        token = create_enrolment_token(tx, services.clock, services.ledger, ADMIN, "三号站")
        station = enrol(
            tx,
            services.ledger,
            services.clock,
            token=token,
            name="三号站",
            verifier_key=key.verifier.vkey,
            origin="x",
        )
        newest = newest_checkpoint(tx)
        assert newest is not None
        text = Checkpoint(services.config.origin, newest.size, newest.root).encode()
        line = Cosigner(key.name, key.private).cosign(text, 1_790_000_000)
        actor = stations._actor(station, "x")
        assert take_cosignature(
            tx, services.clock, actor, services.config.origin, newest.size, line
        )


def test_what_was_kept_holds(watched: Watched) -> None:
    assert watched.found() == []
    with watched.world.services.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(table)) == 3
        assert cosignatures.waiting(tx, 10) == []
    assert len(list(watched.world.services.store.list(COSIGNATURE_PREFIX))) == 3


def rewrite_history(world: World) -> None:
    """As the database administrator with the server's key: another last entry, and everything that
    follows from it made anew, with the signer made to forget.
    """
    services = world.services
    with services.database.write() as tx:
        last = tx.scalar(sa.select(sa.func.max(log_entries.c.idx)))
        row = tx.execute(sa.select(log_entries).where(log_entries.c.idx == last)).one()
        entry = Entry.decode(row.entry)
        other = replace(entry, facts=entry.facts | {"key_name": "somebody else"}).encode()
        change = {"entry": other, "leaf_hash": hash_leaf(other)}
        tx.execute(log_entries.update().where(log_entries.c.idx == last).values(**change))
        tx.execute(checkpoints.delete())
        tx.execute(log_state.update().values(integrated=0))
    for name in ("tile", "checkpoints"):
        shutil.rmtree(world.objects / "log" / name)
    (world.objects / "log/checkpoint").unlink()
    attacks.signer_state(world).unlink()
    world.publish()


def go_on(world: World) -> None:
    with world.services.database.write() as tx:
        create_enrolment_token(tx, world.services.clock, world.services.ledger, ADMIN, "四号站")
    world.publish()


def test_a_history_rewritten_with_the_servers_key_is_not_seen_without_a_witness(
    world: World,
) -> None:
    go_on(world)
    rewrite_history(world)
    assert world.verify().findings == []


@pytest.mark.parametrize("rows", ["kept", "deleted"])
def test_a_history_rewritten_with_the_servers_key_is_seen_with_one(
    watched: Watched, tmp_path: Path, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = watched.world
    assert watched.ask()  # on the newest checkpoint
    watched.archive()
    rewrite_history(world)
    if rows == "kept":
        found = world.verify().findings
        assert {one.code for one in found} >= {C.COSIGNATURE_OTHER_TREE}
        assert "w1 cosigned another tree" in " ".join(one.message for one in found)
        return
    # Whoever deletes the rows as well leaves the archived copies: those are locked.
    watched.execute("DELETE FROM cosignatures")
    assert watched.codes() == {C.COSIGNATURE_MISSING, C.COSIGNATURE_OTHER_TREE}
    # Whoever deletes those too has a house in which everything agrees.
    shutil.rmtree(world.objects / COSIGNATURE_PREFIX)
    assert watched.found() == []
    # But the witness does not go on with it, and what it kept names the difference.
    with pytest.raises(WitnessContradictsError):
        watched.ask()
    [state] = (tmp_path / "w1").glob("*.json")
    kept = tmp_path / "kept"
    kept.write_text(json.loads(state.read_text())["note"])
    monkeypatch.setenv("LIUHEN_DATABASE_URL", world.services.config.database_url)
    home = str(world.services.config.home)
    assert run(["verify", "--home", home, "--read-only", "--against", str(kept)]) == 1


def test_a_log_put_back_to_an_older_day_is_seen(watched: Watched) -> None:
    """Everything of ours is cut to an older size, the signer's memory as well."""
    world = watched.world
    go_on(world)
    assert watched.ask()
    watched.archive()
    attacks.remember_an_older_checkpoint(world)
    attacks.cut_everything_but_the_signer(world)
    found = [one for one in world.verify().findings if one.code == C.COSIGNATURE_AHEAD]
    assert [one.message.startswith("w1 cosigned") for one in found] == [True]


def forge(watched: Watched) -> None:
    """A line by a key of one's own, under a name that is known."""
    own = Cosigner("w1", new_station_key().private)
    with watched.world.services.database.write() as tx:
        newest = newest_checkpoint(tx)
        assert newest is not None
        checkpoint = Checkpoint(watched.log.origin, newest.size, newest.root)
        text = checkpoint.encode()
        [signed] = read_answer(own.cosign(text, 5).encode(), text, [own.verifier])
        cosignatures.keep(tx, checkpoint, signed, watched.world.services.clock.now())


W1 = "key_id = (SELECT key_id FROM cosignatures WHERE vkey LIKE 'w1+%')"
STATION = "station_id IS NOT NULL"
ATTACKS: dict[str, tuple[Callable[[Watched], None], set[FindingCode]]] = {
    "delete_one": (
        lambda w: w.execute(f"DELETE FROM cosignatures WHERE {W1}"),
        {C.COSIGNATURE_MISSING},
    ),
    "delete_all": (lambda w: w.execute("DELETE FROM cosignatures"), {C.COSIGNATURE_MISSING}),
    "delete_a_copy": (
        lambda w: next(path for path in copies(w)).unlink(),
        {C.COSIGNATURE_MISSING},
    ),
    "alter_a_copy": (
        lambda w: attacks.flip(next(path for path in copies(w)), -9),
        {C.COSIGNATURE_ALTERED},
    ),
    "another_line": (
        lambda w: w.execute(f"UPDATE cosignatures SET line = 'x' WHERE {W1}"),
        {C.COSIGNATURE_ALTERED},
    ),
    "another_time": (
        lambda w: w.execute(f"UPDATE cosignatures SET cosigned_at = 5 WHERE {W1}"),
        {C.COSIGNATURE_ALTERED},
    ),
    "another_key": (
        lambda w: w.execute(f"UPDATE cosignatures SET vkey = 'w1+00000000+AA' WHERE {W1}"),
        {C.COSIGNATURE_ALTERED},
    ),
    "another_key_id": (
        lambda w: w.execute(f"UPDATE cosignatures SET key_id = 'ab' WHERE {W1}"),
        {C.COSIGNATURE_ALTERED, C.COSIGNATURE_MISSING},
    ),
    "another_size": (
        lambda w: w.execute(f"UPDATE cosignatures SET size = 3 WHERE {W1}"),
        {C.COSIGNATURE_ALTERED, C.COSIGNATURE_MISSING},
    ),
    "another_station": (
        lambda w: w.execute(f"UPDATE cosignatures SET station_id = 'nobody' WHERE {STATION}"),
        {C.COSIGNATURE_ALTERED},
    ),
    "a_station_that_brought_the_witness's": (
        lambda w: w.execute(f"UPDATE cosignatures SET station_id = 'nobody' WHERE {W1}"),
        {C.COSIGNATURE_ALTERED},
    ),
    "before_the_station_was_enrolled": (
        lambda w: w.execute(
            "UPDATE cosignatures SET received_at = :at WHERE station_id IS NOT NULL",
            at=f"{w.world.services.clock.now() - timedelta(days=9):%Y-%m-%d %H:%M:%S.%f+00:00}",
        ),
        {C.COSIGNATURE_STRANGER},
    ),
    "forged_under_a_known_name": (forge, {C.COSIGNATURE_STRANGER}),
}


def copies(watched: Watched) -> Iterator[Path]:
    store = watched.world.services.store
    return (watched.world.objects / one.key for one in store.list(COSIGNATURE_PREFIX))


@pytest.mark.parametrize("name", ATTACKS)
def test_what_is_done_to_cosignatures_is_found(watched: Watched, name: str) -> None:
    attack, codes = ATTACKS[name]
    attack(watched)
    assert watched.codes() == codes


def test_a_witness_that_no_policy_names_is_named_once(watched: Watched) -> None:
    watched.world.services = replace(watched.world.services, policy=None)
    found = watched.world.verify().findings
    assert [one.code for one in found] == [C.COSIGNATURE_STRANGER] * 2
    assert found[0].message.startswith("1 cosignatures are of w")


def test_a_station_that_was_revoked_cosigned_while_it_stood(watched: Watched) -> None:
    services = watched.world.services
    with services.database.write() as tx:
        station_id = tx.scalar(sa.select(table.c.station_id).where(table.c.station_id.is_not(None)))
    clock = services.clock
    clock.moment += timedelta(hours=1)  # type: ignore[attr-defined]
    with services.database.write() as tx:
        stations.revoke(tx, services.ledger, services.clock, ADMIN, str(station_id))
    watched.world.publish()
    assert watched.found() == []
    late = f"{clock.now() + timedelta(hours=1):%Y-%m-%d %H:%M:%S.%f+00:00}"
    watched.execute(f"UPDATE cosignatures SET received_at = :at WHERE {STATION}", at=late)
    assert watched.codes() == {C.COSIGNATURE_STRANGER}


def test_what_waits_for_its_copy_is_no_finding(watched: Watched) -> None:
    go_on(watched.world)
    assert watched.ask()
    assert watched.found() == []
    watched.archive()
    assert watched.found() == []


def test_a_row_of_another_size_is_nothing_to_go_on_from(watched: Watched) -> None:
    for size in (-1, 2**40):
        watched.execute(f"UPDATE cosignatures SET size = :size WHERE {W1}", size=size)
        assert watched.ask()  # anew, on the newest checkpoint
        watched.execute("DELETE FROM cosignatures WHERE size = :size", size=size)


def test_no_cell_breaks_what_reads_them(watched: Watched) -> None:
    """The log page, the loops and a verification, whatever stands in any cell."""
    services = watched.world.services
    engine = "sqlite" if services.database.is_sqlite else "postgresql"
    context = context_of(services)
    tried = 0
    for change in changes_of(table, engine):
        with altered(watched.world, change, ("", "")) as done:
            if not done:
                continue
            tried += 1
            with services.database.read() as tx:
                found = read_witnessing(tx, services.policy, services.config.origin)
            assert len(found.witnesses) == 2
            services.cosignatures.run_once()
            if change.column not in {"size", "key_id"}:  # there another row would take its place
                for number in (0, 1):
                    watched.ask(number)
            check_cosignatures(context, Report())
    assert tried > 20
    assert watched.found() == []
