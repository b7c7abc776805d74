"""From an archived clip to a judged one, with failures, outages and kills on the way."""

import hashlib
import os
import random
import signal
import struct
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from custody.actors import service_actor
from custody.clips import Clip, NewClip, admit, get_clip
from custody.clock import FixedClock
from custody.history import history_of
from custody.ledger import Ledger
from custody.object_keys import original_key
from custody.renditions import Rendition, renditions_of
from ingest import pipeline, work
from ingest.errors import FfmpegMissingError, TranscodeError
from ingest.limits import FLOOR_S, time_limit_s
from ingest.tables import clip_work
from ingest.transcode import Renditions
from storage.database import Database
from storage.local import LocalStore
from storage.objects import ObjectStore
from tests.assets import media as assets
from tests.assets.media import bomb, cut, media, scratched

ALICE = service_actor("alice")


class Archive:
    """A store and a database with clips in them, and a worker."""

    def __init__(self, database: Database, store: ObjectStore, clock: FixedClock, scratch: Path):
        self.database = database
        self.store = store
        self.clock = clock
        self.scratch = scratch
        self.ledger = Ledger(clock)

    def archived(self, source: Path | bytes, name: str = "a.mp4") -> str:
        data = source if isinstance(source, bytes) else source.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        key = original_key(sha256)
        self.store.put_bytes(key, data)
        new = NewClip(sha256, "0" * 64, len(data), key, name, name.encode())
        with self.database.write() as tx:
            clip, _ = admit(tx, self.ledger, ALICE, new)
            work.enqueue(tx, self.clock, clip.id)
        return clip.id

    def process(self, **options: object) -> bool:
        return pipeline.process_one(
            self.database,
            self.store,
            self.ledger,
            self.clock,
            self.scratch,
            "here:1:media-0",
            **options,  # type: ignore[arg-type]
        )

    def clip(self, clip_id: str) -> Clip:
        with self.database.read() as tx:
            return get_clip(tx, clip_id)

    def renditions(self, clip_id: str) -> dict[str, Rendition]:
        with self.database.read() as tx:
            return {r.kind: r for r in renditions_of(tx, [clip_id])[clip_id]}

    def kinds_of_event(self, clip_id: str) -> list[str]:
        with self.database.read() as tx:
            return [str(event.kind) for event in history_of(tx, f"clip:{clip_id}")]

    def work_rows(self) -> list[sa.Row[tuple[object, ...]]]:
        with self.database.read() as tx:
            return list(tx.execute(sa.select(clip_work)).all())


@pytest.fixture
def archive(
    database: Database, local_store: LocalStore, clock: FixedClock, tmp_path: Path
) -> Archive:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Archive(database, local_store, clock, scratch)


def judged(archive: Archive, source: Path | bytes, name: str = "a.mp4") -> Clip:
    clip_id = archive.archived(source, name)
    assert archive.process()
    assert archive.work_rows() == []
    assert list(archive.scratch.iterdir()) == []
    return archive.clip(clip_id)


def test_a_recording_becomes_ready(archive: Archive) -> None:
    clip = judged(archive, media("plain.mp4"))
    assert (clip.state, clip.reason, clip.media_kind) == ("ready", None, "video")
    assert clip.duration_ms == 3000
    assert clip.media is not None
    assert clip.media["streams"][0]["codec"] == "h264"
    made = archive.renditions(clip.id)
    assert set(made) == {"proxy", "poster", "sheet", "waveform"}
    for rendition in made.values():
        data = archive.store.read_bytes(rendition.object_key)
        assert hashlib.sha256(data).hexdigest() == rendition.sha256
        assert len(data) == rendition.size_bytes
        assert rendition.made_with.startswith("ffmpeg ")
    events = archive.kinds_of_event(clip.id)
    assert sorted(events) == sorted(
        ["clip.admitted", "clip.described", *["rendition.made"] * 4, "clip.state_changed"]
    )
    assert archive.store.read_bytes(clip.object_key) == media("plain.mp4").read_bytes()


def test_an_idle_worker_finds_nothing(archive: Archive) -> None:
    assert not archive.process()


@pytest.mark.parametrize(
    ("name", "kind", "renditions"),
    [
        ("sound.wav", "audio", {"proxy", "waveform"}),
        ("picture.jpg", "picture", {"proxy", "poster"}),
        ("timecode.mov", "video", {"proxy", "poster", "sheet", "waveform"}),
    ],
)
def test_each_kind_gets_what_fits_it(
    archive: Archive, name: str, kind: str, renditions: set[str]
) -> None:
    clip = judged(archive, media(name), name)
    assert (clip.state, clip.media_kind) == ("ready", kind)
    assert set(archive.renditions(clip.id)) == renditions


def test_a_log_is_ready_as_it_is(archive: Archive) -> None:
    clip = judged(archive, "2026-08-04 10:00:00 开机\n".encode("gb18030"), "20260804.log")
    assert (clip.state, clip.media_kind, archive.renditions(clip.id)) == ("ready", "text", {})


@pytest.mark.parametrize(
    ("data", "name", "state", "kind"),
    [
        (b"$GPRMC,013621.00,A\r\n" * 9, "GPS.txt", "ready", "text"),
        ("2026-08-04 开机\r\n".encode("utf-16"), "20260804.log", "ready", "text"),
        (b"%PDF-1.7\n1 0 obj\n%%EOF\n", "notice.pdf", "ready", "document"),
        (b"%PDF-1.7\n1 0 obj\n", "notice.pdf", "damaged", "document"),
        (b"$GPRMC,013621.00,A\r\n" * 9, "GPS.mp4", "quarantined", "unknown"),
        (random.Random(7).randbytes(4000), "GPS.txt", "quarantined", "unknown"),
    ],
)
def test_what_is_no_media_is_known_for_what_it_is(
    archive: Archive, data: bytes, name: str, state: str, kind: str
) -> None:
    clip = judged(archive, data, name)
    assert (clip.state, clip.media_kind, archive.renditions(clip.id)) == (state, kind, {})
    assert clip.media is not None
    assert clip.media["error"] is None


def test_without_an_index_the_pictures_are_saved_if_they_can_be(archive: Archive) -> None:
    clip = judged(archive, cut("repeated.mp4"))
    assert clip.state == "damaged"
    assert (clip.reason or "").startswith("no_index_recovered: The recording was cut off")
    assert set(archive.renditions(clip.id)) == {"proxy", "poster", "sheet"}
    clip = judged(archive, cut("plain.mp4"))
    assert clip.state == "damaged"
    assert (clip.reason or "").startswith("no_index: The recording was cut off")
    assert archive.renditions(clip.id) == {}


def test_what_is_left_of_a_cut_recording_can_be_played(archive: Archive) -> None:
    clip = judged(archive, cut("plain.ts"), "a.ts")
    assert (clip.state, (clip.reason or "")[:8]) == ("damaged", "cut_off:")
    assert "proxy" in archive.renditions(clip.id)
    clip = judged(archive, scratched("plain.mp4"))
    assert (clip.state, (clip.reason or "")[:14]) == ("damaged", "decode_errors:")
    assert clip.media is not None
    assert clip.media["complaints"]
    assert "proxy" in archive.renditions(clip.id)


def test_nothing_left_behind_the_index_is_told_at_once(archive: Archive) -> None:
    data = media("faststart.mp4").read_bytes()
    clip = judged(archive, data[: data.index(b"mdat") + 50])
    assert (clip.state, (clip.reason or "")[:8]) == ("damaged", "cut_off:")
    assert clip.duration_ms is None
    assert archive.renditions(clip.id) == {}


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "a.mp4", "empty"),
        (random.Random(3).randbytes(20_000), "a.mp4", "not_media"),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", "a.mp4", "not_media"),
        (b"\x1aE\xdf\xa3" + bytes(5000), "a.mkv", "unreadable"),
    ],
)
def test_what_is_no_recording_is_quarantined_at_once(
    archive: Archive, data: bytes, name: str, reason: str
) -> None:
    clip = judged(archive, data, name)
    assert clip.state == "quarantined"
    assert (clip.reason or "").split(":")[0] == reason
    assert archive.renditions(clip.id) == {}
    assert archive.store.read_bytes(clip.object_key) == data


def test_a_bomb_is_quarantined_unopened(archive: Archive) -> None:
    clip = judged(archive, bomb(), "a.png")
    assert (clip.state, (clip.reason or "")[:10]) == ("quarantined", "too_large:")


def test_a_poisoned_file_ends_in_quarantine_and_lets_the_others_pass(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    poisoned = archive.archived(media("plain.mp4"))
    real = pipeline.make_renditions

    def poison(source: Path, *arguments: object, **options: object) -> object:
        if source.read_bytes() == media("plain.mp4").read_bytes():
            raise TranscodeError("exit status 139")
        return real(source, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "make_renditions", poison)
    assert archive.process()
    assert archive.clip(poisoned).state == "archived"
    assert archive.work_rows()[0].attempts == 1
    (said,) = [one for one in caplog.records if one.name == pipeline.log.name]
    assert said.exc_info is None
    assert "exit status 139" in said.getMessage()
    healthy = judged_beside(archive, media("sound.wav"))
    assert healthy.state == "ready"
    for _ in range(2):
        archive.clock.moment += timedelta(minutes=5)
        assert archive.process()
    clip = archive.clip(poisoned)
    assert (clip.state, (clip.reason or "")[:17]) == ("quarantined", "transcode_failed:")
    assert clip.media is not None
    assert clip.media["complaints"] == [
        "TranscodeError: ffmpeg could not make the renditions. (exit status 139)"
    ]
    assert archive.work_rows() == []
    archive.clock.moment += timedelta(hours=1)
    assert not archive.process()


def judged_beside(archive: Archive, source: Path) -> Clip:
    clip_id = archive.archived(source, source.name)
    assert archive.process()
    return archive.clip(clip_id)


def test_a_transcode_that_hangs_ends_in_quarantine(archive: Archive) -> None:
    clip_id = archive.archived(assets.long())
    for _ in range(3):
        assert archive.process(time_limit=lambda *_: 0.3)
        archive.clock.moment += timedelta(minutes=10)
    clip = archive.clip(clip_id)
    assert (clip.state, (clip.reason or "")[:11]) == ("quarantined", "time_limit:")
    assert clip.media is not None
    assert clip.media["container"] == "mov"
    assert list(archive.scratch.iterdir()) == []


def test_a_film_that_claims_days_gets_no_more_time_than_its_frames_need(archive: Archive) -> None:
    clip_id = archive.archived(assets.boastful())
    given: list[float] = []

    def limit(
        kind: str, duration_ms: int | None, size_bytes: int, tries: int, frames: int | None
    ) -> float:
        # By its size alone it would be believed.
        assert time_limit_s(kind, duration_ms, size_bytes, 2) > 6000
        given.append(time_limit_s(kind, duration_ms, size_bytes, tries, frames))
        return 1.0  # silence for days would take hours

    for _ in range(3):
        assert archive.process(time_limit=limit)
        archive.clock.moment += timedelta(minutes=10)
    assert given == [FLOOR_S] * 3
    clip = archive.clip(clip_id)
    assert (clip.state, (clip.reason or "")[:11]) == ("quarantined", "time_limit:")


def test_finding_and_decoding_pictures_without_an_index_share_one_limit(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip_id = archive.archived(cut("repeated.mp4"))
    given: list[float] = []
    make = pipeline.make_renditions

    def decode(*arguments: Any, time_limit_s: float, **options: Any) -> Renditions:
        given.append(time_limit_s)
        return make(*arguments, time_limit_s=time_limit_s, **options)

    monkeypatch.setattr(pipeline, "make_renditions", decode)
    assert archive.process(time_limit=lambda *_: 100.0)
    [left] = given
    assert left < 100.0  # the search has taken its part
    assert archive.clip(clip_id).state == "damaged"


def wav(rate: int, claimed: int, data: bytes) -> bytes:
    """8-bit mono PCM at ``rate`` that claims ``claimed`` bytes of sound."""
    layout = struct.pack("<IHHIIHH", 16, 1, 1, rate, rate, 1, 8)
    head = b"WAVEfmt " + layout + b"data" + struct.pack("<I", claimed)
    return b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + head + data


@pytest.mark.parametrize("rate", [1, 100, 3_000_000])
def test_a_sound_that_no_recorder_makes_is_not_decoded(archive: Archive, rate: int) -> None:
    clip = judged(archive, wav(rate, 0xFFFFFFFF, b"\x80" * 3_000_000), "a.wav")
    assert (clip.state, (clip.reason or "")[:12]) == ("quarantined", "implausible:")
    assert archive.renditions(clip.id) == {}


def test_a_sound_of_unknown_length_is_made_playable(archive: Archive) -> None:
    clip = judged(archive, wav(8000, 0xFFFFFFFF, b"\x80\x90" * 8000), "a.wav")
    assert clip.state in {"ready", "damaged"}
    assert "proxy" in archive.renditions(clip.id)


def test_a_file_that_takes_long_goes_behind_the_others_with_more_time(archive: Archive) -> None:
    slow = archive.archived(assets.long())
    quick = archive.archived(media("small.mp4"), "b.mp4")
    given: list[tuple[str, int]] = []

    def limit(kind: str, duration_ms: int | None, size_bytes: int, tries: int, _: object) -> float:
        given.append((kind, tries))
        return 0.3 if duration_ms and duration_ms > 10_000 and tries == 0 else 60.0

    assert archive.process(time_limit=limit)
    archive.clock.moment += timedelta(minutes=10)  # both are due now, the slow one for longer
    assert archive.process(time_limit=limit)
    assert (archive.clip(slow).state, archive.clip(quick).state) == ("archived", "ready")
    assert archive.process(time_limit=limit)
    assert archive.clip(slow).state == "ready"
    assert given == [("video", 0), ("video", 0), ("video", 1)]


def test_an_outage_is_not_the_clips_fault(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip_id = archive.archived(media("small.mp4"))

    def missing() -> object:
        raise FfmpegMissingError

    for _ in range(5):
        with monkeypatch.context() as patch:
            patch.setattr("ingest.ffmpeg.find_ffmpeg", missing)
            assert archive.process()
        archive.clock.moment += work.OUTAGE_PAUSE
    assert archive.clip(clip_id).state == "archived"
    assert archive.work_rows()[0].attempts == 0
    assert archive.process()
    assert archive.clip(clip_id).state == "ready"


def test_a_missing_original_is_never_judged(archive: Archive) -> None:
    clip_id = archive.archived(media("small.mp4"))
    archive.store.delete(archive.clip(clip_id).object_key)
    for _ in range(5):
        assert archive.process()
        archive.clock.moment += work.OUTAGE_PAUSE
    assert archive.clip(clip_id).state == "archived"
    assert "ObjectNotFoundError" in str(archive.work_rows()[0].last_error)


def test_a_worker_that_is_told_to_stop_gives_the_clip_back(archive: Archive) -> None:
    clip_id = archive.archived(assets.long())
    asked: list[None] = []
    assert archive.process(should_stop=lambda: bool(asked.append(None)) or len(asked) > 8)
    assert archive.clip(clip_id).state == "archived"
    (row,) = archive.work_rows()
    assert (row.attempts, row.lease_owner) == (0, None)
    assert list(archive.scratch.iterdir()) == []


def test_a_worker_whose_lease_is_lost_changes_nothing(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip_id = archive.archived(media("small.mp4"))
    real = pipeline.make_renditions

    def slow(*arguments: object, **options: object) -> object:
        with archive.database.write() as tx:
            tx.execute(sa.update(clip_work).values(lease_owner="bob"))
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "make_renditions", slow)
    assert archive.process()
    assert archive.clip(clip_id).state == "archived"
    assert archive.renditions(clip_id) == {}
    assert archive.kinds_of_event(clip_id) == ["clip.admitted"]
    assert archive.work_rows()[0].lease_owner == "bob"


def test_work_delivered_twice_is_done_once(archive: Archive) -> None:
    clip = judged(archive, media("small.mp4"))
    events = archive.kinds_of_event(clip.id)
    with archive.database.write() as tx:
        work.enqueue(tx, archive.clock, clip.id)
    assert archive.process()
    assert archive.work_rows() == []
    assert archive.kinds_of_event(clip.id) == events


def test_renditions_of_a_killed_try_are_adopted(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the objects were stored, before the transaction: an image comes out the same."""
    clip_id = archive.archived(media("picture.jpg"), "a.jpg")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "set_clip_state", killed)
        with pytest.raises(KeyboardInterrupt):
            archive.process()
    assert archive.renditions(clip_id) == {}
    stored = [stat.key for stat in archive.store.list("renditions/")]
    assert len(stored) == 2
    archive.clock.moment += work.LEASE
    assert archive.process()
    assert archive.clip(clip_id).state == "ready"
    assert [stat.key for stat in archive.store.list("renditions/")] == stored


WORKER = """
import sys
from pathlib import Path
from custody.clock import SystemClock
from custody.ledger import Ledger
from ingest.pipeline import process_one
from storage.database import Database
from storage.local import LocalStore
url, objects, scratch = sys.argv[1:]
clock = SystemClock()
process_one(Database(url), LocalStore(Path(objects)), Ledger(clock), clock, Path(scratch), "killed")
"""


def test_a_worker_killed_in_the_middle_leaves_nothing_half_done(
    archive: Archive, tmp_path: Path
) -> None:
    clip_id = archive.archived(assets.long())
    url = archive.database.url.render_as_string(hide_password=False)
    # The other process lives by the machine's clock: so the work is due for it, too.
    with archive.database.write() as tx:
        past = archive.clock.now() - timedelta(days=30_000)
        tx.execute(sa.update(clip_work).values(not_before=past))
    objects = str(tmp_path / "objects")
    command = [sys.executable, "-c", WORKER, url, objects, str(archive.scratch)]
    with subprocess.Popen(command) as process:
        deadline = time.monotonic() + 30
        while not (proxies := list(archive.scratch.glob("*/made/proxy.mp4"))):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        (ffmpeg,) = processes_naming(proxies[0])
        os.kill(process.pid, signal.SIGKILL)
    while processes_naming(proxies[0]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert ffmpeg > 0
    assert archive.clip(clip_id).state == "archived"
    assert archive.renditions(clip_id) == {}
    assert list(archive.scratch.iterdir()) != []

    # Its lease holds until it runs out; then the clip is done again, by whoever comes.
    (row,) = archive.work_rows()
    archive.clock.moment = row.lease_until - timedelta(seconds=1)
    assert not archive.process()
    archive.clock.moment = row.lease_until
    assert archive.process()
    assert archive.clip(clip_id).state == "ready"
    assert set(archive.renditions(clip_id)) == {"proxy", "poster", "sheet", "waveform"}
    assert archive.kinds_of_event(clip_id).count("rendition.made") == 4
    assert list(archive.scratch.iterdir()) == []


def processes_naming(path: Path) -> list[int]:
    """The processes whose command line names ``path``."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(path).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found
