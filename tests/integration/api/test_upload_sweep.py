"""The sweep ends what uploads left: finished, given up, or removed."""

import os
import time
from datetime import timedelta

import pytest

from api.services import Services
from custody.actors import service_actor
from custody.object_keys import original_key
from custody.tables import clips
from ingest import receiving, upload_sweep
from storage.errors import StoreUnavailableError
from storage.memory import MemoryStore
from tests.integration.api.archived import DATA, Faults, assert_archived, clip_of, count
from tests.services.station_client import StationClient, sha256


def run_sweep(services: Services, stale_after: timedelta = timedelta(days=7)) -> None:
    upload_sweep.sweep(
        services.receiver,
        services.database,
        services.staging,
        services.clock,
        service_actor("sweep"),
        stale_after=stale_after,
    )


def test_the_sweep_finishes_what_nobody_came_back_for(
    services: Services,
    station: StationClient,
    memory_store: MemoryStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory_store.faults = Faults("put_file", "after", StoreUnavailableError("away"))
    upload = station.begin(DATA)
    assert station.patch(upload, 0, DATA).status_code == 503
    run_sweep(services)
    assert count(services, clips) == 0  # its sender has some seconds to do it
    monkeypatch.setattr(upload_sweep, "FINISH_AFTER", timedelta(0))
    # It is the requests' own receiver, which has hashed these bytes already.
    monkeypatch.setattr(receiving, "hash_prefix", None)
    run_sweep(services)
    assert station.patch(upload, len(DATA), b"").status_code == 204
    assert assert_archived(services, DATA).station_id == station.id


def test_the_sweep_gives_up_what_is_stale_and_keeps_the_rest(
    services: Services, station: StationClient
) -> None:
    upload = station.begin(DATA)
    station.patch(upload, 0, DATA[:1000])
    run_sweep(services)
    assert station.offset(upload) == 1000
    run_sweep(services, stale_after=timedelta(0))
    assert station.head(upload).status_code == 410
    assert services.staging.entries() == []


def test_one_bad_upload_does_not_hold_up_the_others(
    services: Services,
    station: StationClient,
    memory_store: MemoryStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upload_sweep, "FINISH_AFTER", timedelta(0))
    bad, good = DATA + b"bad", DATA + b"good"
    memory_store.put_bytes(original_key(sha256(bad)), b"something else")
    for data in (bad, good):
        if data is good:
            memory_store.faults = Faults("open", "before", StoreUnavailableError("away"))
        assert station.patch(station.begin(data), 0, data).status_code >= 500
    run_sweep(services)
    assert clip_of(services, good).size_bytes == len(good)
    assert [entry.size_bytes for entry in services.staging.entries()] == [len(bad)]


def test_staged_bytes_that_nobody_speaks_of_are_removed_a_day_later(
    services: Services, station: StationClient
) -> None:
    station.patch(station.begin(DATA), 0, DATA[:10])
    stray = services.staging.path("01939b7e-0000-7000-8000-000000000000")
    stray.write_bytes(b"of an import that was killed")
    (services.staging.folder / "not-ours.part").touch()
    run_sweep(services)
    assert stray.exists()
    old = time.time() - 2 * 86_400
    for path in services.staging.folder.iterdir():
        os.utime(path, (old, old))
    run_sweep(services)
    assert not stray.exists()
    assert len(services.staging.entries()) == 2  # the upload under way, and what is not ours
