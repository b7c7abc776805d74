"""Clips: admitted once, every change with its entry, nothing logged where nothing changed."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.clips import (
    Clip,
    admit,
    admitted_details,
    admitted_facts,
    assign_clip,
    assign_unassigned,
    assigned_details,
    describe_clip,
    find_clip_by_digest,
    get_clip,
    media_digest,
    set_clip_state,
)
from custody.clock import FixedClock
from custody.errors import (
    ClipNotFoundError,
    CodeHiddenError,
    CodeListError,
    CodeLongError,
    RecordingTimeAheadError,
    RecordingTimeEarlyError,
)
from custody.history import history_of
from custody.ledger import Ledger
from custody.log.entry import Entry
from custody.tables import clips, log_entries
from storage.database import Database
from tests.services.custody import ALICE, STATION, admit_clip, new_clip

RECORDED_AT = datetime(2026, 11, 22, 1, 5, tzinfo=UTC)
EARLIER = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
MEDIA = {"frame_rate": 29.97, "video": {"codec": "h264", "标题": "巡查"}}


def kinds(database: Database, clip: Clip) -> list[str]:
    with database.read() as tx:
        return [event.kind for event in history_of(tx, f"clip:{clip.id}")]


def test_a_clip_is_admitted_with_its_entry(
    database: Database, ledger: Ledger, clock: FixedClock
) -> None:
    new = new_clip(
        "a", officer="JX0227", recorder="TA00716", recorded_at=RECORDED_AT, important=True,
        name_raw=b"\xb3\xc7.mp4", station_id="s-1", station_name="一中队",
    )  # fmt: skip
    with database.write() as tx:
        clip, created = admit(tx, ledger, STATION, new)
    assert created
    assert (clip.sha256, clip.state, clip.admitted_at) == (new.sha256, "archived", clock.now())
    with database.read() as tx:
        assert get_clip(tx, clip.id) == clip == find_clip_by_digest(tx, new.sha256)
        [event] = history_of(tx, f"clip:{clip.id}")
    assert event.kind == "clip.admitted"
    assert event.facts == admitted_facts(clip) == {
        "clip": clip.id, "sha256": new.sha256, "sm3": new.sm3, "size_bytes": 1,
    }  # fmt: skip
    assert event.details == admitted_details(clip)
    assert event.details["recorded_at"] == "2026-11-22T01:05:00.000Z"
    assert event.details["name_raw"] == "s8cubXA0"


def test_the_same_bytes_are_the_same_clip(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        first, _ = admit(tx, ledger, STATION, new_clip("a"))
    with database.write() as tx:
        again, created = admit(tx, ledger, STATION, new_clip("a", name="another.mp4"))
    assert (again, created) == (first, False)
    assert kinds(database, first) == ["clip.admitted"]


def test_of_racing_admissions_one_wins(database: Database, ledger: Ledger) -> None:
    results: list[tuple[Clip, bool]] = []
    start = threading.Barrier(6)

    def race() -> None:
        start.wait()
        with database.write() as tx:
            results.append(admit(tx, ledger, STATION, new_clip("a")))

    threads = [threading.Thread(target=race) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({clip.id for clip, _ in results}) == 1
    assert sorted(created for _, created in results) == [False] * 5 + [True]
    assert kinds(database, results[0][0]) == ["clip.admitted"]


def test_a_race_that_the_winner_loses_after_all(database: Database, ledger: Ledger) -> None:
    """The winner's transaction is rolled back while the loser waits for it: the loser admits."""
    started, results = threading.Event(), []

    def loser() -> None:
        started.set()
        with database.write() as tx:
            results.append(admit(tx, ledger, STATION, new_clip("a")))

    thread = threading.Thread(target=loser)

    def winner() -> None:
        with database.write() as tx:
            admit(tx, ledger, STATION, new_clip("a"))
            thread.start()
            started.wait()
            raise RuntimeError("cut off")

    with pytest.raises(RuntimeError, match="cut off"):
        winner()
    thread.join()
    [(clip, created)] = results
    assert created
    assert kinds(database, clip) == ["clip.admitted"]


def test_a_clip_is_described_once(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
        described = describe_clip(tx, ledger, ALICE, clip.id, MEDIA, 61_500, "video")
    with database.write() as tx:
        again = describe_clip(tx, ledger, ALICE, clip.id, MEDIA, 61_500, "video")
    assert described == again
    assert (again.media, again.duration_ms, again.media_kind) == (MEDIA, 61_500, "video")
    assert kinds(database, clip) == ["clip.admitted", "clip.described"]
    with database.read() as tx:
        event = history_of(tx, f"clip:{clip.id}")[1]
    assert event.facts == {"clip": clip.id, "media_kind": "video", "duration_ms": 61_500}
    assert event.details["media_sha256"] == media_digest(MEDIA)


def test_the_digest_of_media_does_not_depend_on_order() -> None:
    assert media_digest({"a": 1, "b": 2}) == media_digest({"b": 2, "a": 1})
    assert media_digest({"a": 1}) != media_digest({"a": 1.5})


def test_a_state_comes_with_its_reason(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
        for _ in range(2):
            damaged = set_clip_state(tx, ledger, ALICE, clip.id, "damaged", "no index (moov)")
    assert (damaged.state, damaged.reason) == ("damaged", "no index (moov)")
    assert kinds(database, clip) == ["clip.admitted", "clip.state_changed"]
    with database.read() as tx:
        event = history_of(tx, f"clip:{clip.id}")[1]
    assert event.facts == {"clip": clip.id, "state": "damaged"}
    assert event.details["reason"] == "no index (moov)"


def test_an_unknown_state_is_refused(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
    with pytest.raises(ValueError, match="lost"), database.write() as tx:
        set_clip_state(tx, ledger, ALICE, clip.id, "lost")


def test_a_clip_is_assigned(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
        for _ in range(2):
            clip = assign_clip(tx, ledger, ALICE, clip.id, "JX0227", "TA00716", RECORDED_AT)
    assert (clip.officer, clip.recorder, clip.recorded_at) == ("JX0227", "TA00716", RECORDED_AT)
    assert kinds(database, clip) == ["clip.admitted", "clip.assigned"]
    with database.read() as tx:
        event = history_of(tx, f"clip:{clip.id}")[1]
    assert event.details == assigned_details(clip) | {
        "actor_name": "alice",
        "was": {"officer": None, "recorder": None, "recorded_at": None},
    }


def test_codes_are_kept_in_one_form_however_they_are_typed(
    database: Database, ledger: Ledger
) -> None:
    with database.write() as tx:
        clip, other = admit_clip(tx, ledger, "a"), admit_clip(tx, ledger, "b", recorder="TA00933")
        for officer, recorder in ((" jx0227", "ta00716"), ("ＪＸ０２２７", "ＴＡ00716 ")):
            clip = assign_clip(tx, ledger, ALICE, clip.id, officer, recorder, None)
        assign_unassigned(tx, ledger, ALICE, [other.id], "jx0227", " ")
        other = get_clip(tx, other.id)
    assert (clip.officer, clip.recorder) == ("JX0227", "TA00716")
    assert (other.officer, other.recorder) == ("JX0227", "TA00933")
    assert kinds(database, clip) == kinds(database, other) == ["clip.admitted", "clip.assigned"]
    with database.read() as tx:
        event = history_of(tx, f"clip:{clip.id}")[1]
    assert (event.details["officer"], event.details["recorder"]) == ("JX0227", "TA00716")


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("张三 李四", CodeListError),
        ("JX0311\u202e", CodeHiddenError),
        ("\u200b", CodeHiddenError),
        ("7" * 65, CodeLongError),
    ],
)
def test_what_is_no_code_is_assigned_to_no_clip(
    database: Database, ledger: Ledger, typed: str, wrong: type[Exception]
) -> None:
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a")
    for officer, recorder in ((typed, None), ("JX0227", typed)):
        with pytest.raises(wrong), database.write() as tx:
            assign_clip(tx, ledger, ALICE, clip.id, officer, recorder, None)
        with pytest.raises(wrong), database.write() as tx:
            assign_unassigned(tx, ledger, ALICE, [clip.id], officer, recorder)
    with database.read() as tx:
        assert get_clip(tx, clip.id) == clip
    assert kinds(database, clip) == ["clip.admitted"]


def test_a_time_set_by_hand_stands_beside_the_recorders_own(
    database: Database, ledger: Ledger
) -> None:
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "a", recorded_at=RECORDED_AT)
        assert (clip.recorded_at_source, clip.recorder_clock_at) == ("recorder", RECORDED_AT)
        clip = assign_clip(tx, ledger, ALICE, clip.id, "JX0227", None, EARLIER)
        assert (clip.recorded_at_source, clip.recorded_at) == ("hand", EARLIER)
        assert clip.recorder_clock_at == RECORDED_AT
        clip = assign_clip(tx, ledger, ALICE, clip.id, "JX0227", None, RECORDED_AT)
        assert clip.recorded_at_source == "recorder"
        silent = admit_clip(tx, ledger, "b")
        assert (silent.recorded_at_source, silent.recorder_clock_at) == (None, None)
        silent = assign_clip(tx, ledger, ALICE, silent.id, None, None, EARLIER)
        assert (silent.recorded_at_source, silent.recorder_clock_at) == ("hand", None)


def test_a_clock_ten_years_off_is_the_recorders_and_a_typed_one_is_refused(
    database: Database, ledger: Ledger
) -> None:
    ahead, behind = RECORDED_AT.replace(year=2036), RECORDED_AT.replace(year=1980)
    with database.write() as tx:
        fast = admit_clip(tx, ledger, "a", recorded_at=ahead)
        slow = admit_clip(tx, ledger, "b", recorded_at=behind)
        assert assign_clip(tx, ledger, ALICE, fast.id, "JX0227", None, ahead).recorded_at == ahead
        assign_clip(tx, ledger, ALICE, slow.id, "JX0227", None, RECORDED_AT)
        # Back to what the recorder said, whatever that is.
        again = assign_clip(tx, ledger, ALICE, slow.id, "JX0227", None, behind)
        assert (again.recorded_at, again.recorded_at_source) == (behind, "recorder")
    for moment, wrong in ((ahead, RecordingTimeAheadError), (behind, RecordingTimeEarlyError)):
        with database.write() as tx:
            other = admit_clip(tx, ledger, f"c{moment.year}", recorded_at=RECORDED_AT)
        with pytest.raises(wrong), database.write() as tx:
            assign_clip(tx, ledger, ALICE, other.id, "JX0227", None, moment)
        with database.read() as tx:
            assert get_clip(tx, other.id) == other
        assert kinds(database, other) == ["clip.admitted"]


def test_no_person_is_named_in_an_entry(database: Database, ledger: Ledger) -> None:
    with database.write() as tx:
        clip = admit_clip(tx, ledger, "TA00716_JX0227", officer="JX0227", recorder="TA00716")
        assign_clip(tx, ledger, ALICE, clip.id, "JX0228", "TA00717", RECORDED_AT)
    with database.read() as tx:
        rows = tx.execute(sa.select(log_entries)).all()
    for row in rows:
        text = bytes(row.entry).decode()
        assert not any(word in text for word in ("JX022", "TA0071", ".mp4", '"alice"'))
        assert json.loads(row.details)
        assert Entry.decode(bytes(row.entry)).commitment is not None


CHANGES: list[Callable[[Connection, Ledger], object]] = [
    lambda tx, ledger: get_clip(tx, "nobody"),
    lambda tx, ledger: describe_clip(tx, ledger, ALICE, "nobody", {}, None, "video"),
    lambda tx, ledger: set_clip_state(tx, ledger, ALICE, "nobody", "ready"),
    lambda tx, ledger: assign_clip(tx, ledger, ALICE, "nobody", None, None, None),
]


def test_there_is_no_such_clip(database: Database, ledger: Ledger) -> None:
    for change in CHANGES:
        with pytest.raises(ClipNotFoundError, match="nobody"), database.write() as tx:
            change(tx, ledger)
    with database.read() as tx:
        assert tx.execute(sa.select(clips)).first() is None
        assert tx.execute(sa.select(log_entries)).first() is None
