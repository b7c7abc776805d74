"""An older copy is put back, and recovered: what can be had stands again, what is gone is named."""

import json
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from custody.actors import Actor, Role, Via
from custody.errors import LogRestoredError, RecoveryRefusedError
from custody.events import EventKind
from custody.ledger import Event
from custody.log.entry import Entry
from custody.outside.mirror import Mirror
from custody.outside.sources import FolderSource
from custody.publishing.restored import Older
from custody.recovery.papers import Papers
from custody.tables import clips, log_entries
from custody.verification import FindingCode
from custody.verification.lost import digest_of_indexes
from ingest import dock_sessions
from ingest.tables import dock_sessions as sessions
from station_agent import wire
from tests.tamper.nights import Night, codes
from tests.tamper.older_copies import put_rows_back, recover
from tests.tamper.worlds import LEGAL, World


def newest_recovered(world: World) -> Entry:
    with world.services.database.read() as tx:
        wanted = sa.select(log_entries.c.entry).where(log_entries.c.kind == "log.recovered")
        return Entry.decode(
            bytes(tx.scalars(wanted.order_by(log_entries.c.id.desc())).first() or b"")
        )


def details_of(world: World, item: str) -> list[str]:
    with world.services.database.read() as tx:
        own = sa.select(log_entries.c.details).where(log_entries.c.item == item)
        return [json.loads(details)["filter"] for details in tx.scalars(own) if details]


def test_last_nights_database(night: Night) -> None:
    world, size = night.world, night.world.publish()
    night.lose_rows()
    assert world.services.publisher.watch.look().older is Older.DATABASE
    with pytest.raises(LogRestoredError):
        world.publish()
    tried = recover(world, dry_run=True)
    assert world.services.publisher.watch.look().older is Older.DATABASE
    done = recover(world)
    assert done.done
    assert (done.first, done.size, done.source) == (night.size, size, "store")
    # One waited in the copy: it is that entry, and keeps its details.
    assert (done.replayed.written, done.replayed.matched) == (size - night.size - 1, 1)
    assert details_of(world, "user:carol") == ["waits"]
    assert tried.replayed == done.replayed
    assert tried.loss == done.loss
    assert world.services.publisher.watch.look().older is None
    facts = newest_recovered(world).facts
    assert done.loss is not None
    assert facts == {
        "from": night.size,
        "to": size,
        "source": "store",
        "replayed": size - night.size - 1,
        "details_gone": len(done.loss.indexes),
        "details_gone_sha256": digest_of_indexes(done.loss.indexes),
    }
    world.publish()
    found = codes(world)
    # Named as gone, and nothing as altered.
    assert set(found) == {
        FindingCode.DETAILS_LOST,
        FindingCode.CLIP_ROW_MISSING,
        FindingCode.RENDITION_ROW_MISSING,
        FindingCode.CLIP_NAME_MISSING,
        FindingCode.LINK_MISSING,
        FindingCode.CASE_ROW_MISSING,
        FindingCode.STATION_MISSING,
        FindingCode.DOCK_SESSION_MISSING,
        FindingCode.USER_MISSING,
    }
    assert found[FindingCode.DETAILS_LOST] == len(done.loss.indexes)
    gone = {(one.kind, one.id): one for one in done.rebuilt.gone}
    assert {gone["clip", clip_id].original for clip_id in world.clip_ids} == {"whole"}
    # Run again there is nothing to do.
    assert not recover(world).done


def test_a_database_that_was_made_anew(night: Night) -> None:
    """No copy at all: everything comes out of the store, and the log goes on."""
    world, size = night.world, night.world.publish()
    put_rows_back(world.services.database, {})
    done = recover(world, papers=Papers((night.papers,)))
    assert (done.first, done.size, done.replayed.written) == (0, size, size)
    assert world.services.publisher.watch.look().older is None
    assert world.publish() == size + 1  # with `log.recovered`
    assert not recover(world).done


def test_what_stations_kept_brings_recordings_back(night: Night) -> None:
    world = night.world
    night.lose_rows()
    done = recover(world, papers=Papers((night.papers,)))
    assert done.taken.taken == 3
    with world.services.database.read() as tx:
        rows = {row.id: row for row in tx.execute(sa.select(clips))}
    assert set(world.clip_ids) < set(rows)
    assert rows[world.clip_ids[0]].state == "ready"
    world.publish()
    found = codes(world)
    assert FindingCode.CLIP_ROW_MISSING not in found
    assert FindingCode.RENDITION_ROW_MISSING not in found
    assert not any("altered" in code for code in found)


def test_papers_that_are_found_later(night: Night) -> None:
    world = night.world
    night.lose_rows()
    before = recover(world)
    world.publish()
    after = recover(world, papers=Papers((night.papers,)))
    assert after.done
    assert after.loss is not None
    assert before.loss is not None
    assert len(after.loss.indexes) == len(before.loss.indexes) - 3
    world.publish()
    found = codes(world)
    assert found[FindingCode.DETAILS_LOST] == len(after.loss.indexes)
    assert FindingCode.DETAILS_MISSING not in found


def test_what_was_appended_meanwhile_follows(night: Night) -> None:
    """The log goes on in the copy before anybody recovers: that is told, behind what was there."""
    world = night.world
    services = world.services
    night.lose_rows()
    with services.database.write() as tx:
        read = Event(EventKind.LOG_READ, f"user:{LEGAL.id}", {"first": 7}, {"filter": "mine"})
        services.ledger.append_many(tx, LEGAL, [read, read])
    with pytest.raises(LogRestoredError):
        world.publish()
    done = recover(world)
    assert done.replayed.followed == 2
    world.publish()
    with services.database.read() as tx:
        own = sa.select(log_entries).where(log_entries.c.item == f"user:{LEGAL.id}")
        rows = tx.execute(own.order_by(log_entries.c.item_seq)).all()
    assert [row.idx for row in rows] == sorted(row.idx for row in rows)
    assert [Entry.decode(bytes(row.entry)).facts["first"] for row in rows[-2:]] == [7, 7]
    assert all("mine" in row.details for row in rows[-2:])
    assert not any("altered" in code or "broken" in code for code in codes(world))


def test_last_nights_store(night: Night) -> None:
    world = night.world
    world.publish()
    night.lose_objects()
    assert world.services.publisher.watch.look().older is Older.STORE
    done = recover(world)
    assert done.done
    assert done.source == "rows"
    assert world.services.publisher.watch.look().older is None
    missing = {one.id for one in done.rebuilt.gone if one.kind == "original"}
    assert missing == set(world.clip_ids)
    world.publish()
    assert set(codes(world)) == {
        FindingCode.CLIP_OBJECT_MISSING,
        FindingCode.RENDITION_OBJECT_MISSING,
    }
    assert not recover(world).done


def test_both_from_a_mirror(night: Night, tmp_path: Path) -> None:
    """Everything in the house is older but for what the signer remembers; outside is a mirror."""
    world = night.world
    size = world.publish()
    mirror = tmp_path / "mirror"
    source = FolderSource(world.objects / "log")
    Mirror(mirror, world.services.keys.log.verifier).follow(source)
    night.lose_rows()
    night.lose_objects()
    assert world.services.publisher.watch.look().older is Older.BOTH
    with pytest.raises(RecoveryRefusedError, match=f"{size} entries were signed"):
        recover(world)
    done = recover(world, mirror=FolderSource(mirror).fetch, papers=Papers((night.papers,)))
    assert (done.source, done.size) == ("mirror", size)
    assert world.services.publisher.watch.look().older is None
    assert world.publish() > size
    found = codes(world)
    assert not any("altered" in code or code.startswith(("tile", "bundle")) for code in found)
    assert found[FindingCode.CLIP_OBJECT_MISSING] == len(world.clip_ids)


def test_a_mirror_that_ends_too_early(night: Night, tmp_path: Path) -> None:
    world = night.world
    mirror = tmp_path / "mirror"
    Mirror(mirror, world.services.keys.log.verifier).follow(FolderSource(night.objects / "log"))
    world.publish()
    night.lose_rows()
    night.lose_objects()
    with pytest.raises(RecoveryRefusedError, match=f"those from {night.size} on are in no file"):
        recover(world, mirror=FolderSource(mirror).fetch)
    assert world.services.publisher.watch.look().older is Older.BOTH


def test_a_stations_home_has_its_lists(night: Night, tmp_path: Path) -> None:
    """The journal of a station holds the list it signed, and the receipts it got."""
    world, (station_id, key) = night.world, night.station
    services = world.services
    manifest = wire.Manifest(
        session_id=str(uuid.uuid4()),
        station=key.verifier.name,
        source="TA00716",
        opened_at=services.clock.now(),
        free_bytes=None,
        previous_sha256=None,
        files=(wire.ManifestFile(b"a.mp4", 7, services.clock.now(), None),),
    )
    note = wire.sign_manifest(manifest, key)
    with services.database.write() as tx:
        actor = Actor(station_id, Role.STATION, Via.STATION_KEY, "x", "三号站")
        dock_sessions.receive_manifest(tx, services.ledger, services.clock, actor, note)
    world.publish()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as journal:
        journal.execute("CREATE TABLE manifests (note TEXT)")
        journal.execute("CREATE TABLE receipts (note TEXT)")
        journal.execute("INSERT INTO manifests VALUES (?)", (note,))
        receipts = [(path.read_text(),) for path in night.papers.iterdir()]
        journal.executemany("INSERT INTO receipts VALUES (?)", receipts)
        journal.commit()
    night.lose_rows()
    done = recover(world, papers=Papers((tmp_path / "journal.db",)))
    assert done.taken.taken == 3
    world.publish()
    with services.database.read() as tx:
        row = tx.execute(sa.select(sessions).where(sessions.c.id == manifest.session_id)).one()
    assert (row.source, row.manifest, row.opened_at) == ("TA00716", note, manifest.opened_at)
    report = world.verify()
    subject = f"dock_session:{manifest.session_id}"
    assert not [one for one in report.findings if one.subject == subject]
