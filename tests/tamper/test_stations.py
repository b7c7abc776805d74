"""What a station's owner may say and do, held against what the archive keeps of it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from api.app import create_app
from custody.clips import get_clip
from custody.history import history_of
from custody.ids import new_id
from custody.log.canonical import format_time
from ingest.dock_lists import FileFate, ListedFile, fates_of, get_dock_session, read_manifest
from station_agent.wire import Manifest, ManifestFile, sign_manifest
from tests.services.http_server import serving
from tests.services.station_client import StationClient, enrolled_station
from tests.tamper.worlds import World

DATA = b"what the recorder wrote"
TEN_YEARS = timedelta(days=3652)


@pytest.fixture
def station(world: World) -> Iterator[StationClient]:
    with serving(create_app(world.services)) as address:
        client = enrolled_station(world.services, address, "三号站")
        yield client
        client.http.close()


def hand_in(station: StationClient, opened_at: datetime, *files: ManifestFile) -> str:
    """The id of a new dock session with this list."""
    session_id = new_id()
    manifest = Manifest(
        session_id, station.key.name, "/media/TA9", opened_at, None, None, tuple(files)
    )
    note = sign_manifest(manifest, station.key)
    assert station.http.post("/api/dock-sessions", content=note.encode()).status_code == 201
    return session_id


def send(
    station: StationClient, name: bytes, modified_at: datetime, session_id: str, data: bytes = DATA
) -> None:
    address = station.begin(
        data, filename=name, modified_at=format_time(modified_at), dock_session=session_id
    )
    assert station.patch(address, 0, data).status_code == 204


def listed(world: World, station: StationClient, session_id: str) -> list[ListedFile]:
    with world.services.database.read() as tx:
        session = get_dock_session(tx, station.id, session_id)
        return fates_of(tx, session, read_manifest(tx, session).files)


def test_what_was_listed_and_never_sent_is_missing(world: World, station: StationClient) -> None:
    now = world.services.clock.now()
    session_id = hand_in(
        station,
        now,
        ManifestFile(b"kept-back.mp4", 10**9, now),
        ManifestFile(b"sent.mp4", len(DATA), now),
        ManifestFile(b"skipped.mp4", 5, now, "symlink"),
    )
    send(station, b"sent.mp4", now, session_id)
    fates = {one.path: one.fate for one in listed(world, station, session_id)}
    assert fates == {
        b"kept-back.mp4": FileFate.MISSING,
        b"sent.mp4": FileFate.ARCHIVED,
        b"skipped.mp4": FileFate.SKIPPED,
    }
    # Another file under its name does not fill its place.
    send(station, b"kept-back.mp4", now, session_id, b"something shorter")
    assert listed(world, station, session_id)[0].fate == FileFate.MISSING
    world.publish()
    assert world.verify().findings == []


@pytest.mark.parametrize("off", [-TEN_YEARS, TEN_YEARS], ids=["behind", "ahead"])
def test_a_clock_ten_years_off_dates_no_entry(
    world: World, station: StationClient, off: timedelta
) -> None:
    now = world.services.clock.now()
    told = now + off
    session_id = hand_in(station, told, ManifestFile(b"sent.mp4", len(DATA), told))
    send(station, b"sent.mp4", told, session_id)
    world.publish()
    (file,) = listed(world, station, session_id)
    assert file.clip_id is not None
    with world.services.database.read() as tx:
        clip = get_clip(tx, file.clip_id)
        session = get_dock_session(tx, station.id, session_id)
        events = history_of(tx, f"clip:{clip.id}") + history_of(tx, f"station:{station.id}")
    # The log's times are the server's; the station's own are kept beside them, as they were said.
    assert {event.at for event in events} == {now.replace(microsecond=0)}
    assert (clip.admitted_at, clip.file_modified_at) == (now, told)
    assert (session.received_at, session.opened_at) == (now, told)
    assert world.verify().findings == []
