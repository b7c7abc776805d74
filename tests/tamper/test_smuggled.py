"""Somebody inside would have a recovery write what nobody signed, or explain away what he took."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from custody.errors import LogRestoredError, RecoveryRefusedError
from custody.events import EventKind
from custody.ledger import Event
from custody.log.entry import Entry, Json, canonical_json
from custody.log.merkle import hash_leaf
from custody.log.tiles import decode_bundle, encode_bundle
from custody.object_keys import log_key
from custody.outside.errors import TamperedLogError
from custody.publishing.restored import Older
from custody.recovery.papers import Papers
from custody.tables import clips, log_entries
from custody.verification.lost import find_loss
from tests.tamper.nights import Night, codes
from tests.tamper.older_copies import recover
from tests.tamper.worlds import LEGAL, World


@pytest.fixture
def lost(night: Night) -> Night:
    """The database of the night before is back."""
    night.world.publish()
    night.lose_rows()
    return night


def assert_nothing_was_written(night: Night) -> None:
    with night.world.services.database.read() as tx:
        extent = tx.scalar(sa.select(sa.func.max(log_entries.c.idx)))
    assert extent == night.size - 1
    assert night.world.services.publisher.watch.look().older is Older.DATABASE
    with pytest.raises(LogRestoredError):
        night.world.publish()


def test_files_that_nobody_signed(lost: Night) -> None:
    """In a bundle stands an entry that says another thing, with a tile that says its hash."""
    store = lost.world.services.store

    def forged(path: str) -> bytes:
        data = store.read_bytes(log_key(path))
        if path.startswith("tile/entries/000"):
            entries = decode_bundle(data)
            entry = Entry.decode(entries[lost.size])
            entries[lost.size] = replace(entry, facts={**entry.facts, "sm3": "0" * 64}).encode()
            return encode_bundle(entries)
        if path.startswith("tile/0/000"):
            entries = decode_bundle(forged(path.replace("tile/0", "tile/entries")))
            return b"".join(map(hash_leaf, entries))
        return data

    with pytest.raises(TamperedLogError):
        recover(lost.world, mirror=forged)
    assert_nothing_was_written(lost)


def append_waiting(world: World) -> None:
    with world.services.database.write() as tx:
        read = Event(EventKind.LOG_READ, f"user:{LEGAL.id}", {"first": 7}, {"filter": "mine"})
        world.services.ledger.append(tx, LEGAL, read)


def test_a_waiting_entry_that_was_altered(lost: Night) -> None:
    append_waiting(lost.world)
    with lost.world.services.database.write() as tx:
        waiting = log_entries.c.idx.is_(None)
        stored = tx.scalar(sa.select(log_entries.c.entry).where(waiting))
        entry = replace(Entry.decode(bytes(stored or b"")), facts={"first": 8}).encode()
        tx.execute(log_entries.update().where(waiting).values(entry=entry))
    with pytest.raises(RecoveryRefusedError, match="a waiting entry"):
        recover(lost.world)
    assert_nothing_was_written(lost)


def test_a_copy_that_was_rewritten(lost: Night) -> None:
    with lost.world.services.database.write() as tx:
        first = log_entries.c.idx == 0
        stored = tx.scalar(sa.select(log_entries.c.entry).where(first))
        entry = Entry.decode(bytes(stored or b""))
        data = replace(entry, facts={**entry.facts, "sm3": "0" * 64}).encode()
        values = {"entry": data, "leaf_hash": hash_leaf(data)}
        tx.execute(log_entries.update().where(first).values(**values))
    with pytest.raises(RecoveryRefusedError, match="are not those that were signed"):
        recover(lost.world)
    assert_nothing_was_written(lost)


def test_details_that_nobody_committed_to(lost: Night, tmp_path: Path) -> None:
    """A bag whose histories say another name and another officer, under the true entry."""
    folder = tmp_path / "forged"
    folder.mkdir()
    note = next(lost.papers.iterdir()).read_text()
    receipt = json.loads(note.split("\n")[1])
    details = receipt["details"] | {"name": "other.mp4", "officer": "JX0001"}
    history = [{"entry": receipt["entry"], "salt": receipt["salt"], "details": details}]
    (folder / "page.json").write_text(json.dumps({"history": history}))
    unknown = Entry.decode(base64.b64decode(receipt["entry"]))
    data = replace(unknown, item="clip:0", facts={}).encode()
    strange = {"entry": base64.b64encode(data).decode(), "salt": receipt["salt"], "details": {}}
    (folder / "other.json").write_bytes(canonical_json(strange))
    done = recover(lost.world, papers=Papers((folder,)))
    assert (done.taken.taken, done.taken.do_not_fit) == (0, 2)
    lost.world.publish()
    assert "details_lost" in codes(lost.world)


def test_more_is_gone_than_the_log_says(lost: Night) -> None:
    done = recover(lost.world, papers=Papers((lost.papers,)))
    lost.world.publish()
    assert done.loss is not None
    assert codes(lost.world)["details_lost"] == len(done.loss.indexes)
    with lost.world.services.database.write() as tx:
        own = log_entries.c.kind == EventKind.CLIP_ADMITTED.value
        newest = sa.select(sa.func.max(log_entries.c.idx)).where(own).scalar_subquery()
        gone = log_entries.update().where(log_entries.c.idx == newest)
        tx.execute(gone.values(details=None, salt=None))
    found = codes(lost.world)
    assert found["details_missing"] == len(done.loss.indexes) + 1
    assert "details_lost" not in found
    # A further recovery does not explain what it did not lose.
    assert not recover(lost.world).done


def test_a_row_that_was_made_again_is_held_to_the_log(lost: Night) -> None:
    recover(lost.world, papers=Papers((lost.papers,)))
    lost.world.publish()
    assert "clip_row_altered" not in codes(lost.world)
    with lost.world.services.database.write() as tx:
        own = clips.c.id == lost.world.clip_ids[0]
        tx.execute(clips.update().where(own).values(officer="JX0001"))
    assert codes(lost.world)["clip_row_altered"] == 1


def test_what_the_log_says_of_a_recovery_is_rewritten(lost: Night) -> None:
    recover(lost.world)
    lost.world.publish()
    with lost.world.services.database.write() as tx:
        own = log_entries.c.kind == EventKind.LOG_RECOVERED.value
        stored = tx.scalar(sa.select(log_entries.c.entry).where(own))
        entry = Entry.decode(bytes(stored or b""))
        data = replace(entry, facts={**entry.facts, "details_gone": 0}).encode()
        values = {"entry": data, "leaf_hash": hash_leaf(data)}
        tx.execute(log_entries.update().where(own).values(**values))
    found = codes(lost.world)
    assert found["entry_altered"] == 1
    assert found["details_missing"] > 0


def test_a_recovery_that_never_was(night: Night) -> None:
    """Details are taken away, and entries appended that no recovery writes."""
    world = night.world
    size = world.publish()
    with world.services.database.write() as tx:
        own = log_entries.c.kind == EventKind.CLIP_ADMITTED.value
        newest = sa.select(sa.func.max(log_entries.c.idx)).where(own).scalar_subquery()
        gone = log_entries.update().where(log_entries.c.idx == newest)
        tx.execute(gone.values(details=None, salt=None))
        loss = find_loss(tx, 0, size)
        assert len(loss.indexes) == 1
        facts: dict[str, Json] = {
            "from": 0,
            "to": size,
            "details_gone": 1,
            "details_gone_sha256": loss.sha256,
        }
        kind = EventKind.LOG_RECOVERED
        forged = (
            Event(kind, "clip:nothing", facts),
            Event(kind, "log", facts, outcome="failed"),
            Event(kind, "log", facts | {"to": size + 100}),
        )
        world.services.ledger.append_many(tx, LEGAL, forged)
    world.publish()
    found = codes(world)
    assert found["details_missing"] == 1
    assert "details_lost" not in found


def test_a_true_recovery_made_to_explain_more(lost: Night) -> None:
    """Its row says another count than what was published."""
    recover(lost.world)
    lost.world.publish()
    with lost.world.services.database.write() as tx:
        waiting = log_entries.c.details.is_not(None) & log_entries.c.idx.is_not(None)
        first = sa.select(sa.func.max(log_entries.c.idx)).where(
            waiting, log_entries.c.idx < lost.size + 1
        )
        gone = log_entries.update().where(log_entries.c.idx == first.scalar_subquery())
        tx.execute(gone.values(details=None, salt=None))
        own = log_entries.c.kind == EventKind.LOG_RECOVERED.value
        entry = Entry.decode(bytes(tx.scalar(sa.select(log_entries.c.entry).where(own)) or b""))
        loss = find_loss(tx, 0, int(str(entry.facts["to"])))
        more: dict[str, Json] = {
            "from": 0,
            "details_gone": len(loss.indexes),
            "details_gone_sha256": loss.sha256,
        }
        data = replace(entry, facts={**entry.facts, **more}).encode()
        values = {"entry": data, "leaf_hash": hash_leaf(data)}
        tx.execute(log_entries.update().where(own).values(**values))
    found = codes(lost.world)
    assert found["entry_altered"] == 1
    assert found["details_missing"] == len(loss.indexes)
    assert "details_lost" not in found
