"""A station's word is read, never trusted."""

from datetime import UTC, datetime

import pytest

from api.web.station_status import read_status


def test_a_status_is_read() -> None:
    status = read_status(
        {
            "version": "0.1.0",
            "files": {"received": 3, "released": 2, "hashed": 4, "sending": 1, "refused": 1},
            "current": [{"name": "a.mp4", "state": "sending", "sent_bytes": 5, "size_bytes": 9}],
            "refused": [{"name": "b.mp4", "state": "failed", "reason": "read_error: Errno 5"}],
            "free_bytes": 100,
            "clock": "2026-11-22T09:00:07.000Z",
            "alarm": None,
        }
    )
    assert status is not None
    assert (status.done, status.waiting) == (5, 5)
    assert status.current[0].sent_bytes == 5
    assert (status.troubled[0].code, status.troubled[0].detail) == ("read_error", "Errno 5")
    assert status.clock_offset_s(datetime(2026, 11, 22, 9, 0, tzinfo=UTC)) == 7


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"files": 7, "current": "x", "refused": [1, None], "clock": 5, "free_bytes": "much"},
        {"files": {"sending": -1, "received": True}, "current": [{}], "clock": "yesterday"},
        {"refused": [{"name": 1, "state": "flying", "reason": None}], "version": ["x"]},
    ],
)
def test_nonsense_does_no_harm(told: dict[str, object]) -> None:
    status = read_status(told)
    assert status is not None
    assert status.done == 0
    assert status.clock is None


def test_a_long_text_is_cut_and_no_status_is_none() -> None:
    status = read_status({"alarm": "x" * 10_000})
    assert status is not None
    assert len(status.alarm) == 300
    assert read_status(None) is None


def test_an_empty_file_that_was_refused_is_settled_and_no_alarm() -> None:
    refused = [
        {"name": "empty.mp4", "state": "refused", "reason": "empty"},
        {"name": "again.mp4", "state": "failed", "reason": "empty"},
        {"name": "wrong.mp4", "state": "refused", "reason": "server_refused: 413"},
    ]
    status = read_status({"refused": refused})
    assert status is not None
    assert [one.name for one in status.settled] == ["empty.mp4"]
    assert [one.name for one in status.troubled] == ["again.mp4", "wrong.mp4"]
