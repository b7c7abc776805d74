"""One archive with every role at its door."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.auth.sessions import open_session
from api.auth.users import create_user
from api.dependencies import SESSION_COOKIE
from custody.actors import Actor, Role, Via
from custody.ids import new_id
from custody.viewings import open_download, open_listing, open_viewing
from ingest.dock_sessions import receive_manifest
from ingest.stations import challenge, create_enrolment_token, enrol
from ingest.stations import open_session as open_bearer
from station_agent.wire import Manifest, ManifestFile, challenge_message, sign_manifest
from tests.services.house import House, open_house
from tests.services.http_server import client_of, serving
from tests.services.station_client import new_station_key


@dataclass(frozen=True, slots=True)
class Door:
    """The application, what there is behind it, and how each role comes in."""

    house: House
    app: FastAPI
    client: httpx.Client
    #: What stands for ``{clip_id}`` and the like in a route's path.
    names: dict[str, str]
    bearer: str

    def enter(self, role: Role) -> tuple[dict[str, str], str]:
        """Headers that make a request one of ``role``, and the token for its forms."""
        if role is Role.ANONYMOUS:
            return {}, ""
        if role is Role.STATION:
            return {"Authorization": f"Bearer {self.bearer}"}, ""
        services = self.house.services
        with services.database.write() as tx:
            token, session = open_session(
                tx,
                user_id=self.house.people[role].id,
                origin="127.0.0.1",
                now=services.clock.now(),
                lifetime=timedelta(hours=1),
            )
        return {"Cookie": f"{SESSION_COOKIE}={token}"}, session.csrf_token


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    with open_house(folder / "home") as house:
        house.add_footage(folder / "footage")
        case = house.add_case(linked="093621")
        house.publish()
        services = house.services
        clip = house.clips("093621")[0]
        legal = Actor(house.people[Role.LEGAL].id, Role.LEGAL, Via.PASSWORD, "127.0.0.1")
        key = new_station_key()
        with services.database.write() as tx:
            token = create_enrolment_token(
                tx, services.clock, services.ledger, house.actor(Role.ADMIN), "station 1"
            )
            station = enrol(
                tx,
                services.ledger,
                services.clock,
                token=token,
                name="station 1",
                verifier_key=key.verifier.vkey,
                origin="127.0.0.1",
            )
            listed = Manifest(
                session_id=new_id(),
                station=key.name,
                source="TA00716",
                opened_at=services.clock.now(),
                free_bytes=None,
                previous_sha256=None,
                files=(ManifestFile(b"MOV_0001.mp4", 7, services.clock.now()),),
            )
            actor = Actor(station.id, Role.STATION, Via.STATION_KEY, "127.0.0.1", station.name)
            receive_manifest(tx, services.ledger, services.clock, actor, sign_manifest(listed, key))
            nonce = challenge(tx, services.clock, station.id)
            bearer = open_bearer(
                tx,
                services.clock,
                station_id=station.id,
                nonce=nonce,
                signature=key.private.sign(challenge_message(nonce)),
            )
            charlie, _ = create_user(
                tx,
                services.ledger,
                house.actor(Role.ADMIN),
                services.clock,
                name="charlie",
                display_name="charlie",
                role=Role.LEGAL,
            )
            common = (tx, services.ledger, services.clock, legal)
            viewing = open_viewing(*common, clip.id, "a test")
            download = open_download(*common, clip.id, "a test")
            listing = open_listing(*common, [clip.id], "all")
        assert bearer is not None
        names = {
            "clip_id": clip.id,
            "case_id": case.id,
            "user_id": charlie.id,
            "station_id": station.id,
            "session_id": listed.session_id,
            "upload_id": "0" * 36,
            "kind": "poster",
            "index": "0",
            "path": "0/000",
            "size": "0" * 12,
            "key": "0" * 64,
            "name": "style.css",
            "viewing": viewing.id,
            "download": download.id,
            "listing": listing.id,
        }
        app = create_app(services)
        with serving(app) as address, client_of(address) as client:
            yield Door(house, app, client, names, bearer)
