"""A home in which every kind of custody event has happened, to be attacked or found clean."""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from api.auth import users
from api.config import load_config
from api.services import Services, create_home, open_services
from api.verification_runs import context_of
from custody import cases, viewing_ends, viewings
from custody.actors import Actor, Role, Via
from custody.clips import ClipState, assign_clip, describe_clip, set_clip_state
from custody.clock import FixedClock
from custody.events import EventKind
from custody.ledger import Event
from custody.log.note import NoteSigner, generate
from custody.object_keys import rendition_key
from custody.renditions import NewRendition, add_rendition
from custody.verification import EVERYTHING, Report, Selection, record_run, verify_all
from ingest import dock_sessions, receipts, stations
from ingest.admission import Original, archive, register
from station_agent import wire

ZONE = ZoneInfo("Asia/Shanghai")
OPERATOR = Actor("shell:alice", Role.OPERATOR, Via.SHELL, "bureau-1")
LEGAL = Actor("b7b0a7f0-0000-7000-8000-000000000001", Role.LEGAL, Via.PASSWORD, "127.0.0.1", "bob")
ADMIN = Actor("b7b0a7f0-0000-7000-8000-000000000002", Role.ADMIN, Via.PASSWORD, "127.0.0.1")
NAMES = (
    b"TA00716_JX0227_20261120093621.MOV",
    b"DSJ-A1_000001_20261120_100000_0001_IMP.mp4",
    b"strange \xb3\xc7 name.mp4",
)
#: Under which the bytes of the second came again.
FURTHER_NAME = b"TA00716_JX0227_20261120101500.mp4"
MISTYPED_NUMBER = "零城执罚决字〔2026〕第21号"
CASE_NUMBER = "零城执罚决字〔2026〕第12号"


@dataclass
class World:
    """The services over a home, and the ids of what is in it."""

    services: Services
    clip_ids: list[str] = field(default_factory=list)
    case_id: str = ""

    @property
    def objects(self) -> Path:
        return self.services.config.home / "objects"

    def verify(self, selection: Selection = EVERYTHING, *, sm3: bool = True) -> Report:
        return verify_all(
            replace(context_of(self.services), signer_grace_s=0.1), selection, sm3=sm3
        )

    def catch_up(self) -> None:
        """Let the clock say what it does where commands run, which have left entries."""
        clock = self.services.clock
        assert isinstance(clock, FixedClock)
        clock.moment = datetime.now(UTC)

    def publish(self) -> int:
        return self.services.publisher.run_once().size


@contextmanager
def open_world(home: Path, database_url: str) -> Iterator[World]:
    """An empty home on this database."""
    config = load_config(home, environment={}, database_url=database_url)
    create_home(config)
    clock = FixedClock(datetime(2026, 11, 22, 1, 30, tzinfo=UTC))
    with open_services(config, clock=clock) as services:
        yield World(services)


def add_clip(world: World, name: bytes, content: bytes) -> str:
    """Admit ``content`` as the house does."""
    services = world.services
    source = services.config.scratch_folder / "source"
    source.write_bytes(content)
    original = Original(
        sha256=hashlib.sha256(content).hexdigest(),
        sm3=hashlib.new("sm3", content).hexdigest(),
        size_bytes=len(content),
        name_raw=name,
        file_modified_at=datetime(2026, 11, 20, 2, 0, tzinfo=UTC),
    )
    until = services.clock.now() + timedelta(days=180)
    archive(services.store, source, original, until)
    source.unlink()
    with services.database.write() as tx:
        clip, _ = register(tx, services.ledger, services.clock, OPERATOR, original, ZONE)
    return clip.id


def bring_a_recorder(world: World, tx: Connection) -> None:
    """Enrol a station, receive its signed list, and let another one go."""
    ledger, clock = world.services.ledger, world.services.clock
    for name in ("一号站", "二号站"):
        token = stations.create_enrolment_token(tx, clock, ledger, ADMIN, name)
        private = generate("station").private
        key = NoteSigner(wire.station_key_name(private.public_key()), private)
        verifier_key = key.verifier.vkey
        station = stations.enrol(
            tx, ledger, clock, token=token, name=name, verifier_key=verifier_key, origin="x"
        )
        manifest = wire.Manifest(
            session_id=str(uuid.uuid4()),
            station=key.verifier.name,
            source="TA00716",
            opened_at=clock.now(),
            free_bytes=None,
            previous_sha256=None,
            files=(wire.ManifestFile(b"a.mp4", 7, clock.now(), None),),
        )
        actor = Actor(station.id, Role.STATION, Via.STATION_KEY, "x", name)
        note = wire.sign_manifest(manifest, key)
        dock_sessions.receive_manifest(tx, ledger, clock, actor, note)
    stations.revoke(tx, ledger, clock, ADMIN, station.id)


def fill(world: World, *, filler: int = 600) -> None:
    """Let everything happen at least once, over several published sizes.

    ``filler`` entries more make the tree two full tiles high.
    """
    services = world.services
    ledger, clock, database = services.ledger, services.clock, services.database
    system = Actor("worker", Role.SYSTEM, Via.SERVICE, "local", "worker")
    for number, name in enumerate(NAMES):
        world.clip_ids.append(add_clip(world, name, bytes([number]) * (50_000 + number)))
    world.publish()
    first, second, third = world.clip_ids
    assert add_clip(world, FURTHER_NAME, bytes([1]) * 50_001) == second
    rendition = b"a proxy"
    digest = hashlib.sha256(rendition).hexdigest()
    key = rendition_key(first, "proxy", digest)
    services.store.put_bytes(key, rendition)
    with database.write() as tx:
        media = {"duration": 1.5, "streams": [{"codec": "h264"}]}
        describe_clip(tx, ledger, system, first, media, 1500, "video")
        new = NewRendition(first, "proxy", key, digest, len(rendition), "video/mp4", "ffmpeg 9.0")
        add_rendition(tx, ledger, system, new)
        set_clip_state(tx, ledger, system, first, ClipState.READY)
        set_clip_state(tx, ledger, system, second, ClipState.DAMAGED, "no index")
        set_clip_state(tx, ledger, system, third, ClipState.QUARANTINED, "not a film")
        moment = datetime(2026, 11, 20, 3, 0, 0, 123456, tzinfo=UTC)
        assign_clip(tx, ledger, LEGAL, third, "000002", "CAM9", moment)
    world.publish()
    with database.write() as tx:
        new_case = cases.NewCase(
            MISTYPED_NUMBER,
            "general",
            "占道经营",
            "某某商行",
            date(2026, 11, 20),
            (cases.CaseOfficer("JX0227", "0012"), cases.CaseOfficer("000001")),
        )
        world.case_id = cases.create_case(tx, ledger, LEGAL, new_case).id
        right_case = replace(
            new_case,
            number=CASE_NUMBER,
            party="某某商行（个体）",
            officers=(cases.CaseOfficer("JX0227", "0012"), cases.CaseOfficer("JX0228")),
        )
        cases.change_case(tx, ledger, LEGAL, world.case_id, right_case)
        cases.link_clip(tx, ledger, LEGAL, world.case_id, first, "investigation")
        cases.link_clip(tx, ledger, LEGAL, world.case_id, second, "service")
        cases.unlink_clip(tx, ledger, LEGAL, world.case_id, second)
        cases.link_clip(tx, ledger, LEGAL, world.case_id, second, "decision")
        users.create_user(tx, ledger, OPERATOR, clock, name="bob", display_name="", role=Role.LEGAL)
        bring_a_recorder(world, tx)
        grant = viewings.open_viewing(tx, ledger, clock, LEGAL, first, "案件审核")
        viewings.count_bytes(tx, grant.id, 3, 4096)
        viewings.open_download(tx, ledger, clock, LEGAL, first, "移送法院")
        viewings.open_listing(tx, ledger, clock, LEGAL, world.clip_ids, "officer=JX0227")
    world.publish()
    assert isinstance(clock, FixedClock)
    clock.moment += timedelta(hours=12)
    with database.write() as tx:
        viewing_ends.close_expired(tx, ledger, clock)
        for clip_id in world.clip_ids:
            receipts.find_or_issue(tx, services.store, services.keys, clock, clip_id)
        read = Event(EventKind.LOG_READ, f"user:{LEGAL.id}", {"index": 0}, {"who": "all"})
        ledger.append_many(tx, LEGAL, [read] * filler)
    world.publish()
    with database.write() as tx:
        record_run(tx, ledger, OPERATOR, EVERYTHING, Report())
    world.publish()
