"""Attacks on a world that goes on meanwhile, or on several of its places at once; no key needed."""

import os
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from custody.cases import link_clip
from custody.events import EventKind
from custody.ledger import Event
from custody.log.tiles import WIDTH
from custody.object_keys import original_key
from custody.tables import case_officers, cases, clips, links, log_entries
from storage.database import metadata
from tests.tamper.attacks import (
    index_of,
    object_path,
    original,
    overwrite,
    rewrite,
    signer_state,
)
from tests.tamper.worlds import LEGAL, World, add_clip

LONG_AGO = "2016-11-22T01:30:00.000Z"


def go_on(world: World, reason: str = "later") -> None:
    """Something more happens and is published."""
    read = Event(EventKind.LOG_READ, f"user:{LEGAL.id}", {"first": 0}, {"filter": reason})
    with world.services.database.write() as tx:
        world.services.ledger.append(tx, LEGAL, read)
    world.publish()


# --- bytes ---------------------------------------------------------------------------------------


def swap_originals(world: World) -> None:
    """The first and the third clip's bytes, each under the other's name."""
    one, other = original(world, 0), original(world, 2)
    first, third = one.read_bytes(), other.read_bytes()
    overwrite(one, third)
    overwrite(other, first)


def truncate_a_full_tile(world: World) -> None:
    """At a full tile's path stand as many hashes as a partial one would have."""
    tile = object_path(world, "log/tile/0/000")
    overwrite(tile, tile.read_bytes()[: 32 * (WIDTH - 1)])


def shorten_the_retention_and_delete(world: World) -> None:
    """The note beside an original is all that holds back our own programs from deleting it."""
    note = world.objects / "@retention" / original(world).relative_to(world.objects)
    overwrite(note, b"2016-01-01T00:00:00+00:00")

    world.services.store.delete(str(original(world).relative_to(world.objects)))


# --- rows ----------------------------------------------------------------------------------------


def delete_clip_and_object(world: World) -> None:
    """The row, what hangs on it, and the bytes: as if it had never been admitted."""
    path = original(world, 2)
    with world.services.database.write() as tx:
        for table in ("clip_work", "receipts"):
            tx.execute(
                sa.text(f"DELETE FROM {table} WHERE clip_id = :id"), {"id": world.clip_ids[2]}
            )
        tx.execute(clips.delete().where(clips.c.id == world.clip_ids[2]))
    path.unlink()


def delete_case(world: World) -> None:
    with world.services.database.write() as tx:
        for table in (links, case_officers):
            tx.execute(table.delete().where(table.c.case_id == world.case_id))
        tx.execute(cases.delete().where(cases.c.id == world.case_id))


def date_an_entry_back(world: World) -> None:
    """The entry, its hash and its column, ten years earlier."""
    index = index_of(world, "clip.opened")
    rewrite(world, index, at=LONG_AGO)
    moment = datetime(2016, 11, 22, 1, 30, tzinfo=UTC)
    with world.services.database.write() as tx:
        tx.execute(log_entries.update().where(log_entries.c.idx == index).values(at=moment))


def _drop_newest_entry(world: World) -> None:
    with world.services.database.write() as tx:
        newest = sa.select(sa.func.max(log_entries.c.id)).where(log_entries.c.idx.is_(None))
        row_id = tx.scalar(newest)
        assert row_id is not None
        tx.execute(log_entries.delete().where(log_entries.c.id == row_id))


def drop_a_pending_link(world: World) -> None:
    """A clip is linked; its entry is gone before anybody numbers it."""
    with world.services.database.write() as tx:
        link_clip(tx, world.services.ledger, LEGAL, world.case_id, world.clip_ids[2], "review")
    _drop_newest_entry(world)
    world.publish()


def drop_a_pending_admission(world: World) -> None:
    """Entry, row and work of an admission: only the bytes are left."""
    content = b"brought today, gone today"
    clip_id = add_clip(world, b"new.mp4", content)
    with world.services.database.write() as tx:
        tx.execute(sa.text("DELETE FROM clip_work WHERE clip_id = :id"), {"id": clip_id})
        sha256 = tx.scalar(sa.select(clips.c.sha256).where(clips.c.id == clip_id))
        tx.execute(clips.delete().where(clips.c.id == clip_id))
        tx.execute(log_entries.delete().where(log_entries.c.item == f"clip:{clip_id}"))
    world.publish()
    path = object_path(world, original_key(str(sha256)))
    moment = time.time() - 7200
    os.utime(path, (moment, moment))


# --- copies --------------------------------------------------------------------------------------


class Copy:
    """The rows of a world, its objects and what its signer remembers, to be put back later."""

    def __init__(self, world: World) -> None:
        self._world = world
        with world.services.database.write() as tx:
            for table in metadata.sorted_tables:
                tx.execute(sa.text(f"CREATE TABLE kept_{table.name} AS SELECT * FROM {table.name}"))
        self._folder = Path(tempfile.mkdtemp(dir=world.services.config.home.parent))
        shutil.copytree(world.objects, self._folder / "objects")
        shutil.copyfile(signer_state(world), self._folder / "signer-state.json")

    def put_back_rows(self) -> None:
        with self._world.services.database.write() as tx:
            for table in reversed(metadata.sorted_tables):
                tx.execute(table.delete())
            for table in metadata.sorted_tables:
                kept = f"kept_{table.name}"
                tx.execute(sa.text(f"INSERT INTO {table.name} SELECT * FROM {kept}"))
                tx.execute(sa.text(f"DROP TABLE {kept}"))

    def put_back_files(self) -> None:
        shutil.rmtree(self._world.objects)
        shutil.copytree(self._folder / "objects", self._world.objects)
        shutil.copyfile(self._folder / "signer-state.json", signer_state(self._world))


def put_back_an_older_database(world: World) -> None:
    """Rows of last week; objects and signer are of today."""
    copy = Copy(world)
    go_on(world)
    copy.put_back_rows()
