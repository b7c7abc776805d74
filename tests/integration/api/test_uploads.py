"""Receiving over a real server: what is taken, what is refused and how, and what is left behind."""

import base64
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from api.services import Services, compose
from custody.clips import get_clip
from custody.log.canonical import to_milliseconds
from custody.object_keys import original_key
from custody.tables import clip_names, clips, log_entries
from ingest import reception
from ingest.tables import clip_work, uploads
from station_agent.manifests import moment
from station_agent.wire import announcement_digest, open_receipt
from storage.errors import StoreFullError, StoreUnavailableError
from storage.memory import MemoryStore
from tests.integration.api.archived import (
    DATA,
    Faults,
    assert_archived,
    clip_of,
    count,
    kinds_of,
)
from tests.integration.api.docked import DockedStation
from tests.services import disks
from tests.services.http_server import client_of
from tests.services.station_client import (
    BYTES,
    TUS,
    StationClient,
    enrolled_station,
    lose,
    metadata,
    sha256,
    sm3,
)


def assert_nothing_kept(services: Services, memory_store: MemoryStore) -> None:
    assert count(services, clips) == 0
    assert services.staging.entries() == []
    assert list(memory_store.list("originals/")) == []


# --- the straight way ----------------------------------------------------------------------------


def test_bytes_become_a_clip_with_its_entry_and_its_work(
    services: Services, station: StationClient
) -> None:
    name = "TA00716_JX0227_20170623093621_IMP.MOV"
    upload = station.begin(DATA, filename=name, sm3=sm3(DATA), modified_at="2026-11-22T09:00:00Z")
    assert station.offset(upload) == 0
    answer = station.patch(upload, 0, DATA)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(len(DATA)))
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    clip = assert_archived(services, DATA)
    assert (clip.name, clip.officer, clip.recorder) == (name, "JX0227", "TA00716")
    assert clip.important
    assert clip.recorded_at is not None
    assert clip.recorded_at.isoformat() == "2017-06-23T01:36:21+00:00"
    assert (clip.station_id, clip.station_name) == (station.id, "采集站 1")
    assert services.store.stat(clip.object_key).retain_until is not None
    assert count(services, clip_work) == 1
    with services.database.read() as tx:
        kinds = tx.scalars(sa.select(log_entries.c.kind).order_by(log_entries.c.id)).all()
    assert kinds == ["station.invited", "station.enrolled", "clip.admitted"]


@pytest.mark.parametrize(
    "mtime_ns", [-(2**80), -62_135_596_800 * 10**9, -1, 2**63, 253_402_300_799 * 10**9, 2**80]
)
def test_any_time_a_station_may_say_of_a_file_is_admitted(
    services: Services, station: StationClient, mtime_ns: int
) -> None:
    told = moment(mtime_ns)
    upload = station.begin(DATA, modified_at=told.isoformat(timespec="milliseconds"))
    assert station.patch(upload, 0, DATA).status_code == 204
    assert_archived(services, DATA)
    with services.database.read() as tx:
        clip = get_clip(tx, clip_of(services, DATA).id)  # as the row has it, not altered
    assert clip.file_modified_at == to_milliseconds(told)


@pytest.mark.parametrize("stamp", ["00010101000000", "99991231235959", "21991231235959"])
def test_a_name_with_a_strange_time_is_admitted(
    services: Services, station: StationClient, stamp: str
) -> None:
    upload = station.begin(DATA, filename=f"TA00716_JX0227_{stamp}.MP4")
    assert station.patch(upload, 0, DATA).status_code == 204
    assert_archived(services, DATA)
    with services.database.read() as tx:
        clip = get_clip(tx, clip_of(services, DATA).id)
    assert (clip.recorded_at is None) == (stamp[:4] != "2199")


def test_an_upload_goes_on_where_it_stands(services: Services, station: StationClient) -> None:
    upload = station.begin(DATA)
    for start in range(0, len(DATA), 70_001):
        assert station.offset(upload) == start
        assert station.patch(upload, start, DATA[start : start + 70_001]).status_code == 204
    assert_archived(services, DATA)


def test_the_same_bytes_again_are_complete_at_once_and_give_the_same_receipt(
    services: Services, station: StationClient
) -> None:
    first = station.begin(DATA)
    station.patch(first, 0, DATA)
    answer = station.announce(DATA, filename="other.mp4")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, str(len(DATA)))
    second = answer.headers["Location"]
    assert second != first
    assert station.offset(second) == len(DATA)
    assert station.patch(second, len(DATA), b"").status_code == 204
    assert station.patch(second, 0, DATA).status_code == 409
    not_yet = station.http.get(f"{first}/receipt")
    assert (not_yet.status_code, not_yet.headers["Retry-After"]) == (202, "1")
    services.publisher.run_once()
    receipts = [station.http.get(f"{upload}/receipt") for upload in (first, second)]
    assert [answer.status_code for answer in receipts] == [200, 200]
    assert receipts[0].text == receipts[1].text
    receipt = open_receipt(
        receipts[0].text, services.keys.receipts.verifier, services.keys.log.verifier
    )
    assert (receipt.sha256, receipt.clip_id) == (sha256(DATA), clip_of(services, DATA).id)
    assert count(services, clips) == 1
    assert count(services, clip_names) == 1  # other.mp4


def test_two_stations_bring_the_same_bytes_at_once(
    services: Services, station: StationClient, address: str
) -> None:
    other = enrolled_station(services, address, "采集站 2")
    senders = [(station, station.begin(DATA)), (other, other.begin(DATA))]
    threads = [
        threading.Thread(target=client.patch, args=(upload, 0, DATA)) for client, upload in senders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [client.offset(upload) for client, upload in senders] == [len(DATA)] * 2
    assert count(services, clips) == 1
    assert_archived(services, DATA)
    other.http.close()


NAMES = (
    b"line\nbreak.mp4",
    b'"quotes\' and\\slash".mp4',
    "执法😀.mp4".encode(),
    "执法记录.mp4".encode("gb18030"),
    b"n" * 251 + b".mp4",
    b"../../etc/passwd",
    b"nul\x00inside.mp4",
    b"\xff\xfe\x80.mp4",
)


def test_any_name_is_kept_as_it_is(services: Services, station: StationClient) -> None:
    for number, name in enumerate(NAMES):
        data = DATA + bytes([number])
        station.patch(station.begin(data, filename=name), 0, data)
        clip = assert_archived(services, data)
        assert clip.name_raw == name
        assert clip.object_key == original_key(sha256(data))


# --- what the store has lost ---------------------------------------------------------------------


def test_a_lost_original_comes_again_before_it_is_receipted(
    services: Services, station: StationClient, memory_store: MemoryStore
) -> None:
    first = station.begin(DATA)
    station.patch(first, 0, DATA)
    services.publisher.run_once()
    receipt = station.http.get(f"{first}/receipt")
    assert receipt.status_code == 200
    clip = clip_of(services, DATA)
    lose(memory_store, clip.object_key)
    gone = station.http.get(f"{first}/receipt")
    assert (gone.status_code, gone.json()["error"]) == (410, "original_lost")
    again = station.begin(DATA, sm3=sm3(DATA))
    assert station.offset(again) == 0
    assert station.http.get(f"{again}/receipt").status_code == 202
    assert station.patch(again, 0, DATA).status_code == 204
    assert assert_archived(services, DATA) == clip
    assert count(services, clips) == 1
    assert kinds_of(services, clip) == ["clip.admitted", "clip.restored"]
    for upload in (first, again):
        assert station.http.get(f"{upload}/receipt").text == receipt.text
    assert station.announce(DATA).headers["Upload-Offset"] == str(len(DATA))


def test_a_restoring_that_died_after_storing_is_still_told(
    services: Services, station: StationClient, memory_store: MemoryStore
) -> None:
    station.patch(station.begin(DATA), 0, DATA)
    clip = clip_of(services, DATA)
    lose(memory_store, clip.object_key)
    again = station.begin(DATA)
    memory_store.faults = Faults("put_file", "after", StoreUnavailableError("away"))
    assert station.patch(again, 0, DATA).status_code == 503
    assert station.patch(again, len(DATA), b"").status_code == 204
    assert kinds_of(services, clip) == ["clip.admitted", "clip.restored"]


def test_a_damaged_original_is_neither_known_nor_receipted_nor_overwritten(
    services: Services, station: StationClient, memory_store: MemoryStore
) -> None:
    first = station.begin(DATA)
    station.patch(first, 0, DATA)
    services.publisher.run_once()
    clip = clip_of(services, DATA)
    lose(memory_store, clip.object_key)
    memory_store.put_bytes(clip.object_key, DATA[:-1])
    again = station.begin(DATA)
    assert station.offset(again) == 0
    answer = station.patch(again, 0, DATA)
    assert (answer.status_code, answer.json()["error"]) == (500, "read_back")
    assert station.http.get(f"{first}/receipt").status_code == 410
    assert station.http.get(f"{again}/receipt").status_code == 202
    assert memory_store.read_bytes(clip.object_key) == DATA[:-1]
    assert [entry.size_bytes for entry in services.staging.entries()] == [len(DATA)]


def test_the_agent_brings_a_lost_original_again(
    services: Services, address: str, memory_store: MemoryStore, tmp_path: Path
) -> None:
    docked = DockedStation.enrolled(services, address, tmp_path, {"MOV_0001.mp4": DATA})
    losses = [lambda: lose(memory_store, original_key(sha256(DATA)))]
    # Lost between the upload and its receipt: the agent hears 410 and brings the bytes again.
    assert docked.scan(lambda: losses.pop()() if losses else None) == {"received": 1}
    clip = assert_archived(services, DATA)
    # Lost later, and the station's journal with it: announced anew, and not known any more.
    lose(memory_store, clip.object_key)
    docked.config.journal_file.unlink()
    assert docked.scan() == {"received": 1}
    assert assert_archived(services, DATA) == clip
    assert kinds_of(services, clip) == ["clip.admitted", "clip.restored", "clip.restored"]


# --- what can't be announced ---------------------------------------------------------------------


WRONG_ANNOUNCEMENTS: tuple[tuple[dict[str, object], int], ...] = (
    ({"length": 0}, 400),
    ({"length": -1}, 400),
    ({"length": "1e3"}, 400),
    ({"length": "+5"}, 400),
    ({"length": "9" * 18}, 413),
    ({"length": "9" * 40}, 400),
    ({"filename": None}, 400),
    ({"filename": b""}, 400),
    ({"filename": b"n" * 5000}, 400),
    ({"sha256": None}, 400),
    ({"sha256": "0" * 63}, 400),
    ({"sha256": "A" * 64}, 400),
    ({"sha256": "é" * 32}, 400),
    ({"sha256": b"\xff" * 64}, 400),
    ({"sm3": "nonsense"}, 400),
    ({"modified_at": "yesterday"}, 400),
    ({"modified_at": "2026-11-22T09:00:00"}, 400),
    ({"modified_at": "0001-01-01T00:00:00+14:00"}, 400),
    ({"modified_at": "0001-01-01T00:00:00Z"}, 400),
    ({"modified_at": "0001-01-03T00:00:00Z"}, 400),
    ({"modified_at": "0002-01-01T00:00:00+00:01"}, 400),
    ({"modified_at": "9998-12-31T23:59:59-00:01"}, 400),
    ({"modified_at": "9999-12-30T00:00:00Z"}, 400),
    ({"modified_at": "9999-12-31T23:59:59.999Z"}, 400),
    ({"dock_session": "../../x"}, 400),
    ({"announcement": "0" * 64}, 400),
    ({"announcement": "not a digest"}, 400),
    ({"dock_session": "01939b7e-0000-7000-8000-000000000000"}, 424),
)
WRONG_METADATA = (
    "filename",
    "filename !!!!",
    ",",
    "filename YQ==,filename YQ==",
    "a" * 20_000,
    "file name YQ==",
    "filename YQ",
)


def test_what_cant_be_right_is_refused(services: Services, station: StationClient) -> None:
    for changes, status in WRONG_ANNOUNCEMENTS:
        answer = station.announce(DATA, **changes)
        assert answer.status_code == status, (changes, answer.text)
    for header in WRONG_METADATA:
        headers = TUS | {"Upload-Length": "5", "Upload-Metadata": header}
        answer = station.http.post("/api/uploads", headers=headers)
        assert answer.status_code == 400, header[:80]
    headers = TUS | {"Upload-Length": "5", "Upload-Defer-Length": "1"}
    headers["Upload-Metadata"] = f"filename YQ==,sha256 {base64.b64encode(b'1' * 64).decode()}"
    answer = station.http.post("/api/uploads", headers=headers)
    assert (answer.status_code, "Upload-Defer-Length" in answer.text) == (400, True)
    assert count(services, uploads) == 0


def test_what_was_understood_is_said_and_what_was_altered_refused(
    services: Services, station: StationClient
) -> None:
    digest = announcement_digest(
        name=b"one.mp4",
        size_bytes=len(DATA),
        sha256=sha256(DATA),
        sm3=None,
        modified_at=datetime(2026, 8, 4, 10, tzinfo=UTC),
        dock_session=None,
    )
    said = {"filename": "one.mp4", "modified_at": "2026-08-04T18:00:00+08:00"}
    for given in (None, digest):
        answer = station.announce(DATA, **said, announcement=given)
        assert (answer.status_code, answer.headers["Upload-Announcement"]) == (201, digest)
    for change in ({"filename": "two.mp4"}, {"modified_at": None}):
        answer = station.announce(DATA, **{**said, **change}, announcement=digest)
        assert answer.status_code == 400, answer.text
        assert "changed on the way" in answer.json()["detail"]
    assert count(services, uploads) == 1


def test_a_header_that_stands_twice_is_refused(services: Services, station: StationClient) -> None:
    metadata_field = metadata(filename=b"a.mp4", sha256=sha256(DATA))
    announcement = [*TUS.items(), ("Upload-Length", "5"), ("Upload-Metadata", metadata_field)]
    for twice in announcement[1:]:
        answer = station.http.post("/api/uploads", headers=[*announcement, twice])
        assert answer.status_code == 400, twice
    assert count(services, uploads) == 0
    upload = station.begin(DATA)
    sent = [*(TUS | BYTES | checksum("sha256", DATA)).items(), ("Upload-Offset", "0")]
    for twice in (("Upload-Offset", "0"), ("Upload-Offset", "5"), sent[-2]):
        answer = station.http.patch(upload, headers=[*sent, twice], content=DATA)
        assert answer.status_code == 400, twice
        assert "twice" in answer.json()["detail"]
    assert station.offset(upload) == 0


def test_a_length_that_is_told_later_is_refused(station: StationClient) -> None:
    headers = TUS | {"Upload-Defer-Length": "1", "Upload-Metadata": "filename YQ=="}
    assert station.http.post("/api/uploads", headers=headers).status_code == 400


def test_known_bytes_with_another_size_or_sm3_are_refused(station: StationClient) -> None:
    station.patch(station.begin(DATA), 0, DATA)
    assert station.announce(DATA, length=len(DATA) + 1).status_code == 400
    assert station.announce(DATA, sm3="0" * 64).status_code == 460


# --- what can't be sent --------------------------------------------------------------------------


WRONG_PATCHES = (
    ({"Upload-Offset": "1"}, 409),
    ({"Upload-Offset": "-1"}, 400),
    ({"Upload-Offset": "zero"}, 400),
    ({"Upload-Offset": "9" * 30}, 400),
    ({"Tus-Resumable": "0.2.2"}, 412),
    ({"Content-Type": "application/octet-stream"}, 415),
    ({"Content-Encoding": "gzip"}, 415),
    ({"Upload-Checksum": "crc32 AAAAAA=="}, 400),
    ({"Upload-Checksum": "sha256 AAAA"}, 400),
    ({"Upload-Checksum": "sha256 ***"}, 400),
)


def test_a_wrong_header_takes_nothing(station: StationClient) -> None:
    upload = station.begin(DATA)
    for headers, status in WRONG_PATCHES:
        answer = station.patch(upload, 0, DATA, headers)
        assert answer.status_code == status, (headers, answer.text)
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert answer.headers.get("Upload-Offset") == ("0" if status == 409 else None)
        assert answer.headers.get("Tus-Version") == ("1.0.0" if status == 412 else None)
        assert station.offset(upload) == 0


def test_more_bytes_than_announced_are_not_kept(services: Services, station: StationClient) -> None:
    upload = station.begin(DATA)
    station.patch(upload, 0, DATA[:1000])
    assert station.patch(upload, 1000, DATA).status_code == 413
    # The same without saying beforehand how many they are.
    parts = iter([DATA[1000:200_000], DATA[200_000:], b"too much"])
    sent = TUS | BYTES | {"Upload-Offset": "1000"}
    assert station.http.patch(upload, headers=sent, content=parts).status_code == 413
    assert station.offset(upload) == 1000
    assert [entry.size_bytes for entry in services.staging.entries()] == [1000]
    assert station.patch(upload, 1000, DATA[1000:]).status_code == 204
    assert_archived(services, DATA)


@pytest.mark.parametrize("announced", [{"sha256": "0" * 64}, {"sm3": "0" * 64}])
def test_bytes_unlike_the_announced_digest_are_refused_and_gone(
    services: Services,
    station: StationClient,
    memory_store: MemoryStore,
    announced: dict[str, str],
) -> None:
    upload = station.begin(DATA, **announced)
    assert station.patch(upload, 0, DATA).status_code == 460
    assert station.head(upload).status_code == 410
    assert station.patch(upload, len(DATA), b"").status_code == 410
    assert station.http.get(f"{upload}/receipt").status_code == 410
    assert_nothing_kept(services, memory_store)


def checksum(algorithm: str, data: bytes) -> dict[str, str]:
    digest = base64.b64encode(hashlib.new(algorithm, data).digest()).decode()
    return {"Upload-Checksum": f"{algorithm} {digest}"}


def test_a_requests_checksum_is_verified(services: Services, station: StationClient) -> None:
    upload = station.begin(DATA)
    offset = 0
    for algorithm, end in (("sha256", 100_000), ("sha1", 200_000), ("md5", len(DATA))):
        wrong = station.patch(upload, offset, b"x" * 5000, checksum(algorithm, DATA))
        assert wrong.status_code == 460
        assert station.offset(upload) == offset
        assert [entry.size_bytes for entry in services.staging.entries()] == [offset]
        part = DATA[offset:end]
        assert station.patch(upload, offset, part, checksum(algorithm, part)).status_code == 204
        offset = end
    assert_archived(services, DATA)


def test_a_given_up_upload_leaves_nothing(
    services: Services, station: StationClient, memory_store: MemoryStore
) -> None:
    upload = station.begin(DATA)
    station.patch(upload, 0, DATA[:5000])
    assert station.http.delete(upload, headers=TUS).status_code == 204
    assert station.http.delete(upload, headers=TUS).status_code == 410
    assert station.head(upload).status_code == 410
    assert_nothing_kept(services, memory_store)


def test_what_is_archived_cant_be_taken_back(services: Services, station: StationClient) -> None:
    upload = station.begin(DATA)
    station.patch(upload, 0, DATA)
    assert station.http.delete(upload, headers=TUS).status_code == 403
    assert_archived(services, DATA)


def test_an_unknown_upload_is_not_found(station: StationClient) -> None:
    for upload in ("00000000-0000-7000-8000-000000000000", "x", "%00", "..%2f.."):
        assert station.head(f"/api/uploads/{upload}").status_code == 404
        assert station.patch(f"/api/uploads/{upload}", 0, b"x").status_code == 404


def test_nobody_else_gets_at_an_upload(
    services: Services, station: StationClient, address: str
) -> None:
    upload = station.begin(DATA)
    other = enrolled_station(services, address, "采集站 2")
    assert other.head(upload).status_code == 404
    assert other.patch(upload, 0, DATA).status_code == 404
    assert other.http.delete(upload, headers=TUS).status_code == 404
    assert other.http.get(f"{upload}/receipt").status_code == 404
    other.http.close()
    with client_of(address) as stranger:
        assert stranger.head(upload, headers=TUS).status_code == 401
        assert stranger.post("/api/uploads", headers=TUS).status_code == 401
        wrong = TUS | {"Authorization": "Bearer wrong"}
        assert stranger.head(upload, headers=wrong).status_code == 401


def test_the_server_says_what_it_can(station: StationClient) -> None:
    answer = station.http.options("/api/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,checksum,termination"
    assert answer.headers["Tus-Max-Size"] == str(1 << 30)


def test_methods_can_be_overridden(services: Services, station: StationClient) -> None:
    upload = station.begin(DATA)
    sent = TUS | BYTES | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert station.http.post(upload, headers=sent, content=DATA).status_code == 204
    assert_archived(services, DATA)
    sent = TUS | {"X-HTTP-Method-Override": "DELETE"}
    assert station.http.post(upload, headers=sent).status_code == 403


# --- interruptions -------------------------------------------------------------------------------


def test_what_came_before_the_line_broke_is_kept(
    services: Services, station: StationClient
) -> None:
    upload = station.begin(DATA)
    station.send_part(upload, DATA[:123_456], len(DATA)).close()
    station.wait_for_offset(upload, 123_456)
    assert station.patch(upload, 123_456, DATA[123_456:]).status_code == 204
    assert_archived(services, DATA)


def test_two_writers_at_once_are_kept_apart(services: Services, station: StationClient) -> None:
    upload = station.begin(DATA)
    connection = station.send_part(upload, DATA[:200_000], len(DATA))
    deadline = time.monotonic() + 20
    while services.staging.entries() == []:  # until the first has the upload
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert station.patch(upload, 0, DATA).status_code == 423
    assert station.http.delete(upload, headers=TUS).status_code == 423
    connection.send(DATA[200_000:])
    assert connection.getresponse().status == 204
    connection.close()
    assert_archived(services, DATA)


def test_long_requests_become_durable_on_the_way(
    services: Services, station: StationClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "DURABLE_EVERY_BYTES", 4 << 20)
    data = os.urandom(10 << 20)
    upload = station.begin(data)
    connection = station.send_part(upload, data[: 9 << 20], len(data))
    deadline = time.monotonic() + 20
    while (offset := station.offset(upload)) < 8 << 20:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    [staged] = services.staging.entries()
    assert offset <= staged.size_bytes
    connection.send(data[9 << 20 :])
    assert connection.getresponse().status == 204
    connection.close()
    assert_archived(services, data)


def test_a_restarted_server_hashes_the_staged_prefix_again(
    services: Services, station: StationClient, app: FastAPI
) -> None:
    upload = station.begin(DATA)
    station.patch(upload, 0, DATA[:100_000])
    # What a restart forgets is what was composed before it.
    app.state.services = compose(services.config, services.database, services.store, services.clock)
    [staged] = services.staging.entries()
    with services.staging.path(staged.upload_id).open("ab") as file:
        file.write(b"written, but the offset was never moved")
    assert station.patch(upload, 100_000, DATA[100_000:]).status_code == 204
    assert_archived(services, DATA)


def test_staged_bytes_that_got_lost_are_asked_for_again(
    services: Services, station: StationClient
) -> None:
    upload = station.begin(DATA)
    station.patch(upload, 0, DATA[:100_000])
    [staged] = services.staging.entries()
    os.truncate(services.staging.path(staged.upload_id), 60_000)
    answer = station.patch(upload, 100_000, DATA[100_000:])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "60000")
    assert station.patch(upload, 60_000, DATA[60_000:]).status_code == 204
    assert_archived(services, DATA)


# --- the store and the disk ----------------------------------------------------------------------


def test_a_store_that_fails_is_tried_again(
    services: Services, station: StationClient, memory_store: MemoryStore
) -> None:
    outages = [
        Faults(operation, phase, error)
        for operation in ("put_file", "open")
        for phase in ("before", "after")
        for error in (StoreUnavailableError("away"), StoreFullError("full"))
    ]
    for number, fault in enumerate(outages):
        memory_store.faults = fault
        data = DATA + bytes([number])
        upload = station.begin(data)
        answer = station.patch(upload, 0, data)
        assert answer.status_code == (503 if fault.error.args == ("away",) else 507)
        assert count(services, clips) == number
        assert station.offset(upload) == len(data)
        assert station.http.get(f"{upload}/receipt").status_code == 202
        assert station.patch(upload, len(data), b"").status_code == 204
        assert_archived(services, data)


def test_a_wrong_object_in_the_place_is_said_loudly_and_nothing_is_registered(
    services: Services, station: StationClient, memory_store: MemoryStore
) -> None:
    memory_store.put_bytes(original_key(sha256(DATA)), b"something else")
    upload = station.begin(DATA)
    answer = station.patch(upload, 0, DATA)
    assert answer.status_code == 500
    assert "stood there before" in answer.json()["detail"]
    assert count(services, clips) == 0
    assert [entry.size_bytes for entry in services.staging.entries()] == [len(DATA)]


@pytest.fixture
def small_disk(tmp_path: Path, services: Services) -> Iterator[Path]:
    """Room for a home, with the keys of ours in it."""
    with disks.small_disk(tmp_path / "small", 4 << 20) as folder:
        shutil.copytree(services.config.home / "keys", folder / "keys")
        yield folder


def test_a_full_disk_stops_the_upload_and_room_lets_it_go_on(
    services: Services,
    station: StationClient,
    app: FastAPI,
    small_disk: Path,
) -> None:
    config = replace(services.config, home=small_disk)
    app.state.services = compose(config, services.database, services.store, services.clock)
    data = os.urandom(3 << 20)
    upload = station.begin(data)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * (2 << 20))
    assert station.patch(upload, 0, data[: 1 << 20]).status_code == 204
    assert station.patch(upload, 1 << 20, data[1 << 20 :]).status_code == 507
    offset = station.offset(upload)
    assert offset >= 1 << 20
    ballast.unlink()
    assert station.patch(upload, offset, data[offset:]).status_code == 204
    assert services.store.read_bytes(clip_of(services, data).object_key) == data


def test_what_does_not_fit_is_refused_before_its_first_byte(
    services: Services, station: StationClient, app: FastAPI, small_disk: Path
) -> None:
    config = replace(services.config, home=small_disk)
    app.state.services = compose(config, services.database, services.store, services.clock)
    large = os.urandom(5 << 20)
    refused = station.announce(large)
    assert (refused.status_code, refused.json()["error"]) == (507, "store_full")
    assert count(services, uploads) == 0
    # What is smaller goes on.
    upload = station.begin(DATA)
    assert station.patch(upload, 0, DATA).status_code == 204
    # What the archive has needs no room.
    (small_disk / "ballast").write_bytes(b"\0" * (3 << 20))
    assert station.announce(DATA).headers["Upload-Offset"] == str(len(DATA))
