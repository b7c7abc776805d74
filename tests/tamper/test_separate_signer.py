"""With the log's key in a process of its own, nobody in the server's place gets two histories."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.services import compose
from custody.errors import SigningRefusedError, StoredEntriesError
from custody.log.checkpoint import Checkpoint
from custody.log.merkle import prove_consistency, tree_root
from custody.publishing.integrator import integrated_size
from custody.publishing.published import tile_reader
from custody.verification import FindingCode
from tests.services.signers import SignerHome, part_signer
from tests.tamper.attacks import rewrite
from tests.tamper.key_attacks import grow_anew, rewrite_without_the_key
from tests.tamper.later_attacks import go_on
from tests.tamper.worlds import World

C = FindingCode


@pytest.fixture
def signer(world: World, tmp_path: Path) -> Iterator[SignerHome]:
    """Has the key of the world's log, listens, and is all that can sign."""
    _, signer = part_signer(world.services.config, tmp_path / "signer")
    with signer.listening():
        yield signer


@pytest.fixture
def parted(world: World, signer: SignerHome) -> World:
    """The world with a server that has no key."""
    now = world.services
    config = replace(now.config, signer=signer.address)
    return replace(world, services=compose(config, now.database, now.store, now.clock))


def ask_for_all(world: World) -> str:
    """Whoever has the server asks by himself, for all that the tiles hold."""
    services = world.services
    with services.database.read() as tx:
        size = integrated_size(tx)
    last = services.signer.last()
    assert last is not None
    read = tile_reader(services.store, size).read
    checkpoint = Checkpoint(services.config.origin, size, tree_root(size, read))
    return services.signer.sign(checkpoint, prove_consistency(last.size, size, read))


def test_a_rewritten_history_is_never_signed(parted: World, signer: SignerHome) -> None:
    """By the database administrator: rows, chains, tiles and bundles agree."""
    before = signer.state.read_bytes()
    rewrite_without_the_key(parted)
    with pytest.raises(SigningRefusedError):
        go_on(parted)
    with pytest.raises(StoredEntriesError, match="entries were signed under"):
        ask_for_all(parted)
    assert signer.state.read_bytes() == before
    report = parted.verify()
    assert {finding.code for finding in report.findings} == {C.CHECKPOINT_ROOT}
    assert report.unchecked == []


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_of_two_trees_one_is_signed(parted: World, signer: SignerHome) -> None:
    """A liar in the server's process asks for the true tree, and then for his own."""
    go_on(parted, "the truth")
    before = signer.state.read_bytes()
    last = parted.services.signer.last()
    assert last is not None
    rewrite(parted, last.size - 1, details={"filter": "a lie"})
    grow_anew(parted)
    # The same size with another root, fewer entries, and more of them behind the lie.
    with pytest.raises(SigningRefusedError, match=f"at {last.size} entries"):
        ask_for_all(parted)
    read = tile_reader(parted.services.store, last.size).read
    fewer = Checkpoint(parted.services.config.origin, last.size - 1, tree_root(last.size - 1, read))
    with pytest.raises(SigningRefusedError, match="were signed already"):
        parted.services.signer.sign(fewer, [])
    with pytest.raises(SigningRefusedError):
        go_on(parted, "behind the lie")
    with pytest.raises(StoredEntriesError, match=f"{last.size} entries were signed under"):
        ask_for_all(parted)
    assert signer.state.read_bytes() == before
