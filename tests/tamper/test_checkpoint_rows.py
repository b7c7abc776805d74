"""Rows of checkpoints that are gone while the archive has them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
import sqlalchemy as sa

from api.verification_runs import context_of
from custody.events import EventKind
from custody.ledger import Event
from custody.object_keys import CHECKPOINT_ARCHIVE
from custody.tables import checkpoints
from custody.verification import verify_all
from storage.objects import ObjectStat, ObjectStore
from tests.tamper.insider import remake, sqlite_insider
from tests.tamper.test_schema import execute
from tests.tamper.worlds import LEGAL, World


def sizes_of(world: World) -> list[int]:
    with world.services.database.read() as tx:
        return list(tx.scalars(sa.select(checkpoints.c.size).order_by(checkpoints.c.size)))


def delete(world: World, where: sa.ColumnElement[bool]) -> None:
    with world.services.database.write() as tx:
        tx.execute(checkpoints.delete().where(where))


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_all_that_are_gone_are_named_but_the_newest(world: World, kept: int) -> None:
    sizes = sizes_of(world)
    delete(world, checkpoints.c.size.not_in(sizes[:kept]))
    found = [(one.code.value, one.subject) for one in world.verify().findings]
    gone = sizes[kept:-1]
    assert len(gone) >= 2
    assert found == [("checkpoint_missing", f"checkpoint:{size}") for size in gone]


def test_rows_that_stand_twice_say_nothing_of_the_archive(world: World) -> None:
    """And the tree is held against every checkpoint behind the first of them all the same."""
    if world.services.database.is_sqlite:
        with sqlite_insider(world) as insider:
            remake(insider, "checkpoints", _without_key)
    else:
        execute(world, "ALTER TABLE checkpoints DROP CONSTRAINT pk_checkpoints")
    execute(world, "INSERT INTO checkpoints SELECT * FROM checkpoints")
    assert {one.code.value for one in world.verify().findings} == {"schema_altered"}
    execute(world, f"UPDATE checkpoints SET root = '{'0' * 64}'")
    wrong = {one.subject for one in world.verify().findings if one.code.value == "checkpoint_root"}
    assert wrong == {f"checkpoint:{size}" for size in sizes_of(world)}


def _without_key(sql: str) -> str:
    return re.sub(r",\s*CONSTRAINT pk_checkpoints PRIMARY KEY \(size\)", "", sql)


def test_the_newest_comes_back_with_the_next_publication(world: World) -> None:
    newest = sizes_of(world)[-1]
    delete(world, checkpoints.c.size == newest)
    assert world.verify().findings == []
    world.publish()
    assert newest in sizes_of(world)


def test_what_is_published_meanwhile_is_not_missing(world: World) -> None:
    """The archive is listed after the rows were read, and may have more by then."""
    store, services = world.services.store, world.services
    listed = store.list

    def publish_and_list(prefix: str) -> Iterator[ObjectStat]:
        if prefix == CHECKPOINT_ARCHIVE:
            for _ in range(3):
                with services.database.write() as tx:
                    services.ledger.append(tx, LEGAL, Event(EventKind.LOG_READ, "log"))
                world.publish()
        return listed(prefix)

    context = replace(
        context_of(services), store=cast("ObjectStore", _Listing(store, publish_and_list))
    )
    assert verify_all(context).findings == []


class _Listing:
    """A store whose listing is another."""

    def __init__(self, store: ObjectStore, listing: Callable[[str], Iterator[ObjectStat]]) -> None:
        self._store = store
        self.list = listing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
