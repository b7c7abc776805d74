"""The commit point: what is archived is read back, and registered once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from custody.actors import Actor
from custody.clock import FixedClock
from custody.ledger import Ledger
from custody.object_keys import original_key
from custody.tables import clips, log_entries
from ingest.admission import Original, archive, register, stands
from ingest.errors import ReadBackError
from ingest.tables import clip_work
from storage.database import Database
from storage.local import LocalStore
from storage.memory import MemoryStore
from tests.services.station_client import sha256, sm3

DATA = b"evidence" * 1000
KEY = original_key(sha256(DATA))
UNTIL = datetime.now(UTC).replace(microsecond=0) + timedelta(days=180)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def original(**changes: object) -> Original:
    values: dict[str, object] = {
        "sha256": sha256(DATA),
        "sm3": sm3(DATA),
        "size_bytes": len(DATA),
        "name_raw": b"DCAM_CAM001_000001_20260804_100000_IMP.mp4",
    }
    return Original(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "staged"
    path.write_bytes(DATA)
    return path


def test_an_original_is_stored_under_its_digest_and_locked(
    memory_store: MemoryStore, source: Path
) -> None:
    archive(memory_store, source, original(), UNTIL)
    assert memory_store.read_bytes(KEY) == DATA
    assert memory_store.stat(KEY).retain_until == UNTIL


def test_what_stands_there_already_is_adopted_if_it_is_right(
    memory_store: MemoryStore, source: Path
) -> None:
    archive(memory_store, source, original(), UNTIL)
    archive(memory_store, source, original(), UNTIL)
    memory_store = MemoryStore()
    memory_store.put_bytes(KEY, DATA + b"!")
    with pytest.raises(ReadBackError, match="stood there before"):
        archive(memory_store, source, original(), UNTIL)


def test_what_comes_back_changed_is_an_error(local_store: LocalStore, source: Path) -> None:
    # The bytes change between hashing and storing, as on a disk that forgets.
    source.write_bytes(DATA[:-1] + b"?")
    with pytest.raises(ReadBackError, match="just stored"):
        archive(local_store, source, original(), UNTIL)


def test_a_registered_original_is_a_clip_with_entry_and_work(
    database: Database, ledger: Ledger, clock: FixedClock, operator: Actor
) -> None:
    with database.write() as tx:
        clip, created = register(tx, ledger, clock, operator, original(), SHANGHAI)
        again, created_again = register(
            tx, ledger, clock, operator, original(name_raw=b"x"), SHANGHAI
        )
    assert (created, created_again, again) == (True, False, clip)
    assert (clip.recorder, clip.officer, clip.important) == ("CAM001", "000001", True)
    assert clip.recorded_at == datetime(2026, 8, 4, 2, tzinfo=UTC)
    with database.read() as tx:
        assert tx.scalars(sa.select(log_entries.c.kind)).all() == [
            "clip.admitted",
            "clip.named",
        ]
        assert tx.scalars(sa.select(clip_work.c.clip_id)).all() == [clip.id]


@pytest.mark.parametrize("name", [b"", b"\xff\x00\xed\xa0\x80", b"n" * 4096])
def test_a_name_that_says_nothing_is_no_obstacle(
    database: Database, ledger: Ledger, clock: FixedClock, operator: Actor, name: bytes
) -> None:
    with database.write() as tx:
        clip, _ = register(tx, ledger, clock, operator, original(name_raw=name), SHANGHAI)
    with database.read() as tx:
        row = tx.execute(sa.select(clips)).one()
    assert bytes(row.name_raw) == name
    assert (clip.officer, clip.recorder, clip.recorded_at) == (None, None, None)


def test_only_a_whole_object_stands(
    database: Database,
    ledger: Ledger,
    clock: FixedClock,
    operator: Actor,
    memory_store: MemoryStore,
    source: Path,
) -> None:
    with database.write() as tx:
        clip, _ = register(tx, ledger, clock, operator, original(), SHANGHAI)
    assert not stands(memory_store, clip, condemned=False)
    assert archive(memory_store, source, original(), UNTIL)
    assert stands(memory_store, clip, condemned=False)
    assert not archive(memory_store, source, original(), UNTIL)
    cut = MemoryStore()
    cut.put_bytes(KEY, DATA[:-1])
    assert not stands(cut, clip, condemned=False)
