"""What nothing inside can see is seen by whoever kept something outside: shown for each of them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.verification_runs import context_of
from custody.log.checkpoint import open_checkpoint
from custody.log.entry import Entry
from custody.log.errors import ProofError
from custody.log.tiles import TileReader
from custody.log.witness import WitnessRefusedError
from custody.outside.checks import check_mirror, check_pair, check_receipt
from custody.outside.errors import SplitViewError
from custody.outside.mirror import CHECKPOINT, Mirror
from custody.verification import FindingCode, verify_all
from station_agent.errors import LogForkedError
from station_agent.hashing import Digests
from tests.tamper import key_attacks
from tests.tamper.later_attacks import go_on
from tests.tamper.outsiders import Outsiders, outside, published, source
from tests.tamper.threats.every import OUTSIDE
from tests.tamper.threats.table import Threat
from tests.tamper.worlds import World


@pytest.fixture
def outsiders(world: World, tmp_path: Path) -> Iterator[Outsiders]:
    with outside(world, tmp_path / "outside") as outsiders:
        yield outsiders


@pytest.mark.parametrize("threat", OUTSIDE, ids=lambda threat: threat.name)
def test_it_is_seen_from_outside(world: World, outsiders: Outsiders, threat: Threat) -> None:
    assert threat.strike is not None
    threat.strike(world, outsiders.keep)
    inside = verify_all(replace(context_of(world.services), signer_grace_s=0.1))
    assert {one.code for one in inside.findings} == set(threat.codes), inside.findings
    assert inside.unchecked == []
    assert {who: outsiders.look_again(who) for who in threat.outsiders} == threat.outsiders


def test_who_saw_a_log_go_on_sees_nothing_else(world: World, outsiders: Outsiders) -> None:
    outsiders.keep()
    go_on(world)
    everybody = {who for threat in OUTSIDE for who in threat.outsiders}
    assert len(everybody) == 4
    assert {outsiders.look_again(who) for who in everybody} == {None}


def test_two_logs_for_two_readers(world: World, outsiders: Outsiders, tmp_path: Path) -> None:
    log = world.services.keys.log.verifier
    outsiders.submit()
    mirrors = [tmp_path / name for name in ("one", "other")]
    Mirror(mirrors[0], log).follow(source(world))
    key_attacks.become_another_history(world)
    Mirror(mirrors[1], log).follow(source(world))
    for mirror in mirrors:  # each is sound by itself
        assert check_mirror(mirror, log).problems == []
    one, other = ((mirror / CHECKPOINT).read_bytes() for mirror in mirrors)
    with pytest.raises(ProofError):
        check_pair(one, other, log, mirrors[0])
    with pytest.raises(WitnessRefusedError) as refused:
        outsiders.submit()
    assert refused.value.status == 409
    go_on(world)
    Mirror(mirrors[1], log).follow(source(world))
    other = (mirrors[1] / CHECKPOINT).read_bytes()
    for mirror in mirrors[1:]:
        with pytest.raises(ProofError):
            check_pair(one, other, log, mirror)


def test_an_entry_dated_back_stands_behind_what_was_seen_later(
    world: World, outsiders: Outsiders
) -> None:
    log = world.services.keys.log.verifier
    outsiders.mirror.follow(source(world))
    cosignature = outsiders.submit()
    seen = open_checkpoint(published(world), log).size
    index = key_attacks.append_a_backdated_entry(world)
    [finding] = world.verify().findings
    assert (finding.code, finding.entry_index) == (FindingCode.ENTRY_TIME, index)
    outsiders.mirror.follow(source(world))  # it is no other history
    reader = TileReader(source(world).fetch, index + 1)
    entry = Entry.decode(reader.entry(index))
    # It says it is older than the cosignature, which covers everything there was then but not it.
    assert entry.at.timestamp() < cosignature.timestamp
    assert index >= seen


def test_a_receipt_under_a_tree_of_its_own(
    world: World, outsiders: Outsiders, tmp_path: Path
) -> None:
    keys = world.services.keys
    log = keys.log.verifier
    outsiders.keep()
    note = key_attacks.made_up_receipt(world)
    receipt = check_receipt(note.encode(), keys.receipts.verifier, log, None)  # sound by itself
    with pytest.raises(LogForkedError):
        outsiders.trust.accept(note, Digests(receipt.sha256, receipt.sm3, receipt.size_bytes))
    mirror = tmp_path / "mirror"
    Mirror(mirror, log).follow(source(world))
    with pytest.raises(ProofError):
        check_pair(receipt.checkpoint.encode(), published(world), log, mirror)
    assert world.verify().findings == []


def test_a_mirror_keeps_the_proof(world: World, outsiders: Outsiders, tmp_path: Path) -> None:
    key_attacks.rewrite_history(world, outsiders.keep)
    with pytest.raises(SplitViewError):
        outsiders.mirror.follow(source(world))
    (kept,) = (tmp_path / "outside/mirror/refused").iterdir()
    assert kept.read_bytes() == published(world)
