"""Kept cosignatures: one of a key on a checkpoint; a row proves itself or counts for nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custody.clock import FixedClock
from custody.log.checkpoint import Checkpoint
from custody.log.cosignature import Cosigner
from custody.log.errors import LogError
from custody.log.witness import CosignatureLine, read_answer
from custody.tables import cosignatures as table
from custody.witnesses import cosignatures
from storage.database import Database

ORIGIN = "test.example/custody"
FIRST, SECOND = (
    Cosigner(f"witness{n}.example", Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32))
    for n in (1, 2)
)
KEYS = [cosignatures.key_id(one.verifier) for one in (FIRST, SECOND)]


def checkpoint(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, bytes([size]) * 32)


def signed(cosigner: Cosigner, size: int, at: int = 1_790_000_000) -> CosignatureLine:
    text = checkpoint(size).encode()
    [line] = read_answer(cosigner.cosign(text, at).encode(), text, [cosigner.verifier])
    return line


def keep(database: Database, clock: FixedClock, cosigner: Cosigner, size: int, at: int = 9) -> bool:
    with database.write() as tx:
        line = signed(cosigner, size, at)
        return cosignatures.keep(tx, checkpoint(size), line, clock.now())


def test_a_key_has_one_on_each_checkpoint(database: Database, clock: FixedClock) -> None:
    assert keep(database, clock, FIRST, 5, at=7)
    assert not keep(database, clock, FIRST, 5, at=8)
    assert keep(database, clock, SECOND, 5)
    assert keep(database, clock, FIRST, 9)
    with database.read() as tx:
        assert [
            one.cosigned_at for one in cosignatures.of_checkpoint(tx, 5) if one.key_id == KEYS[0]
        ] == [7]
        newest = cosignatures.newest_by_key(tx)
        assert {key: one.size for key, one in newest.items()} == {KEYS[0]: 9, KEYS[1]: 5}
        assert cosignatures.sizes_signed_by(tx, KEYS, 2, 10) == [5]
        assert cosignatures.sizes_signed_by(tx, KEYS, 1, 1) == [9]


def test_what_waits_for_its_object_is_listed_until_it_has_one(
    database: Database, clock: FixedClock
) -> None:
    for size in (9, 5):
        keep(database, clock, FIRST, size)
    with database.write() as tx:
        first, second = cosignatures.waiting(tx, 10)
        assert (first.size, second.size) == (5, 9)
        cosignatures.mark_archived(tx, [first], clock.now() + timedelta(seconds=1))
        assert [one.size for one in cosignatures.waiting(tx, 10)] == [9]


def test_a_row_proves_itself(database: Database, clock: FixedClock) -> None:
    keep(database, clock, FIRST, 5)
    with database.read() as tx:
        [kept] = cosignatures.of_checkpoint(tx, 5)
    assert cosignatures.open_kept(kept, ORIGIN).cosignature.verifier == FIRST.verifier
    for altered in (
        replace(kept, size=6),
        replace(kept, root=bytes(32)),
        replace(kept, cosigned_at=10),
        replace(kept, key_id=KEYS[1]),
        replace(kept, vkey=SECOND.verifier.vkey, key_id=KEYS[1]),
        replace(kept, vkey="nonsense"),
        replace(kept, line=kept.line.replace("A", "B", 1)),
        replace(kept, line=""),
        replace(kept, line=kept.line + kept.line),
        replace(kept, size=-1),
    ):
        with pytest.raises(LogError):
            cosignatures.open_kept(altered, ORIGIN)
    with pytest.raises(LogError):
        cosignatures.open_kept(kept, "another.example/log")


#: PostgreSQL takes nothing in a column but what its type says.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_row_that_holds_no_such_thing_is_passed_over(
    database: Database, clock: FixedClock
) -> None:
    keep(database, clock, FIRST, 5)
    keep(database, clock, SECOND, 5)
    with database.write() as tx:
        tx.execute(
            sa.text("UPDATE cosignatures SET root = 'text' WHERE key_id = :key"), {"key": KEYS[0]}
        )
        assert tx.scalar(sa.select(sa.func.count()).select_from(table)) == 2
    with database.read() as tx:
        assert [one.key_id for one in cosignatures.of_checkpoint(tx, 5)] == [KEYS[1]]
