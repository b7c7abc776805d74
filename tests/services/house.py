"""A whole archive in a temporary home: people who can sign in, footage, a case, a published log.

What the pages show comes from the same calls that commands and the worker make.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from api.auth.passwords import hash_password
from api.auth.users import User, create_user, set_password
from api.config import Config
from api.services import Services, create_home, open_services
from custody.actors import Actor, Role, Via, service_actor
from custody.cases import Case, CaseOfficer, NewCase, Procedure, Stage, create_case, link_clip
from custody.clip_search import ClipFilter, search_clips
from custody.clips import Clip
from custody.clock import Clock
from custody.ids import new_id
from ingest.dock_sessions import receive_manifest
from ingest.folder_import import import_paths
from ingest.pipeline import process_one
from ingest.stations import create_enrolment_token, enrol
from station_agent.wire import Manifest, ManifestFile, sign_manifest
from tests.assets.media import cut, media
from tests.services.station_client import new_station_key

PASSWORD = "a long enough password"
CASE_NUMBER = "零城执罚决字〔2026〕第12号"

#: Names in the footage folder, and what is in each.
FOOTAGE = {
    "TA00716_JX0227_20261122093621.mp4": "plain.mp4",
    "TA00716_JX0227_20261122101500_IMP.mp4": "repeated.mp4",
    "TA00933_JX0228_20261122093700.wav": "sound.wav",
    "TA00933_JX0228_20261121160000.jpg": "picture.jpg",
    "门口\u202e4pm.监控.mp4": "silent.mp4",
}


@dataclass(frozen=True, slots=True)
class House:
    """The services of an archive and who may sign in, each with `PASSWORD`."""

    services: Services
    people: dict[Role, User]

    def actor(self, role: Role) -> Actor:
        user = self.people[role]
        return Actor(user.id, role, Via.PASSWORD, "127.0.0.1", user.display_name)

    def clips(self, text: str = "") -> list[Clip]:
        """Clips whose name contains ``text``, by name."""
        with self.services.database.read() as tx:
            return search_clips(tx, ClipFilter(text=text or None), "name").clips

    def publish(self) -> None:
        """Number, integrate and publish what was appended."""
        self.services.publisher.run_once()

    def add_footage(self, folder: Path, *, work: bool = True) -> None:
        """Import `FOOTAGE` and a cut-off file, as the command line does, and make renditions."""
        folder.mkdir()
        for name, recipe in FOOTAGE.items():
            shutil.copy(media(recipe), folder / name)
        shutil.copy(cut("repeated.mp4"), folder / "TA00716_JX0227_20261122170000.mp4")
        services = self.services
        operator = Actor("operator", Role.OPERATOR, Via.SHELL, "localhost", "operator")
        for _ in import_paths(
            services.database,
            services.store,
            services.staging,
            services.ledger,
            services.clock,
            operator,
            [folder],
            lambda *_: None,
            zone=services.config.zone,
            lock_days=services.config.lock_days,
        ):
            pass
        scratch = services.config.scratch_folder
        while work and process_one(
            services.database, services.store, services.ledger, services.clock, scratch, "test"
        ):
            pass

    def add_dock_session(self) -> None:
        """A station that has listed what it saw: files of `FOOTAGE` it has not sent, and others."""
        services = self.services
        key = new_station_key()
        with services.database.write() as tx:
            common = (services.clock, services.ledger)
            token = create_enrolment_token(tx, *common, self.actor(Role.ADMIN), "一号站")
            station = enrol(
                tx,
                services.ledger,
                services.clock,
                token=token,
                name="一号站",
                verifier_key=key.verifier.vkey,
                origin="127.0.0.1",
            )
            seen = services.clock.now()
            files = [ManifestFile(name.encode(), 1000, seen) for name in FOOTAGE]
            files += [ManifestFile(b"pipe.mp4", 0, seen, "fifo")]
            manifest = Manifest(
                new_id(), key.name, "/media/TA00716", seen, None, None, tuple(files)
            )
            actor = Actor(station.id, Role.STATION, Via.STATION_KEY, "127.0.0.1", station.name)
            note = sign_manifest(manifest, key)
            receive_manifest(tx, services.ledger, services.clock, actor, note)

    def add_case(self, *, linked: str = "") -> Case:
        """A case on the day of the footage, of its officers; links the clips named ``linked``."""
        services = self.services
        actor = self.actor(Role.LEGAL)
        with services.database.write() as tx:
            case = create_case(
                tx,
                services.ledger,
                actor,
                NewCase(
                    CASE_NUMBER,
                    Procedure.GENERAL,
                    "占道经营案",
                    party="示例餐饮店",
                    occurred_on=datetime(2026, 11, 22, tzinfo=UTC).date(),
                    officers=(CaseOfficer("JX0227", "01020304"), CaseOfficer("JX0228")),
                ),
            )
        for clip in self.clips(linked) if linked else []:
            with services.database.write() as tx:
                link_clip(tx, services.ledger, actor, case.id, clip.id, Stage.INVESTIGATION)
        return case


@contextmanager
def open_house(folder: Path, *, clock: Clock | None = None, **settings: object) -> Iterator[House]:
    """An archive in ``folder`` with an administrator (alice) and a legal clerk (bob)."""
    config = Config(home=folder, **settings)  # type: ignore[arg-type]
    create_home(config)
    with open_services(config, clock=clock) as services:
        operator = service_actor("setup")
        people = {}
        for name, display_name, role in (
            ("alice", "爱丽丝", Role.ADMIN),
            ("bob", "鲍勃", Role.LEGAL),
        ):
            with services.database.write() as tx:
                user, _ = create_user(
                    tx,
                    services.ledger,
                    operator,
                    services.clock,
                    name=name,
                    display_name=display_name,
                    role=role,
                )
                set_password(
                    tx,
                    services.ledger,
                    operator,
                    user_id=user.id,
                    password_hash=hash_password(PASSWORD),
                )
            people[role] = user
        house = House(services, people)
        house.publish()
        yield house
