"""Manifests: kept as signed, once, from the station that signed them."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from custody.actors import Actor, Role, Via
from custody.clock import FixedClock
from custody.ids import new_id
from custody.ledger import Ledger
from custody.log.note import NoteSigner
from custody.tables import log_entries
from ingest.dock_sessions import ReceivedManifest, receive_manifest
from ingest.errors import ManifestError
from ingest.stations import create_enrolment_token, enrol
from ingest.tables import dock_sessions, recorders
from station_agent.wire import Manifest, ManifestFile, sign_manifest
from storage.database import Database
from tests.services.station_client import new_station_key

SEEN = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
Receive = Callable[[str], ReceivedManifest]


@pytest.fixture
def key() -> NoteSigner:
    return new_station_key()


@pytest.fixture
def receive(
    database: Database, ledger: Ledger, clock: FixedClock, alice: Actor, key: NoteSigner
) -> Receive:
    with database.write() as tx:
        token = create_enrolment_token(tx, clock, ledger, alice, "采集站 1")
        station = enrol(
            tx,
            ledger,
            clock,
            token=token,
            name="dock-1",
            verifier_key=key.verifier.vkey,
            origin="",
        )
    actor = Actor(station.id, Role.STATION, Via.STATION_KEY, "", name=station.name)

    def receive(note: str) -> ReceivedManifest:
        with database.write() as tx:
            return receive_manifest(tx, ledger, clock, actor, note)

    return receive


def manifest(key: NoteSigner, *paths: bytes) -> Manifest:
    return Manifest(
        session_id=new_id(),
        station=key.name,
        source="/media/recorder",
        opened_at=SEEN,
        free_bytes=1 << 30,
        previous_sha256=None,
        files=tuple(ManifestFile(path, 1000, SEEN) for path in sorted(paths)),
    )


def test_a_manifest_is_kept_as_signed_and_logged(
    receive: Receive, database: Database, key: NoteSigner, clock: FixedClock
) -> None:
    sent = manifest(
        key,
        b"DCIM/TA00716_JX0227_20170623093621.MOV",
        b"DCIM/TA00716_JX0227_20170623103621.MOV",
        b"DCIM/DCAM_CAM001_000001_20260804_100000_IMP.mp4",
        b"DCIM/\xff\x00unreadable".replace(b"\x00", b"-"),
    )
    note = sign_manifest(sent, key)
    assert receive(note) == ReceivedManifest(sent.session_id, created=True)
    with database.read() as tx:
        row = tx.execute(sa.select(dock_sessions)).one()
        seen = {found.code for found in tx.execute(sa.select(recorders))}
        entry = tx.execute(
            sa.select(log_entries).where(log_entries.c.kind == "dock_session.opened")
        ).one()
    assert (row.manifest, row.file_count, row.total_bytes) == (note, 4, 4000)
    assert row.manifest_sha256 == hashlib.sha256(note.encode()).hexdigest()
    assert (row.opened_at, row.received_at) == (SEEN, clock.now())
    assert seen == {"TA00716", "CAM001"}
    assert entry.item == f"station:{row.station_id}"
    assert row.manifest_sha256 in bytes(entry.entry).decode()


def test_the_same_manifest_again_changes_nothing(
    receive: Receive, database: Database, key: NoteSigner, clock: FixedClock
) -> None:
    note = sign_manifest(manifest(key, b"TA00716_JX0227_20170623093621.MOV"), key)
    first = receive(note)
    assert receive(note) == replace(first, created=False)
    with database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(dock_sessions)) == 1
        kinds = tx.scalars(sa.select(log_entries.c.kind)).all()
    assert kinds.count("dock_session.opened") == 1


def test_a_recorder_is_seen_again(
    receive: Receive, database: Database, key: NoteSigner, clock: FixedClock
) -> None:
    name = b"TA00716_JX0227_20170623093621.MOV"
    first = clock.now()
    receive(sign_manifest(manifest(key, name), key))
    clock.moment = datetime(2026, 11, 23, tzinfo=UTC)
    receive(sign_manifest(manifest(key, name), key))
    with database.read() as tx:
        row = tx.execute(sa.select(recorders)).one()
    assert (row.first_seen_at, row.last_seen_at) == (first, clock.now())


def test_what_this_station_did_not_sign_is_refused(
    receive: Receive, database: Database, key: NoteSigner
) -> None:
    sent = manifest(key, b"MOV_0001.mp4")
    other = new_station_key()
    signed = sign_manifest(sent, key)
    for note in (
        sign_manifest(replace(sent, station=other.name), other),
        signed.replace("MOV", "MOX").replace("recorder", "recordes"),
        "",
        "liuhen manifest v1\n{}\n",
        "\ud800",
        sign_manifest(replace(sent, source="nul\x00"), key),
        sign_manifest(replace(sent, session_id="no-uuid"), key),
    ):
        with pytest.raises(ManifestError):
            receive(note)
    with database.read() as tx:
        assert tx.execute(sa.select(dock_sessions)).all() == []


def test_a_session_has_one_manifest(receive: Receive, key: NoteSigner) -> None:
    sent = manifest(key, b"MOV_0001.mp4")
    receive(sign_manifest(sent, key))
    with pytest.raises(ManifestError, match="another manifest"):
        receive(sign_manifest(replace(sent, free_bytes=5), key))


def test_sizes_beyond_reason_are_refused(receive: Receive, key: NoteSigner) -> None:
    sent = manifest(key)
    files = tuple(ManifestFile(b"a%d" % number, 2**53 - 1, SEEN) for number in range(3))
    with pytest.raises(ManifestError, match="more bytes"):
        receive(sign_manifest(replace(sent, files=files), key))


@pytest.mark.parametrize("year", [1, 9999])
def test_a_time_outside_the_calendar_is_refused(
    receive: Receive, key: NoteSigner, year: int
) -> None:
    odd = datetime(year, 6, 1, tzinfo=UTC)
    opened = replace(manifest(key, b"a.mp4"), opened_at=odd)
    listed = replace(manifest(key), files=(ManifestFile(b"a.mp4", 1, odd),))
    for sent in (opened, listed):
        with pytest.raises(ManifestError, match="outside the years"):
            receive(sign_manifest(sent, key))
