"""A checkpoint that a key of the house has signed, and not those that must have, is believed by no
recovery and no publisher; nor is a tree that is another than the signer remembers."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.cli.announcements import announce_keys
from custody.errors import RecoveryRefusedError, SigningRefusedError
from custody.log.checkpoint import Checkpoint
from custody.log.cosignature import Cosigner
from custody.log.entry import Entry
from custody.log.merkle import hash_leaf, root_of
from custody.log.note import NoteSigner, sign_note
from custody.object_keys import checkpoint_archive_key
from custody.outside.mirror import Mirror
from custody.outside.sources import FolderSource
from custody.publishing import rotation
from custody.publishing.keys import KeyGeneration
from custody.publishing.restored import Older
from custody.tables import checkpoints, log_entries
from tests.tamper.attacks import object_path
from tests.tamper.key_attacks import grow
from tests.tamper.later_attacks import go_on
from tests.tamper.nights import codes
from tests.tamper.older_copies import (
    copy_objects,
    copy_rows,
    put_objects_back,
    put_rows_back,
    recover,
)
from tests.tamper.worlds import OPERATOR, World


@pytest.fixture
def announced(world: World) -> World:
    """The log says which two keys sign it."""
    announce_keys(world.services, OPERATOR)
    world.publish()
    return world


def numbered(world: World) -> list[bytes]:
    with world.services.database.read() as tx:
        of = sa.select(log_entries.c.entry).where(log_entries.c.idx.is_not(None))
        return [bytes(one) for one in tx.scalars(of.order_by(log_entries.c.idx))]


def invented(entries: list[bytes], count: int) -> list[bytes]:
    """``entries``, and behind them some that nobody appended."""
    last = Entry.decode(entries[-1])
    made = list(entries)
    for _ in range(count):
        last = replace(
            last,
            item_seq=last.item_seq + 1,
            item_prev=hash_leaf(last.encode()).hex(),
            commitment=None,
        )
        made.append(last.encode())
    return made


def sign(world: World, entries: list[bytes], keys: Sequence[NoteSigner | Cosigner]) -> Checkpoint:
    """Put files and an archived checkpoint of ``entries`` into the store."""
    grow(world, 0, entries)
    tree = Checkpoint(
        world.services.config.origin, len(entries), root_of(list(map(hash_leaf, entries)))
    )
    path = object_path(world, checkpoint_archive_key(tree.size))
    path.write_text(sign_note(tree.encode(), keys))
    return tree


def retire_the_first_keys(world: World) -> KeyGeneration:
    """The log goes over to new keys; the old ones, which a thief has copied."""
    services = world.services
    stolen = services.key_folder.keys().first
    with services.database.write() as tx:
        rotation.announce_next(tx, services.ledger, OPERATOR, services.key_folder)
    world.publish()
    with services.database.write() as tx:
        rotation.retire_previous(tx, services.ledger, OPERATOR, services.key_folder)
    size = world.publish()
    with services.database.read() as tx:
        assert rotation.destroy_retired(tx, services.key_folder, size)
    return stolen


def test_a_retired_key_signs_one_entry_more(announced: World) -> None:
    world = announced
    stolen = retire_the_first_keys(world)
    before = numbered(world)
    tree = sign(world, invented(before, 1), stolen.signers)
    assert world.services.publisher.watch.look().older is None
    done = recover(world)
    assert (done.done, done.left) == (False, [checkpoint_archive_key(tree.size)])
    assert numbered(world) == before
    assert codes(world) == {"checkpoint_signature": 1}


def test_one_of_two_keys_signs_one_entry_more(announced: World) -> None:
    world = announced
    before = numbered(world)
    sign(world, invented(before, 1), [world.services.keys.log])
    assert world.services.publisher.watch.look().older is None
    assert not recover(world).done
    assert numbered(world) == before


def test_another_last_hour_than_the_signer_remembers(announced: World, tmp_path: Path) -> None:
    """Rows and files of last night, and behind them an hour that never was."""
    world = announced
    rows = copy_rows(world.services.database)
    objects = copy_objects(world, tmp_path / "objects")
    go_on(world, "the last hour")
    before, mirror = numbered(world), tmp_path / "mirror"
    source = FolderSource(world.objects / "log")
    Mirror(mirror, world.services.key_folder.keys().first.log.verifier).follow(source)
    put_rows_back(world.services.database, rows)
    put_objects_back(world, objects)
    forged = invented(numbered(world), 4)
    keys = world.services.keys
    tree = sign(world, forged, keys.signers)
    with pytest.raises(RecoveryRefusedError, match=f"{len(before)} entries that the signer signed"):
        recover(world)
    assert world.services.publisher.watch.look().older is Older.BOTH
    # By one key alone it is passed over, and a true mirror brings back what was.
    sign(world, forged, [keys.log])
    done = recover(world, mirror=FolderSource(mirror).fetch)
    assert (done.size, done.left) == (len(before), [checkpoint_archive_key(tree.size)])
    assert numbered(world) == before


def test_a_row_that_one_key_signed(announced: World) -> None:
    """The row of the newest checkpoint is newer than what the signer remembers: he asks by whom."""
    world = announced
    signer, services = world.services.signer, world.services
    last = signer.last()
    assert last is not None
    go_on(world)
    newest = services.signer.last()
    assert newest is not None
    state = services.config.keys_folder / "signer-state.json"
    state.unlink()
    tree = Checkpoint(services.config.origin, newest.size, newest.root)
    note = sign_note(tree.encode(), [services.keys.log])
    with services.database.write() as tx:
        row = checkpoints.update().where(checkpoints.c.size == newest.size)
        tx.execute(row.values(note=note))
    with pytest.raises(SigningRefusedError, match="not ours"):
        go_on(world)
    with pytest.raises(SigningRefusedError, match="not ours"):
        signer.adopt(note, [])
    assert not state.exists()


@pytest.mark.parametrize("far", [False, True])
def test_an_entry_that_takes_the_place_of_another(announced: World, far: bool) -> None:
    """All keys have signed it, before they looked at that: it is named, and nothing is written."""
    world = announced
    before = numbered(world)
    last = Entry.decode(before[-1])
    if far:
        last = replace(last, item_seq=2**53 - 1, item_prev="0" * 64)
    sign(world, [*before, last.encode()], world.services.keys.signers)
    with pytest.raises(RecoveryRefusedError, match=f"entry {len(before)} was signed as number"):
        recover(world)
    assert numbered(world) == before
