"""A world in which much happened since last night's copies were made."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from api.auth import users
from custody.actors import Role
from custody.tables import receipts
from tests.tamper.older_copies import (
    Rows,
    copy_objects,
    copy_rows,
    put_objects_back,
    put_rows_back,
)
from tests.tamper.worlds import OPERATOR, World, add_clip, fill, open_world


@dataclass
class Night:
    """``size`` is how far the log was when ``rows`` and ``objects`` were copied; ``papers`` are the
    receipts that stations got since."""

    world: World
    rows: Rows
    objects: Path
    size: int
    papers: Path

    def over(self, opened: World) -> "Night":
        """The same night, of a world that was copied from this one's."""
        world = replace(opened, clip_ids=self.world.clip_ids, case_id=self.world.case_id)
        return replace(self, world=world)

    def lose_rows(self) -> None:
        put_rows_back(self.world.services.database, self.rows)

    def lose_objects(self) -> None:
        put_objects_back(self.world, self.objects)


@contextmanager
def open_night(folder: Path, database_url: str) -> Iterator[Night]:
    with open_world(folder / "home", database_url) as world:
        services = world.services
        add_clip(world, b"before.mp4", b"bytes of before")
        with services.database.write() as tx:
            args = (tx, services.ledger, OPERATOR, services.clock)
            users.create_user(*args, name="carol", display_name="", role=Role.ADMIN)
        size = world.publish()
        rows, objects = copy_rows(services.database), copy_objects(world, folder / "objects")
        fill(world, filler=300)
        papers = folder / "papers"
        papers.mkdir()
        with services.database.read() as tx:
            for row in tx.execute(sa.select(receipts.c.clip_id, receipts.c.body)):
                (papers / f"{row.clip_id}.txt").write_text(row.body)
        yield Night(world, rows, objects, size, papers)


def codes(world: World) -> Counter[str]:
    """What a verification of everything finds, by code."""
    report = world.verify()
    assert not report.unchecked
    return Counter(one.code.value for one in report.findings)
