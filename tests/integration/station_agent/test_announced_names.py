"""A name altered on the way is noticed; a second name for the same bytes is no alarm."""

import os

import pytest

from station_agent.journal import Journal
from station_agent.status import Live, build_status
from tests.integration.station_agent.conftest import Station, put
from tests.integration.station_agent.fake_archive import FakeArchive, FakeUpload

NAME = "DSJ_JX0227_20260804_100000.mp4"
FALSE = b"DSJ_JX0099_20260804_100000.mp4"


def falsify(values: dict[str, bytes]) -> None:
    values["filename"] = FALSE


def names(archive: FakeArchive) -> set[bytes]:
    return {upload.metadata["filename"] for upload in archive.uploads.values()}


def test_a_name_altered_once_is_announced_again(station: Station, archive: FakeArchive) -> None:
    put(station, NAME, b"bytes")

    def once(values: dict[str, bytes]) -> None:
        falsify(values)
        archive.change_announcement = lambda _: None

    archive.change_announcement = once
    assert station.scan().counts == {"received": 1}
    assert names(archive) == {NAME.encode()}


@pytest.mark.parametrize("key", ["filename", "modified_at", "dock_session", "sm3"])
def test_nothing_is_admitted_under_what_was_altered_for_good(
    station: Station, archive: FakeArchive, key: str
) -> None:
    put(station, NAME, b"bytes")

    def alter(values: dict[str, bytes]) -> None:
        values.pop(key) if key == "dock_session" else values.update({key: other[key]})

    other = {"filename": FALSE, "modified_at": b"2026-08-04T10:00:00.000Z", "sm3": b"0" * 64}
    archive.change_announcement = alter
    station.scan(patience_s=0.5)
    assert (archive.uploads, archive.clips) == ({}, {})
    (file,) = station.files().values()
    assert "changed on the way" in (file.reason or "")


def test_an_altered_name_without_its_digest_is_given_up_before_a_byte_is_sent(
    station: Station, archive: FakeArchive
) -> None:
    put(station, NAME, b"bytes")

    def alter(values: dict[str, bytes]) -> None:
        falsify(values)
        del values["announcement"]

    archive.change_announcement = alter
    outcome = station.scan(patience_s=0.5)
    assert "understood another announcement" in (outcome.server or "")
    assert (archive.uploads, archive.clips) == ({}, {})
    assert [method for method, _ in archive.requests].count("DELETE") >= 1
    archive.change_announcement = lambda _: None
    assert station.scan().counts == {"received": 1}
    assert names(archive) == {NAME.encode()}


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_a_damaged_echo_is_asked_for_again(
    station: Station, archive: FakeArchive, digest: str
) -> None:
    put(station, NAME, b"bytes")
    archive.understood.append(digest)
    assert station.scan().counts == {"received": 1}


@pytest.mark.parametrize("key", ["name_raw", "file_modified_at"])
def test_a_receipt_of_our_session_with_another_name_is_not_believed(
    station: Station, archive: FakeArchive, key: str
) -> None:
    put(station, NAME, b"bytes")
    archive.change_details = lambda details: {**details, key: "bm90IG91cnM="}
    station.scan()
    assert station.states() == {NAME: "failed"}
    (file,) = station.files().values()
    assert (file.reason or "").startswith("misnamed: ")
    assert [event for event in station.events if event.event == "alarm"]
    journal = Journal(station.config.journal_file, read_only=True)
    status = build_status(journal, station.config.home, "alice", None, Live())
    journal.close()
    assert status["alarm"] == file.reason


def test_two_names_in_one_session_are_no_alarm(station: Station, archive: FakeArchive) -> None:
    for number, name in enumerate(("FILE0001.MP4", "COPY.MP4")):
        os.utime(put(station, name, b"same"), (1_700_000_000 + number,) * 2)
    assert station.scan().counts == {"received": 2}
    assert not [event for event in station.events if event.event == "alarm"]
    assert names(archive) == {b"FILE0001.MP4", b"COPY.MP4"}


def test_the_name_of_another_session_is_no_alarm(station: Station, archive: FakeArchive) -> None:
    first = put(station, "FILE0001.MP4", b"same")
    station.scan()
    first.unlink()
    put(station, NAME, b"same")
    assert station.scan().counts == {"received": 2}
    assert not [event for event in station.events if event.event == "alarm"]


def test_bytes_another_brought_without_a_session_are_no_alarm(
    station: Station, archive: FakeArchive
) -> None:
    put(station, NAME, b"bytes")
    station.scan()
    (upload,) = archive.uploads.values()
    metadata = {key: value for key, value in upload.metadata.items() if key != "dock_session"}
    data = b"imported"
    imported = put(station, "imported.mp4", data)
    digests = {"sha256": "", "sm3": ""}

    def bring(values: dict[str, bytes]) -> None:
        if values["filename"] == b"imported.mp4" and not digests["sha256"]:
            digests.update(sha256=values["sha256"].decode(), sm3=values["sm3"].decode())
            earlier = FakeUpload(len(data), digests["sha256"], digests["sm3"], metadata)
            earlier.data += data
            archive.admit(earlier)

    archive.change_announcement = bring
    assert station.scan().counts == {"received": 2}
    assert imported.exists()
    assert not [event for event in station.events if event.event == "alarm"]
