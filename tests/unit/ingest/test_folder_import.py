"""A folder without a station: what is taken in, what is left alone, and starting again."""

import os
import socket
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from custody.actors import Actor
from custody.clips import get_clip
from custody.clock import FixedClock
from custody.ids import new_id
from custody.ledger import Ledger
from custody.object_keys import original_key
from custody.tables import clips, log_entries
from ingest import folder_import
from ingest.folder_import import ImportResult, Outcome, Progress, import_paths
from ingest.tables import clip_work, uploads
from storage.database import Database
from storage.errors import StoreUnavailableError
from storage.memory import MemoryStore
from storage.staging import Staging
from tests.services.station_client import lose, sha256, sm3

Import = Callable[..., list[ImportResult]]


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    folder = tmp_path / "footage"
    folder.mkdir()
    return folder


@pytest.fixture
def run_import(
    database: Database,
    memory_store: MemoryStore,
    staging: Staging,
    ledger: Ledger,
    clock: FixedClock,
    operator: Actor,
) -> Import:
    def run(
        *paths: Path, progress: Progress = lambda *_: None, own: Sequence[Path] = ()
    ) -> list[ImportResult]:
        results = import_paths(
            database,
            memory_store,
            staging,
            ledger,
            clock,
            operator,
            paths,
            progress,
            zone=ZoneInfo("Asia/Shanghai"),
            lock_days=180,
            own=own,
        )
        return list(results)

    return run


def count(database: Database, table: sa.Table) -> int:
    with database.read() as tx:
        return int(tx.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def test_a_folder_is_taken_in_and_known_the_second_time(
    run_import: Import,
    footage: Path,
    database: Database,
    memory_store: MemoryStore,
    staging: Staging,
) -> None:
    inner = footage / "100MEDIA.mp4"  # a folder may be called like a file
    inner.mkdir()
    (inner / "TA00716_JX0227_20170623093621.MOV").write_bytes(b"a" * 5_000_000)
    (footage / "MOV_0001.mp4").write_bytes(b"b" * 10)
    (footage / "copy of it.mp4").write_bytes(b"b" * 10)
    read: list[tuple[str, int, int]] = []
    results = run_import(footage, progress=lambda path, at, of: read.append((path.name, at, of)))
    assert [(result.path.name, result.outcome) for result in results] == [
        ("TA00716_JX0227_20170623093621.MOV", Outcome.ARCHIVED),
        ("MOV_0001.mp4", Outcome.ARCHIVED),
        ("copy of it.mp4", Outcome.KNOWN),
    ]
    assert results[1].clip_id == results[2].clip_id
    assert ("TA00716_JX0227_20170623093621.MOV", 5_000_000, 5_000_000) in read
    assert memory_store.read_bytes(original_key(sha256(b"a" * 5_000_000))) == b"a" * 5_000_000
    assert staging.entries() == []
    with database.read() as tx:
        rows = {row.name: row for row in tx.execute(sa.select(clips))}
        kinds = tx.scalars(sa.select(log_entries.c.kind)).all()
    clip = rows["TA00716_JX0227_20170623093621.MOV"]
    assert (clip.officer, clip.recorder, clip.sm3) == ("JX0227", "TA00716", sm3(b"a" * 5_000_000))
    assert clip.station_id is None
    assert kinds == ["clip.admitted"] * 2 + ["clip.named"]
    assert count(database, clip_work) == 2
    again = run_import(footage)
    assert {result.outcome for result in again} == {Outcome.KNOWN}
    assert count(database, clips) == 2
    assert count(database, log_entries) == 3


def test_what_is_no_file_is_left_alone(
    run_import: Import, footage: Path, database: Database
) -> None:
    (footage / "real").write_bytes(b"elsewhere")
    (footage / "link.mp4").symlink_to(footage / "real")
    (footage / "loop.mp4").symlink_to(footage)
    (footage / "gone.mp4").symlink_to(footage / "nowhere")
    os.mkfifo(footage / "pipe.mp4")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(footage / "socket.mp4"))
        results = {result.path.name: result for result in run_import(footage)}
    os.mknod(footage / "device.mp4", 0o600 | 0o020000, os.makedev(1, 3))
    [device] = run_import(footage / "device.mp4")
    assert results.pop("real").outcome is Outcome.ARCHIVED
    assert {result.outcome for result in [*results.values(), device]} == {Outcome.SKIPPED}
    for name, word in [("link.mp4", "link"), ("loop.mp4", "link"), ("pipe.mp4", "pipe")]:
        assert word in (results[name].reason or "")
    assert "device" in (device.reason or "")
    assert count(database, clips) == 1


def test_empty_and_unreadable_files_are_refused(run_import: Import, footage: Path) -> None:
    (footage / "empty.mp4").touch()
    results = run_import(footage, footage / "nowhere.mp4")
    assert [(result.path.name, result.outcome) for result in results] == [
        ("empty.mp4", Outcome.REFUSED),
        ("nowhere.mp4", Outcome.REFUSED),
    ]
    assert "empty" in (results[0].reason or "")


@pytest.mark.parametrize("change", ["grows", "shrinks", "is rewritten"])
def test_a_file_that_changes_while_it_is_read_is_refused(
    run_import: Import, footage: Path, database: Database, staging: Staging, change: str
) -> None:
    path = footage / "MOV_0001.mp4"
    path.write_bytes(os.urandom(3 * folder_import.BUFFER_BYTES))

    def disturb(found: Path, at: int, size: int) -> None:
        if at == folder_import.BUFFER_BYTES:
            with path.open("r+b") as file:
                if change == "grows":
                    file.seek(0, os.SEEK_END)
                    file.write(b"more")
                elif change == "shrinks":
                    file.truncate(folder_import.BUFFER_BYTES + 5)
                else:
                    file.write(b"other bytes")
            os.utime(path, ns=(1, 1))

    [result] = run_import(path, progress=disturb)
    assert result.outcome is Outcome.REFUSED
    assert "changed" in (result.reason or "")
    assert count(database, clips) == 0
    assert staging.entries() == []


def test_any_name_is_kept(run_import: Import, footage: Path, database: Database) -> None:
    names = [
        b"line\nbreak.mp4",
        b"\"quotes'.mp4",
        "执法😀.mp4".encode(),
        "执法记录.mp4".encode("gb18030"),
        b"n" * 251 + b".mp4",
        b"\xff\xfe.mp4",
    ]
    for name in names:
        with open(os.path.join(os.fsencode(footage), name), "wb") as file:  # noqa: PTH118, PTH123
            file.write(name)
    assert {result.outcome for result in run_import(footage)} == {Outcome.ARCHIVED}
    with database.read() as tx:
        assert {bytes(raw) for raw in tx.scalars(sa.select(clips.c.name_raw))} == set(names)


def test_a_store_that_fails_ends_the_import_and_the_next_one_adopts_its_object(
    run_import: Import, footage: Path, database: Database, memory_store: MemoryStore
) -> None:
    (footage / "MOV_0001.mp4").write_bytes(b"bytes")

    def fail(operation: str, key: str, phase: str) -> None:
        if (operation, phase) == ("put_file", "after"):
            raise StoreUnavailableError("away")

    memory_store.faults = fail
    with pytest.raises(StoreUnavailableError):
        run_import(footage)
    assert count(database, clips) == 0
    memory_store.faults = lambda *_: None
    assert [result.outcome for result in run_import(footage)] == [Outcome.ARCHIVED]


def test_a_wrong_object_in_the_place_refuses_that_file_and_stops_no_other(
    run_import: Import, footage: Path, database: Database, memory_store: MemoryStore
) -> None:
    (footage / "MOV_0001.mp4").write_bytes(b"bytes")
    (footage / "MOV_0002.mp4").write_bytes(b"sound")
    memory_store.put_bytes(original_key(sha256(b"bytes")), b"other")
    refused, archived = run_import(footage)
    assert (refused.outcome, archived.outcome) == (Outcome.REFUSED, Outcome.ARCHIVED)
    assert "stood there before" in (refused.reason or "")
    assert count(database, clips) == 1


def test_what_the_store_has_lost_is_stored_again(
    run_import: Import, footage: Path, database: Database, memory_store: MemoryStore
) -> None:
    (footage / "MOV_0001.mp4").write_bytes(b"bytes")
    [first] = run_import(footage)
    key = original_key(sha256(b"bytes"))
    lose(memory_store, key)
    [again] = run_import(footage)
    assert (again.outcome, again.clip_id) == (Outcome.ARCHIVED, first.clip_id)
    assert memory_store.read_bytes(key) == b"bytes"
    assert count(database, clips) == 1
    with database.read() as tx:
        kinds = tx.scalars(sa.select(log_entries.c.kind).order_by(log_entries.c.id)).all()
    assert kinds == ["clip.admitted", "clip.restored"]
    assert [result.outcome for result in run_import(footage)] == [Outcome.KNOWN]


def test_a_damaged_object_is_no_known_one(
    run_import: Import, footage: Path, memory_store: MemoryStore
) -> None:
    (footage / "MOV_0001.mp4").write_bytes(b"bytes")
    run_import(footage)
    key = original_key(sha256(b"bytes"))
    lose(memory_store, key)
    memory_store.put_bytes(key, b"byte")
    [result] = run_import(footage)
    assert result.outcome == Outcome.REFUSED
    assert "stood there before" in (result.reason or "")


def test_a_name_is_reported_as_people_read_it(run_import: Import, footage: Path) -> None:
    raw = os.path.join(os.fsencode(footage), "执法记录.mp4".encode("gb18030"))  # noqa: PTH118
    with open(raw, "wb") as file:  # noqa: PTH123
        file.write(b"bytes")
    [result] = run_import(footage)
    # The whole path is decoded at once, so what stands before the name must survive too.
    assert result.name == f"{footage}/执法记录.mp4"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-62_135_596_800, None),  # 0001-01-01
        (-62_135_424_000, None),  # 0001-01-03
        (-62_104_060_800, datetime(2, 1, 1, tzinfo=UTC)),
        (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (9_246_182_400, datetime(2263, 1, 1, tzinfo=UTC)),
        (253_370_764_799, datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (253_402_214_400, None),  # 9999-12-31
        (2**62, None),
    ],
)
@pytest.mark.parametrize("stamp", ["00010101000000", "99991231235959"])
def test_any_time_of_a_file_and_in_its_name_is_taken_in(
    run_import: Import,
    footage: Path,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    seconds: int,
    told: datetime | None,
    stamp: str,
) -> None:
    """Whatever the file system of this test can hold."""
    (footage / f"TA00716_JX0227_{stamp}.MP4").write_bytes(b"x")
    fstat = os.fstat

    def dated(descriptor: int) -> os.stat_result:
        found = fstat(descriptor)
        exact = {"st_mtime": float(seconds), "st_mtime_ns": seconds * 10**9}
        return os.stat_result(tuple(found), exact)

    monkeypatch.setattr(folder_import.os, "fstat", dated)
    [result] = run_import(footage)
    monkeypatch.undo()
    assert result.outcome is Outcome.ARCHIVED
    with database.read() as tx:
        clip = get_clip(tx, str(result.clip_id))  # as the row has it, not altered
    assert (clip.file_modified_at, clip.recorded_at) == (told, None)


def test_a_folder_whose_files_may_not_be_looked_at_stops_no_other(
    run_import: Import, footage: Path
) -> None:
    closed = footage / "a"
    closed.mkdir()
    (closed / "hidden.mp4").write_bytes(b"hidden")
    (footage / "b.mp4").write_bytes(b"good")
    closed.chmod(0o644)  # its names can be read, and nothing behind them
    looked = folder_import.os.lstat

    def lstat(path: Path) -> os.stat_result:
        if Path(path).parent == closed:  # as for an ordinary user; root may look everywhere
            raise PermissionError(13, "Permission denied", str(path))
        return looked(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder_import.os, "lstat", lstat)
        refused, archived = run_import(footage)
    closed.chmod(0o755)
    assert (refused.outcome, refused.path) == (Outcome.REFUSED, closed / "hidden.mp4")
    assert "Permission denied" in (refused.reason or "")
    assert (archived.outcome, archived.path.name) == (Outcome.ARCHIVED, "b.mp4")


def test_a_path_longer_than_the_system_takes_stops_no_other(
    run_import: Import, footage: Path
) -> None:
    (footage / "z.mp4").write_bytes(b"good")
    here, name = os.open(footage, os.O_RDONLY), "d" * 250
    for _ in range(18):
        os.mkdir(name, dir_fd=here)
        deeper = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    try:
        *refused, archived = run_import(footage)
        assert [one.outcome for one in refused] == [Outcome.REFUSED]
        assert "File name too long" in (refused[0].reason or "")
        assert (archived.outcome, archived.path.name) == (Outcome.ARCHIVED, "z.mp4")
    finally:
        subprocess.run(["rm", "-rf", str(footage)], check=True)


# --- homes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "marks",
    [
        ("liuhen.toml", "keys/log.key", "liuhen.db"),
        ("log.key", "receipts.key", "log.pub"),
        ("station.key", "station.log"),
        ("enrolment.json", "journal.db"),
    ],
)
def test_nothing_is_taken_from_a_home(
    run_import: Import,
    footage: Path,
    database: Database,
    memory_store: MemoryStore,
    marks: tuple[str, ...],
) -> None:
    home = footage / "a" / "home"
    for name in marks:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(b"PRIVATE+KEY " + name.encode())
    (footage / "b.mp4").write_bytes(b"good")
    skipped, archived = run_import(footage)
    assert (skipped.outcome, skipped.path) == (Outcome.SKIPPED, home)
    assert "keys in it" in (skipped.reason or "")
    assert archived.outcome == Outcome.ARCHIVED
    link = footage.parent / "link"
    link.symlink_to(home)
    for named in (home, link, home / marks[0], home / marks[1]):
        assert [one.outcome for one in run_import(named)] == [Outcome.SKIPPED]
    assert count(database, clips) == 1
    stored = [found.key for found in memory_store.list("originals/")]
    assert stored == [original_key(sha256(b"good"))]


def test_our_own_home_is_known_under_any_name(
    run_import: Import, footage: Path, database: Database
) -> None:
    ours = footage / "ours"  # with nothing in it that tells
    (ours / "inner").mkdir(parents=True)
    (ours / "inner" / "thing.mp4").write_bytes(b"thing")
    link = footage.parent / "link"
    link.symlink_to(ours)
    for named in (footage, ours, ours / "inner", ours / "inner" / "thing.mp4", link / "inner"):
        assert [one.outcome for one in run_import(named, own=[link])] == [Outcome.SKIPPED]
    assert count(database, clips) == 0


# --- what killed imports leave -------------------------------------------------------------------


def test_what_a_dead_import_left_is_removed_and_a_living_one_s_stays(
    run_import: Import, footage: Path, staging: Staging
) -> None:
    dead, alive = new_id(), new_id()
    staging.path(dead).write_bytes(b"half a file")
    (staging.folder / "notes.part").write_bytes(b"not ours")
    with staging.open(alive, 0) as staged:
        staged.write(b"half a file")
        assert run_import(footage) == []
        assert [entry.upload_id for entry in staging.entries()] == sorted([alive, "notes"])
    run_import(footage)
    assert [entry.upload_id for entry in staging.entries()] == ["notes"]


def test_an_upload_on_its_way_is_no_dead_import(
    run_import: Import,
    footage: Path,
    staging: Staging,
    database: Database,
    clock: FixedClock,
) -> None:
    upload_id, now = new_id(), clock.now()
    with database.write() as tx:
        tx.execute(
            uploads.insert().values(
                id=upload_id,
                size_bytes=10,
                sha256="a" * 64,
                name_raw=b"clip.mp4",
                offset_bytes=4,
                state="receiving",
                created_at=now,
                updated_at=now,
            )
        )
    staging.path(upload_id).write_bytes(b"half")
    run_import(footage)
    assert [entry.upload_id for entry in staging.entries()] == [upload_id]
