"""What may be said of a file before its bytes come."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.log.canonical import EARLIEST, LATEST
from ingest.announcements import Announcement, read_announcement
from ingest.errors import AnnouncementError

ONE = "1" * 64
TWO = "2" * 64


def test_metadata_is_read() -> None:
    metadata = {
        "filename": b"\xff.mp4",
        "sha256": ONE.encode(),
        "sm3": TWO.encode(),
        "modified_at": b"2026-11-22T09:21:38.123+08:00",
        "dock_session": b"01939b7e-0000-7000-8000-000000000000",
        "relativePath": b"null",  # Uppy says more than we need
    }
    assert read_announcement(5, metadata) == Announcement(
        size_bytes=5,
        sha256=ONE,
        sm3=TWO,
        name_raw=b"\xff.mp4",
        file_modified_at=datetime(2026, 11, 22, 1, 21, 38, 123_000, tzinfo=UTC),
        dock_session_id="01939b7e-0000-7000-8000-000000000000",
    )


@given(
    st.dictionaries(
        st.sampled_from(["filename", "sha256", "sm3", "modified_at", "dock_session"]),
        st.one_of(
            st.binary(max_size=70), st.just(ONE.encode()), st.text(max_size=40).map(str.encode)
        ),
    )
)
def test_any_metadata_is_read_or_refused(metadata: dict[str, bytes]) -> None:
    try:
        announcement = read_announcement(5, metadata)
    except AnnouncementError:
        return
    assert announcement.sha256 == ONE


@pytest.mark.parametrize(
    "text",
    [
        "2026-W01-1T10:00:00+08:00",
        "20260101T100000+0800",
        "2026-01-01T10+08:00",
        "2026-01-01T10:00:00,5+08:00",
        "2026-01-01T24:00:00Z",
        "2026-01-01T10:00:00+08:00:01",
        "2026-01-01T10:00:00+08",
        "2026-01-01T10:00:00",
        "2026-13-01T10:00:00Z",
    ],
)
def test_a_time_has_the_form_of_rfc_3339(text: str) -> None:
    metadata = {"filename": b"a", "sha256": ONE.encode(), "modified_at": text.encode()}
    with pytest.raises(AnnouncementError, match="RFC 3339"):
        read_announcement(5, metadata)


@given(st.datetimes(), st.sampled_from(["+00:00", "Z", "+14:00", "-12:00"]))
def test_a_time_is_within_the_calendar_or_refused(moment: datetime, zone: str) -> None:
    metadata = {"filename": b"a", "sha256": ONE.encode()}
    metadata["modified_at"] = f"{moment.isoformat()}{zone}".encode()
    try:
        said = read_announcement(5, metadata).file_modified_at
    except AnnouncementError:
        assert not 3 <= moment.year <= 9997
        return
    assert said is not None
    assert EARLIEST <= said <= LATEST
