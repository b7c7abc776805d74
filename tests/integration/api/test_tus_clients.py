"""Other people's tus clients against our server: tuspy and npm's tus-js-client."""

import json
import os
import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from api.services import Services
from custody.clips import find_clip_by_digest
from storage.memory import MemoryStore
from tests.services.station_client import StationClient, sha256

DRIVER = Path(__file__).parents[2] / "tus_js" / "upload.mjs"
NODE_FROM_WHEEL = Path(__file__).parents[3] / ".venv" / "bin" / "node"
DATA = os.urandom(24 << 20)


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    path = tmp_path / "MOV_0001.mp4"
    path.write_bytes(DATA)
    return path


def assert_archived(services: Services, memory_store: MemoryStore, data: bytes = DATA) -> None:
    with services.database.read() as tx:
        clip = find_clip_by_digest(tx, sha256(data))
    assert clip is not None
    assert memory_store.read_bytes(clip.object_key) == data
    assert services.staging.entries() == []


# --- tuspy ---------------------------------------------------------------------------------------


def tuspy(station: StationClient) -> TusClient:
    headers = {"Authorization": f"Bearer {station.bearer}"}
    return TusClient(str(station.http.base_url.join("/api/uploads")), headers)


def test_tuspy_uploads_in_chunks_with_checksums(
    services: Services, station: StationClient, memory_store: MemoryStore
) -> None:
    uploader = tuspy(station).uploader(
        file_stream=BytesIO(DATA),
        chunk_size=5 << 20,
        metadata={"filename": "执法记录.mp4", "sha256": sha256(DATA)},
        upload_checksum=True,
    )
    uploader.upload()
    assert uploader.offset == len(DATA)
    assert_archived(services, memory_store)


def test_tuspy_goes_on_after_an_interrupted_patch(
    services: Services, station: StationClient, memory_store: MemoryStore
) -> None:
    upload = station.begin(DATA)
    station.send_part(upload, DATA[:7_000_001], len(DATA)).close()
    station.wait_for_offset(upload, 7_000_001)
    url = str(station.http.base_url.join(upload))
    uploader = tuspy(station).uploader(file_stream=BytesIO(DATA), url=url)
    assert uploader.offset == 7_000_001
    uploader.upload()
    assert_archived(services, memory_store)


def test_tuspy_is_told_of_duplicates_and_wrong_digests(
    services: Services, station: StationClient, memory_store: MemoryStore
) -> None:
    client = tuspy(station)
    announced = {"filename": "a.mp4", "sha256": sha256(DATA)}
    client.uploader(file_stream=BytesIO(DATA), metadata=announced).upload()
    # tuspy begins at 0, is told the true offset and finds that there is nothing left to send.
    again = client.uploader(file_stream=BytesIO(DATA), metadata=announced, retries=1, retry_delay=0)
    again.upload()
    assert again.offset == len(DATA)
    wrong = client.uploader(file_stream=BytesIO(DATA), metadata=announced | {"sha256": "0" * 64})
    with pytest.raises(TusUploadFailed) as refused:
        wrong.upload()
    assert refused.value.status_code == 460
    with pytest.raises(TusCommunicationError):
        client.uploader(file_stream=BytesIO(DATA), metadata={"filename": "a.mp4"}).upload()
    assert_archived(services, memory_store)


# --- tus-js-client -------------------------------------------------------------------------------


def tus_js(station: StationClient, footage: Path, **order: Any) -> dict[str, Any]:
    """Let tus-js-client carry out ``order``; what it says in the end."""
    whole = {
        "endpoint": str(station.http.base_url.join("/api/uploads")),
        "file": str(footage),
        "headers": {"Authorization": f"Bearer {station.bearer}"},
        "metadata": {"filename": "执法记录😀.mp4", "sha256": sha256(footage.read_bytes())},
    } | order
    done = subprocess.run(
        [shutil.which("node") or NODE_FROM_WHEEL, DRIVER, json.dumps(whole)],
        capture_output=True,
        check=True,
        timeout=120,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_tus_js_uploads_and_finds_duplicates(
    services: Services, station: StationClient, memory_store: MemoryStore, footage: Path
) -> None:
    first = tus_js(station, footage)
    assert first["outcome"] == "done", first
    assert_archived(services, memory_store)
    second = tus_js(station, footage)
    assert second["outcome"] == "done", second
    assert second["url"] != first["url"]
    assert_archived(services, memory_store)


def test_tus_js_goes_on_after_an_interrupted_patch(
    services: Services, station: StationClient, memory_store: MemoryStore, footage: Path
) -> None:
    data = DATA * 4  # more than sockets and buffers hold, so that there is a middle to stop in
    footage.write_bytes(data)
    broken = tus_js(station, footage, abortAfter=6 << 20)
    assert broken["outcome"] == "aborted", broken
    assert services.staging.entries() != []
    resumed = tus_js(station, footage, uploadUrl=broken["url"], chunkSize=16 << 20)
    assert (resumed["outcome"], resumed["url"]) == ("done", broken["url"]), resumed
    assert_archived(services, memory_store, data)


def test_tus_js_terminates_and_is_told_of_wrong_digests(
    services: Services, station: StationClient, memory_store: MemoryStore, footage: Path
) -> None:
    # In pieces, so that there is something left to give up however quick the server is.
    given_up = tus_js(station, footage, chunkSize=1 << 20, abortAfter=6 << 20, terminate=True)
    assert given_up["outcome"] == "aborted", given_up
    assert station.head(given_up["url"]).status_code == 410
    wrong = tus_js(station, footage, metadata={"filename": "a.mp4", "sha256": "0" * 64})
    assert (wrong["outcome"], wrong["status"]) == ("failed", 460), wrong
    assert services.staging.entries() == []
    overridden = tus_js(station, footage, override=True, chunkSize=10 << 20)
    assert overridden["outcome"] == "done", overridden
    assert_archived(services, memory_store)
