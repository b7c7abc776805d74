"""A verification found other bytes under an original's digest: nothing is promised of it any more
until they have come again and were read back."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from api.services import Services
from api.verification_runs import context_of, record
from custody.actors import service_actor
from custody.clips import Clip
from custody.events import clip_item
from custody.history import is_condemned
from custody.tables import clips, log_entries, receipts
from custody.verification.context import EVERYTHING, Selection
from custody.verification.run import verify_all
from ingest.folder_import import Outcome, import_paths
from storage.memory import MemoryStore, no_faults
from tests.integration.api.archived import DATA, assert_archived, clip_of, kinds_of
from tests.integration.api.docked import DockedStation
from tests.services.station_client import StationClient, lose

#: As long as the original, so that only reading it tells the two apart.
OTHER = bytes(len(DATA))


@pytest.fixture
def upload(services: Services, station: StationClient) -> str:
    """The upload of a clip whose station has its receipt."""
    upload = station.begin(DATA)
    station.patch(upload, 0, DATA)
    services.publisher.run_once()
    assert station.http.get(f"{upload}/receipt").status_code == 200
    return upload


def put(store: MemoryStore, clip: Clip, data: bytes) -> None:
    """What no rule allows, and disks and insiders do."""
    lose(store, clip.object_key)
    store.put_bytes(clip.object_key, data)


def verify(services: Services, selection: Selection = EVERYTHING) -> int:
    """Verify and record it as the service does; the findings."""
    report = verify_all(context_of(services), selection)
    assert record(services, service_actor("test"), selection, report) == ""
    return report.finding_count


def condemned(services: Services, clip: Clip) -> bool:
    with services.database.read() as tx:
        return is_condemned(tx, clip.id)


@pytest.mark.parametrize("one", [False, True])
def test_what_a_verification_condemned_must_come_again(
    services: Services, station: StationClient, memory_store: MemoryStore, upload: str, one: bool
) -> None:
    clip = clip_of(services, DATA)
    put(memory_store, clip, OTHER)
    assert verify(services, Selection(frozenset({clip.id})) if one else EVERYTHING)
    assert condemned(services, clip)
    assert station.http.get(f"{upload}/receipt").status_code == 410
    again = station.begin(DATA)
    assert station.offset(again) == 0
    answer = station.patch(again, 0, DATA)
    assert (answer.status_code, answer.json()["error"]) == (500, "read_back")
    assert station.http.get(f"{again}/receipt").status_code == 202
    # Somebody puts the right bytes back; the staged ones need not be sent once more.
    put(memory_store, clip, DATA)
    assert station.patch(again, len(DATA), b"").status_code == 204
    assert kinds_of(services, clip) == ["clip.admitted", "verification.run", "clip.restored"]
    assert not condemned(services, clip)
    services.publisher.run_once()
    assert station.http.get(f"{again}/receipt").status_code == 200
    assert station.http.get(f"{upload}/receipt").status_code == 200
    assert_archived(services, DATA)
    assert verify(services) == 0


def test_a_verification_that_held_since_takes_it_back(
    services: Services, station: StationClient, memory_store: MemoryStore, upload: str
) -> None:
    clip = clip_of(services, DATA)
    put(memory_store, clip, OTHER)
    assert verify(services, Selection(frozenset({clip.id})))
    put(memory_store, clip, DATA)
    assert condemned(services, clip)
    assert verify(services, Selection(frozenset({clip.id}))) == 0
    assert not condemned(services, clip)
    assert station.http.get(f"{upload}/receipt").status_code == 200


def test_an_import_of_what_was_condemned_reads_it_back_too(
    services: Services, memory_store: MemoryStore, upload: str, tmp_path: Path
) -> None:
    clip = clip_of(services, DATA)
    put(memory_store, clip, OTHER)
    assert verify(services)
    put(memory_store, clip, DATA)
    path = tmp_path / "MOV_0001.mp4"
    path.write_bytes(DATA)
    (result,) = import_paths(
        services.database,
        services.store,
        services.staging,
        services.ledger,
        services.clock,
        service_actor("test"),
        [path],
        lambda *_: None,
        zone=services.config.zone,
        lock_days=1,
    )
    assert (result.outcome, result.clip_id) == (Outcome.ARCHIVED, clip.id)
    assert kinds_of(services, clip) == ["clip.admitted", "verification.run", "clip.restored"]


def test_what_is_condemned_while_it_is_read_back_is_read_back_again(
    services: Services, station: StationClient, memory_store: MemoryStore, upload: str
) -> None:
    """A verification may have read the object before it was mended, and say so after."""
    clip = clip_of(services, DATA)
    put(memory_store, clip, OTHER)
    assert verify(services)
    again = station.begin(DATA)
    assert station.patch(again, 0, DATA).status_code == 500
    opened = []

    def condemn_meanwhile(operation: str, key: str, phase: str) -> None:
        if (operation, key, phase) != ("open", clip.object_key, "before"):
            return
        opened.append(key)
        if len(opened) == 1:
            memory_store.faults = no_faults
            put(memory_store, clip, OTHER)
            assert verify(services, Selection(frozenset({clip.id})))
            put(memory_store, clip, DATA)
            memory_store.faults = condemn_meanwhile

    memory_store.faults = condemn_meanwhile
    assert station.patch(again, len(DATA), b"").status_code == 204
    assert len(opened) == 2
    runs = ["verification.run"] * 2
    assert kinds_of(services, clip) == ["clip.admitted", *runs, "clip.restored"]
    assert not condemned(services, clip)


def test_an_altered_entry_takes_nothing_back(
    services: Services, memory_store: MemoryStore, upload: str
) -> None:
    clip = clip_of(services, DATA)
    put(memory_store, clip, OTHER)
    assert verify(services, Selection(frozenset({clip.id})))
    put(memory_store, clip, DATA)
    assert verify(services, Selection(frozenset({clip.id}))) == 0
    newest = sa.select(sa.func.max(log_entries.c.item_seq)).where(
        log_entries.c.item == clip_item(clip.id)
    )
    with services.database.write() as tx:
        tx.execute(
            log_entries.update()
            .where(
                log_entries.c.item == clip_item(clip.id),
                log_entries.c.item_seq == newest.scalar_subquery(),
            )
            .values(leaf_hash=bytes(32))
        )
    assert condemned(services, clip)


def test_the_agent_keeps_a_file_whose_original_was_altered(
    services: Services, address: str, memory_store: MemoryStore, tmp_path: Path
) -> None:
    docked = DockedStation.enrolled(services, address, tmp_path, {"MOV_0001.mp4": DATA})
    assert docked.scan() == {"received": 1}
    clip = clip_of(services, DATA)
    put(memory_store, clip, OTHER)
    assert verify(services)
    # The station lost its journal, or another one has the same file.
    docked.config.journal_file.unlink()
    assert docked.scan() == {"sending": 1}
    (file,) = docked.files()
    assert "not what was stored" in (file.reason or "")
    put(memory_store, clip, DATA)
    assert docked.scan() == {"received": 1}
    assert_archived(services, DATA)


def test_no_word_is_signed_for_a_row_that_somebody_altered(
    services: Services, station: StationClient
) -> None:
    altered, sound = station.begin(DATA), station.begin(OTHER)
    station.patch(altered, 0, DATA)
    station.patch(sound, 0, OTHER)
    clip = clip_of(services, DATA)
    with services.database.write() as tx:
        tx.execute(clips.update().where(clips.c.id == clip.id).values(sm3="0" * 64))
    services.publisher.run_once()
    answer = station.http.get(f"{altered}/receipt")
    assert (answer.status_code, answer.json()["error"]) == (409, "clip_altered")
    assert station.http.get(f"{sound}/receipt").status_code == 200
    with services.database.read() as tx:
        issued = list(tx.scalars(sa.select(receipts.c.clip_id)))
    assert issued == [clip_of(services, OTHER).id]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "change",
    [
        *(f"details = {cell}" for cell in ("'[1'", "'5'", "x'ff'", f"'{'[' * 100_000}'")),
        *("salt = 'abc'", "salt = x'00'", "entry = 'abc'", "entry = x'ff'", "idx = -5"),
        "details_destroyed_at = 'zz'",
    ],
    ids=lambda change: change[:24],
)
def test_an_altered_entry_gets_no_receipt(
    services: Services, station: StationClient, change: str
) -> None:
    """SQLite keeps any type in any column."""
    upload = station.begin(DATA)
    station.patch(upload, 0, DATA)
    services.publisher.run_once()
    with services.database.write() as tx:
        tx.execute(sa.text(f"UPDATE log_entries SET {change} WHERE kind = 'clip.admitted'"))
    answer = station.http.get(f"{upload}/receipt")
    assert (answer.status_code, answer.json()["error"]) == (409, "clip_altered")


@pytest.mark.parametrize(
    "values",
    [{"sm3": "x"}, {"object_key": "/etc/passwd"}, {"object_key": "originals/../../liuhen.db"}],
    ids=str,
)
def test_a_row_that_names_what_can_be_no_object_is_not_acted_on(
    services: Services, station: StationClient, upload: str, values: dict[str, str]
) -> None:
    with services.database.write() as tx:
        tx.execute(clips.update().values(values))
    for answer in (station.http.get(f"{upload}/receipt"), station.announce(DATA)):
        assert (answer.status_code, answer.json()["error"]) == (409, "clip_altered")
