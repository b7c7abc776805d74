"""The rules of an upload: what may be announced, and that it ends once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from custody.actors import Actor, Role, Via
from custody.clips import NewClip, admit
from custody.clock import FixedClock
from custody.history import history_of
from custody.ids import new_id
from custody.ledger import Ledger
from ingest import uploads
from ingest.announcements import Announcement
from ingest.errors import (
    AnnouncementError,
    DigestMismatchError,
    DockSessionMissingError,
    UploadGoneError,
    UploadNotFoundError,
    UploadTooLargeError,
)
from ingest.stations import Station
from ingest.tables import dock_sessions
from ingest.uploads import Upload
from storage.database import Database

ONE = "1" * 64
TWO = "2" * 64
ANNOUNCEMENT = Announcement(size_bytes=1000, sha256=ONE, sm3=TWO, name_raw=b"MOV_0001.mp4")


def actor_of(station: Station) -> Actor:
    return Actor(station.id, Role.STATION, Via.STATION_KEY, "", name=station.name)


@pytest.fixture
def upload(database: Database, clock: FixedClock, ledger: Ledger, station_row: Station) -> Upload:
    with database.write() as tx:
        return uploads.announce(tx, ledger, clock, actor_of(station_row), ANNOUNCEMENT, 1 << 40)


def admit_clip(database: Database, ledger: Ledger, actor: Actor) -> str:
    with database.write() as tx:
        new = NewClip(ONE, TWO, 1000, f"originals/11/11/{ONE}", "MOV_0001.mp4", b"MOV_0001.mp4")
        return admit(tx, ledger, actor, new)[0].id


def test_an_upload_begins_at_the_first_byte(upload: Upload, database: Database) -> None:
    with database.read() as tx:
        assert uploads.get_upload(tx, upload.id, upload.station_id) == upload
    assert (upload.offset_bytes, upload.state, upload.is_complete) == (0, "receiving", False)


def test_an_announcement_whose_answer_was_lost_is_the_same_upload(
    upload: Upload, database: Database, clock: FixedClock, ledger: Ledger, station_row: Station
) -> None:
    actor = actor_of(station_row)
    renamed = replace(ANNOUNCEMENT, name_raw=b"MOV_0002.mp4")
    with database.write() as tx:
        assert uploads.announce(tx, ledger, clock, actor, ANNOUNCEMENT, 1 << 40) == upload
        assert uploads.announce(tx, ledger, clock, actor, renamed, 1 << 40).id != upload.id
        uploads.set_offset(tx, clock, upload.id, 1)  # somebody has heard the answer
        assert uploads.announce(tx, ledger, clock, actor, ANNOUNCEMENT, 1 << 40).id != upload.id


def test_two_requests_of_one_announcement_are_one_upload(
    database: Database, clock: FixedClock, ledger: Ledger, station_row: Station
) -> None:
    """A station that was killed asks again while its first request is still being answered."""
    actor = actor_of(station_row)

    def announce_again() -> Upload:
        with database.write() as tx:
            return uploads.announce(tx, ledger, clock, actor, ANNOUNCEMENT, 1 << 40)

    with ThreadPoolExecutor(1) as pool:
        with database.write() as tx:
            first = uploads.announce(tx, ledger, clock, actor, ANNOUNCEMENT, 1 << 40)
            again = pool.submit(announce_again)
            with pytest.raises(TimeoutError):  # it waits for the one under way
                again.result(timeout=0.3)
        assert again.result(timeout=20) == first


def test_empty_and_too_large_files_are_refused(
    database: Database, clock: FixedClock, ledger: Ledger, station_row: Station
) -> None:
    for size, error in ((0, AnnouncementError), (11, UploadTooLargeError)):
        announcement = replace(ANNOUNCEMENT, size_bytes=size)
        with pytest.raises(error), database.write() as tx:
            uploads.announce(tx, ledger, clock, actor_of(station_row), announcement, 10)


def test_known_bytes_are_admitted_at_once(
    database: Database, clock: FixedClock, station_row: Station, ledger: Ledger, operator: Actor
) -> None:
    clip_id = admit_clip(database, ledger, operator)
    actor = actor_of(station_row)
    with database.write() as tx:
        upload = uploads.announce(tx, ledger, clock, actor, ANNOUNCEMENT, 1 << 40)
    assert (upload.state, upload.clip_id, upload.is_complete) == ("admitted", clip_id, True)
    wrong = (
        (replace(ANNOUNCEMENT, size_bytes=999), AnnouncementError),
        (replace(ANNOUNCEMENT, sm3=ONE), DigestMismatchError),
    )
    for announcement, error in wrong:
        with pytest.raises(error), database.write() as tx:
            uploads.announce(tx, ledger, clock, actor, announcement, 1 << 40)


def test_a_dock_session_is_this_stations_and_its_list_came_first(
    database: Database, clock: FixedClock, ledger: Ledger, station_row: Station
) -> None:
    session = new_id()
    said = replace(ANNOUNCEMENT, dock_session_id=session)
    with pytest.raises(DockSessionMissingError, match=session), database.write() as tx:
        uploads.announce(tx, ledger, clock, actor_of(station_row), said, 1 << 40)
    with database.write() as tx:
        tx.execute(
            dock_sessions.insert().values(
                id=session,
                station_id=station_row.id,
                source="",
                opened_at=clock.now(),
                received_at=clock.now(),
                manifest="",
                manifest_sha256=ONE,
                file_count=0,
                total_bytes=0,
            )
        )
        kept = uploads.announce(tx, ledger, clock, actor_of(station_row), said, 1 << 40)
    assert kept.dock_session_id == session
    other = replace(actor_of(station_row), id=new_id())
    with pytest.raises(AnnouncementError, match="another station"), database.write() as tx:
        uploads.announce(tx, ledger, clock, other, said, 1 << 40)


def test_an_upload_ends_once(
    upload: Upload, database: Database, clock: FixedClock, ledger: Ledger, operator: Actor
) -> None:
    clip_id = admit_clip(database, ledger, operator)
    with database.write() as tx:
        uploads.set_offset(tx, clock, upload.id, 1000)
        uploads.finish(tx, clock, upload.id, clip_id)
    for change in (
        lambda tx: uploads.finish(tx, clock, upload.id, clip_id),
        lambda tx: uploads.refuse(tx, clock, upload.id, "no"),
        lambda tx: uploads.terminate(tx, clock, upload.id, "no"),
        lambda tx: uploads.set_offset(tx, clock, upload.id, 5),
        lambda tx: uploads.touch(tx, clock, upload.id),
    ):
        with pytest.raises(UploadGoneError), database.write() as tx:
            change(tx)
    with database.read() as tx:
        assert uploads.get_standing(tx, upload.id).clip_id == clip_id


@pytest.mark.parametrize("end", [uploads.refuse, uploads.terminate])
def test_what_has_ended_badly_is_gone(
    upload: Upload, database: Database, clock: FixedClock, end: object
) -> None:
    with database.write() as tx:
        end(tx, clock, upload.id, "because")  # type: ignore[operator]
    with pytest.raises(UploadGoneError, match="because"), database.read() as tx:
        uploads.get_standing(tx, upload.id)
    with database.read() as tx:
        assert uploads.get_upload(tx, upload.id).reason == "because"


def test_an_upload_is_its_stations(upload: Upload, database: Database) -> None:
    for upload_id, station_id in ((upload.id, new_id()), (new_id(), None), ("\x00", None)):
        with pytest.raises(UploadNotFoundError), database.read() as tx:
            uploads.get_upload(tx, upload_id, station_id)


def test_complete_and_stale_uploads_are_found(
    database: Database, clock: FixedClock, ledger: Ledger, station_row: Station
) -> None:
    actor = actor_of(station_row)
    with database.write() as tx:
        complete = uploads.announce(tx, ledger, clock, actor, ANNOUNCEMENT, 1 << 40)
        uploads.set_offset(tx, clock, complete.id, 1000)
        stale = uploads.announce(tx, ledger, clock, actor, ANNOUNCEMENT, 1 << 40)
        uploads.set_offset(tx, clock, stale.id, 1)
    clock.moment += timedelta(days=1)
    with database.write() as tx:
        fresh = uploads.announce(tx, ledger, clock, actor, ANNOUNCEMENT, 1 << 40)
        before = clock.now() - timedelta(hours=1)
        assert [found.id for found in uploads.find_complete(tx, before, 10)] == [complete.id]
        assert [found.id for found in uploads.find_stale(tx, before, 10)] == [stale.id]
        uploads.terminate(tx, clock, stale.id, "old")
        ids = [complete.id, stale.id, fresh.id, new_id(), "no upload's name"]
        assert uploads.states_of(tx, ids) == {
            complete.id: "receiving",
            stale.id: "terminated",
            fresh.id: "receiving",
        }


def test_known_bytes_that_the_store_has_lost_must_come_again(
    database: Database, clock: FixedClock, station_row: Station, ledger: Ledger, operator: Actor
) -> None:
    clip_id = admit_clip(database, ledger, operator)
    actor = actor_of(station_row)
    with database.write() as tx:
        upload = uploads.announce(tx, ledger, clock, actor, ANNOUNCEMENT, 1 << 40, lost=True)
        assert (
            uploads.announce(tx, ledger, clock, actor, ANNOUNCEMENT, 1 << 40, lost=True) == upload
        )
    assert (upload.state, upload.offset_bytes, upload.clip_id) == ("receiving", 0, clip_id)


def test_known_bytes_under_another_name_leave_it_once(
    database: Database, clock: FixedClock, station_row: Station, ledger: Ledger, operator: Actor
) -> None:
    clip_id = admit_clip(database, ledger, operator)
    actor = actor_of(station_row)
    renamed = replace(ANNOUNCEMENT, name_raw=b"TA00716_JX0227_20261122093621.MOV")
    with database.write() as tx:
        for announcement in (ANNOUNCEMENT, renamed, renamed):
            uploads.announce(tx, ledger, clock, actor, announcement, 1 << 40)
        history = history_of(tx, f"clip:{clip_id}")
    assert [event.kind for event in history] == ["clip.admitted", "clip.named"]
    assert history[1].actor_id == station_row.id


def test_lost_bytes_are_named_when_they_have_come(
    database: Database, clock: FixedClock, station_row: Station, ledger: Ledger, operator: Actor
) -> None:
    clip_id = admit_clip(database, ledger, operator)
    renamed = replace(ANNOUNCEMENT, name_raw=b"other.mp4")
    with database.write() as tx:
        uploads.announce(tx, ledger, clock, actor_of(station_row), renamed, 1 << 40, lost=True)
        assert [event.kind for event in history_of(tx, f"clip:{clip_id}")] == ["clip.admitted"]


def test_an_upload_whose_row_was_altered_holds_up_no_other(
    upload: Upload, database: Database, clock: FixedClock, ledger: Ledger, station_row: Station
) -> None:
    actor = actor_of(station_row)
    renamed = replace(ANNOUNCEMENT, name_raw=b"MOV_0002.mp4")
    never = "'zz'" if database.is_sqlite else "'infinity'"
    with database.write() as tx:
        other = uploads.announce(tx, ledger, clock, actor, renamed, 1 << 40)
        tx.execute(
            sa.text(f"UPDATE uploads SET created_at = {never} WHERE id = :id"), {"id": upload.id}
        )
        later = clock.now() + timedelta(hours=1)
        assert [found.id for found in uploads.find_stale(tx, later, 10)] == [other.id]
        with pytest.raises(UploadNotFoundError):
            uploads.get_upload(tx, upload.id)
        assert uploads.announce(tx, ledger, clock, actor, ANNOUNCEMENT, 1 << 40).id != upload.id
