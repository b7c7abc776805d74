"""A station's cosignature is taken if its enrolled key signed a checkpoint published here."""

import httpx
import pytest

from api.services import Services
from custody.actors import service_actor
from custody.log.checkpoint import Checkpoint
from custody.log.cosignature import Cosigner
from custody.log.note import NoteSigner
from custody.publishing.published import newest_checkpoint
from custody.witnesses import cosignatures
from custody.witnesses.cosignatures import KeptCosignature
from ingest import stations
from tests.services.station_client import StationClient, enrolled_station, new_station_key

TIME = 1_790_000_000


def newest(services: Services) -> Checkpoint:
    services.publisher.run_once()
    with services.database.read() as tx:
        found = newest_checkpoint(tx)
    assert found is not None
    return Checkpoint(services.config.origin, found.size, found.root)


def line_of(key: NoteSigner, checkpoint: Checkpoint, at: int = TIME) -> str:
    return Cosigner(key.name, key.private).cosign(checkpoint.encode(), at)


def post(station: StationClient, size: object, line: object) -> httpx.Response:
    body = {"size": size, "cosignature": line}
    return station.http.post("/api/stations/cosignatures", json=body)


def kept(services: Services, size: int) -> list[KeptCosignature]:
    with services.database.read() as tx:
        return cosignatures.of_checkpoint(tx, size)


def test_it_is_kept_once_with_who_brought_it(services: Services, station: StationClient) -> None:
    checkpoint = newest(services)
    for at in (TIME, TIME + 1):
        line = line_of(station.key, checkpoint, at)
        assert post(station, checkpoint.size, line).status_code == 204
    [one] = kept(services, checkpoint.size)
    assert (one.cosigned_at, one.station_id, one.root) == (TIME, station.id, checkpoint.root)
    signed = cosignatures.open_kept(one, services.config.origin)
    assert signed.cosignature.verifier.public == station.key.verifier.public
    with services.database.read() as tx:
        [newest_kept] = cosignatures.newest_by_key(tx).values()
    assert (newest_kept.size, newest_kept.station_id) == (checkpoint.size, station.id)


def test_nothing_else_is_taken(services: Services, station: StationClient) -> None:
    checkpoint = newest(services)
    size, good = checkpoint.size, line_of(station.key, checkpoint)
    other_tree = Checkpoint(checkpoint.origin, size, bytes(32))
    other_log = Checkpoint("other.example/log", size, checkpoint.root)
    for line in (
        line_of(new_station_key(), checkpoint),
        line_of(services.keys.log, checkpoint),
        line_of(station.key, other_tree),
        line_of(station.key, other_log),
        station.key.sign(checkpoint.encode()),  # of the right key, as another type of signature
        good.rstrip("\n"),
        good + good,
        "\n" + good,
        "\ud7ff",
        "x" * 1024,
    ):
        answer = post(station, size, line)
        assert answer.status_code == 409, line
        assert "cosignature" in answer.json()["detail"]
    for wrong in (size + 1, 2**62):
        assert post(station, wrong, good).status_code == 409
    for no_size in (0, -1, 2**63, 1.5, True, None, "1"):
        assert post(station, no_size, good).status_code == 400
    for no_text in ("", None, 5, "x" * 1025):
        assert post(station, size, no_text).status_code == 400
    assert kept(services, size) == []


def test_it_is_of_the_station_that_brings_it(
    services: Services, station: StationClient, address: str
) -> None:
    other = enrolled_station(services, address, "采集站 2")
    checkpoint = newest(services)
    line = line_of(other.key, checkpoint)
    assert post(station, checkpoint.size, line).status_code == 409
    assert post(other, checkpoint.size, line).status_code == 204
    other.http.close()


def test_a_revoked_station_cosigns_no_more(services: Services, station: StationClient) -> None:
    checkpoint = newest(services)
    line = line_of(station.key, checkpoint)
    with services.database.write() as tx:
        stations.revoke(tx, services.ledger, services.clock, service_actor("test"), station.id)
    assert post(station, checkpoint.size, line).status_code == 401
    assert kept(services, checkpoint.size) == []


@pytest.mark.parametrize("size", [0, 1])
def test_before_anything_is_published(
    services: Services, station: StationClient, size: int
) -> None:
    checkpoint = Checkpoint(services.config.origin, 1, bytes(32))
    answer = post(station, size, line_of(station.key, checkpoint))
    assert answer.status_code == (409 if size else 400)
