"""The server and a signer of its own: away, refusing, and back; whatever it does is told."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.services import Services, compose
from api.signing import own_signer
from api.verification_runs import context_of
from api.worker import Worker
from custody.errors import KeyMissingError
from custody.publishing.published import newest_checkpoint
from custody.publishing.signer_desk import SignerDesk
from custody.publishing.signer_server import UnixSignerServer
from custody.verification.run import verify_all
from tests.services.custody import append_events
from tests.services.house import PASSWORD, House
from tests.services.http_server import client_of, serving


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def key_folder(house: House, tmp_path: Path) -> Path:
    """The log's key and the memory of what it signed, taken away from the server."""
    folder = tmp_path / "signer" / "keys"
    folder.mkdir(parents=True)
    keys = house.services.config.keys_folder
    for name in ("log.key", "signer-state.json"):
        (keys / name).rename(folder / name)
    return folder


@pytest.fixture
def services(house: House, key_folder: Path) -> Services:
    """The server's, with the public half of the log's key."""
    config = replace(
        house.services.config,
        signer=f"unix:{key_folder.parent}/signer.sock",
        media_workers=0,
        publish_interval_s=0.02,
    )
    return compose(config, house.services.database, house.services.store, house.services.clock)


@contextmanager
def signing(house: House, key_folder: Path) -> Iterator[None]:
    """The signer, with keys that no server has loaded from its folder."""
    config = replace(house.services.config, home=key_folder.parent)
    signer = own_signer(config, house.services.keys.log)
    path = key_folder.parent / "signer.sock"
    with UnixSignerServer(SignerDesk(signer, house.services.store), path) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        yield
        server.shutdown()
        thread.join()


def published(services: Services) -> int:
    with services.database.read() as tx:
        newest = newest_checkpoint(tx)
    return 0 if newest is None else newest.size


def append(services: Services) -> None:
    with services.database.write() as tx:
        append_events(tx, services.ledger, ["log"])


def test_away_then_there_then_refusing(house: House, services: Services, key_folder: Path) -> None:
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
            with signing(house, key_folder):
                wait_for(lambda: published(services) > before)
                wait_for(lambda: not services.failing)
                assert health(client, 200)["signer"]["trouble"] is None
                page = client.get("/log").text
                assert "由单独的签名程序签名" in page
                assert "签名程序没有应答" not in page
                report = verify_all(context_of(services))
                assert (report.findings, report.unchecked) == ([], [])
                # 3. It can't read its own memory: it signs nothing, and says why.
                state = key_folder / "signer-state.json"
                memory = state.read_text()
                state.write_text("{")
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
                state.write_text(memory)
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
    services: Services, key_folder: Path
) -> None:
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
