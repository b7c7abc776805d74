"""The log as files for everybody, and whether the service says how it is."""

import httpx
import pytest

from api.services import Services
from custody.actors import service_actor
from custody.events import EventKind
from custody.ledger import Event
from custody.log.checkpoint import open_checkpoint
from custody.log.merkle import prove_inclusion, verify_inclusion
from custody.log.tiles import TileReader
from custody.object_keys import cosignature_key
from tests.services.http_server import client_of


@pytest.fixture
def http(address: str) -> httpx.Client:
    with client_of(address) as client:
        yield client  # type: ignore[misc]


def publish(services: Services, entries: int) -> None:
    actor = service_actor("test")
    events = [Event(EventKind.SERVICE_STARTED, "service") for _ in range(entries)]
    with services.database.write() as tx:
        services.ledger.append_many(tx, actor, events)
    services.publisher.run_once()


def test_a_stranger_can_check_the_whole_tree(services: Services, http: httpx.Client) -> None:
    assert http.get("/log/checkpoint").status_code == 404
    publish(services, 300)
    answer = http.get("/log/checkpoint")
    assert answer.headers["Content-Type"].startswith("text/plain")
    checkpoint = open_checkpoint(answer.text, services.keys.log.verifier)
    assert checkpoint.size == 300

    def fetch(path: str) -> bytes:
        found = http.get(f"/log/{path}")
        assert found.status_code == 200, path
        return found.content

    reader = TileReader(fetch, checkpoint.size)
    for index in (0, 255, 256, 299):
        proof = prove_inclusion(index, checkpoint.size, reader.read)
        leaf = reader.leaf_hash(index)
        verify_inclusion(index, checkpoint.size, leaf, proof, checkpoint.root)
        assert b"service.started" in reader.entry(index)


def test_full_tiles_may_be_kept_and_partial_ones_not_for_long(
    services: Services, http: httpx.Client
) -> None:
    publish(services, 300)
    full = http.get("/log/tile/0/000")
    partial = http.get("/log/tile/0/001.p/44")
    assert "immutable" in full.headers["Cache-Control"]
    assert "immutable" not in partial.headers["Cache-Control"]
    assert (len(full.content), len(partial.content)) == (256 * 32, 44 * 32)
    assert http.head("/log/tile/entries/000").headers["Content-Type"] == "application/octet-stream"
    assert "immutable" not in http.get("/log/checkpoint").headers["Cache-Control"]


NO_TILES = (
    "tile/0/001",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/007",
    "tile/0/0",
    "tile/0/x000/000",
    "tile/00/000",
    "tile/8/000",
    "tile/-1/000",
    "tile/entries/000.p/",
    "tile/%2e%2e/checkpoint",
    "tile/0/..%2f..%2foriginals",
    "tile/0/000%00",
    "tile/0/000%0a",
    "tile/0/٠٠٠",
    "tile/",
    "tile//0/000",
    "checkpoints/000000000300",
    f"cosignatures/000000000010/{'0' * 64}",
    f"cosignatures/10/{'ab' * 32}",
    "cosignatures/000000000010/..%2f..%2fcheckpoint",
    "originals/aa",
)


def test_no_other_path_is_served(services: Services, http: httpx.Client) -> None:
    publish(services, 10)
    for path in NO_TILES:
        assert http.get(f"/log/{path}").status_code == 404, path


def test_what_was_cosigned_is_served_to_everybody(services: Services, http: httpx.Client) -> None:
    publish(services, 10)
    key = cosignature_key(10, "ab" * 32)
    services.store.put_bytes(key, b"as it was signed")
    answer = http.get(f"/{key}")
    assert (answer.status_code, answer.content) == (200, b"as it was signed")
    assert "immutable" in answer.headers["Cache-Control"]
    assert http.head(f"/{key}").headers["Content-Type"].startswith("text/plain")
