"""A world in which much happened since last night's copies were made."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from api.auth import users
from custody.actors import Role
from custody.events import EventKind
from custody.ledger import Event
from custody.log.note import NoteSigner, generate
from custody.tables import receipts
from ingest import stations
from station_agent import wire
from tests.tamper.older_copies import (
    Rows,
    copy_objects,
    copy_rows,
    put_objects_back,
    put_rows_back,
)
from tests.tamper.worlds import LEGAL, OPERATOR, World, add_clip, fill, open_world


@dataclass
class Night:
    """``size`` is how far the log was when ``rows`` and ``objects`` were copied; ``papers`` are the
    receipts that stations got since."""

    world: World
    rows: Rows
    objects: Path
    size: int
    papers: Path
    #: The key of a station that was enrolled before.
    station: tuple[str, NoteSigner]

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
            station = enrol(tx, world)
            # Waiting when the copies are made, published later.
            session = Event(EventKind.LOG_READ, "user:carol", {"first": 1}, {"filter": "waits"})
        size = world.publish()
        with services.database.write() as tx:
            services.ledger.append(tx, LEGAL, session)
        rows, objects = copy_rows(services.database), copy_objects(world, folder / "objects")
        fill(world, filler=300)
        papers = folder / "papers"
        papers.mkdir()
        with services.database.read() as tx:
            for row in tx.execute(sa.select(receipts.c.clip_id, receipts.c.body)):
                (papers / f"{row.clip_id}.txt").write_text(row.body)
        yield Night(world, rows, objects, size, papers, station)


def enrol(tx: Connection, world: World) -> tuple[str, NoteSigner]:
    """Enrol a station; its id and key."""
    ledger, clock = world.services.ledger, world.services.clock
    token = stations.create_enrolment_token(tx, clock, ledger, OPERATOR, "三号站")
    private = generate("station").private
    key = NoteSigner(wire.station_key_name(private.public_key()), private)
    station = stations.enrol(
        tx, ledger, clock, token=token, name="三号站", verifier_key=key.verifier.vkey, origin="x"
    )
    return station.id, key


def codes(world: World) -> Counter[str]:
    """What a verification of everything finds, by code."""
    report = world.verify()
    assert not report.unchecked
    return Counter(one.code.value for one in report.findings)
