"""The server and a signer of its own: away, refusing, and back; whatever it does is told."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.services import Services, compose, open_services
from api.verification_runs import context_of
from api.worker import Worker
from custody.errors import KeyHeldError, KeyMissingError
from custody.publishing.key_lock import KeyLock
from custody.publishing.published import newest_checkpoint
from custody.verification.run import verify_all
from tests.services.custody import append_events
from tests.services.house import PASSWORD, House
from tests.services.http_server import client_of, serving
from tests.services.signers import SignerHome, part_signer


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def parted(house: House, tmp_path: Path) -> tuple[Services, SignerHome]:
    """The server's services with the public half of the log's key, and who has the key."""
    config, signer = part_signer(house.services.config, tmp_path / "signer")
    config = replace(config, media_workers=0, publish_interval_s=0.02)
    now = house.services
    return compose(config, now.database, now.store, now.clock), signer


def published(services: Services) -> int:
    with services.database.read() as tx:
        newest = newest_checkpoint(tx)
    return 0 if newest is None else newest.size


def append(services: Services) -> None:
    with services.database.write() as tx:
        append_events(tx, services.ledger, ["log"])


def test_away_then_there_then_refusing(parted: tuple[Services, SignerHome]) -> None:
    services, signer = parted
    before = published(services)
    worker = Worker(services)
    with serving(create_app(services)) as address, client_of(address) as client:
        client.post("/sign-in", data={"name": "bob", "password": PASSWORD})
        worker.start()
        try:
            # 1. Nobody answers: what is done is kept, nothing is published, and it is told.
            append(services)
            wait_for(lambda: "publisher" in services.failing)
            assert published(services) == before
            told = health(client, 503)
            assert told["signer"]["separate"] is True
            assert told["signer"]["trouble"] == "away"
            assert told["signer"]["standing_still_s"] >= 0
            assert any(
                one.startswith("signer: does not answer since 2") for one in told["problems"]
            )
            page = client.get("/log").text
            assert "签名程序没有应答" in page
            assert "刚刚" in page
            unchecked = verify_all(context_of(services)).unchecked
            assert [one.subject for one in unchecked] == ["signer"]
            # 2. It comes back: everything is published, nothing is told any more.
            with signer.listening():
                wait_for(lambda: published(services) > before)
                wait_for(lambda: not services.failing)
                assert health(client, 200)["signer"]["trouble"] is None
                page = client.get("/log").text
                assert "由单独的签名程序签名" in page
                assert "签名程序没有应答" not in page
                report = verify_all(context_of(services))
                assert (report.findings, report.unchecked) == ([], [])
                # 3. It can't read its own memory: it signs nothing, and says why.
                memory = signer.state.read_text()
                signer.state.write_text("{")
                size = published(services)
                wait_for(lambda: "publisher" in services.failing)
                told = health(client, 503)
                assert told["signer"]["trouble"] == "refuses"
                assert any(one.startswith("signer: refuses") for one in told["problems"])
                assert "signer-state" not in str(told)
                page = client.get("/log").text
                assert "签名记录读不出来" in page
                assert 'id="signer-refuses" role="alert"' in page
                append(services)
                signer.state.write_text(memory)
                wait_for(lambda: published(services) > size)
        finally:
            worker.stop()


def health(client: httpx.Client, status: int) -> dict[str, Any]:
    answer = client.get("/healthz")
    assert answer.status_code == status
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_without_the_public_half_or_its_own_key_does_not_start(
    parted: tuple[Services, SignerHome],
) -> None:
    services, _ = parted
    for name in ("receipts.key", "log.pub"):
        (services.config.keys_folder / name).unlink()
        with pytest.raises(KeyMissingError, match=name):
            compose(services.config, services.database, services.store, services.clock)
    # None was made anew, and without the setting it asks for the key that was taken away.
    with pytest.raises(KeyMissingError, match=r"log\.key"):
        compose(
            replace(services.config, signer=""),
            services.database,
            services.store,
            services.clock,
        )
    assert not (services.config.keys_folder / "log.key").exists()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_copy_is_verified_without_its_signer(parted: tuple[Services, SignerHome]) -> None:
    services, _ = parted
    (services.config.keys_folder / "receipts.key").unlink()
    with open_services(services.config, read_only=True) as copy:
        report = verify_all(context_of(copy))
    assert (report.findings, report.unchecked) == ([], [])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_that_signs_beside_a_signer_is_told_so(house: House) -> None:
    """Somebody forgot the setting, and the key is where both can read it."""
    services = house.services
    worker = Worker(replace(services, config=replace(services.config, media_workers=0)))
    append(services)
    before = published(services)
    with (
        KeyLock(services.config.keys_folder).hold(),
        serving(create_app(services)) as address,
        client_of(address) as client,
    ):
        client.post("/sign-in", data={"name": "bob", "password": PASSWORD})
        with pytest.raises(KeyHeldError):
            worker._publish("publisher")
        assert "另有签名程序正在用这把密钥" in client.get("/log").text
    assert published(services) == before
    worker._publish("publisher")
    assert published(services) > before
    assert services.signer_watch.standstill is None
