"""Which address the log names: the one that connected, unless a proxy is trusted by name."""

import socket
import threading
import time
from pathlib import Path

import httpx
import pytest
import uvicorn

from api.app import create_app
from api.cli.serving import web_settings
from custody.events import ANONYMOUS_ITEM
from custody.history import history_of
from tests.services.house import open_house

FORGED = "203.0.113.7"


@pytest.mark.parametrize(
    ("trusted", "origin"),
    [("", "127.0.0.1"), ("192.0.2.1", "127.0.0.1"), ("192.0.2.1, 127.0.0.1", FORGED)],
)
def test_a_forwarded_address_counts_from_a_trusted_proxy_only(
    tmp_path: Path, trusted: str, origin: str
) -> None:
    with (
        open_house(tmp_path / "home", trusted_proxies=trusted) as house,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        services = house.services
        server = uvicorn.Server(web_settings(create_app(services), services.config, "info"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        answer = httpx.post(
            f"http://127.0.0.1:{listener.getsockname()[1]}/sign-in",
            data={"name": "nobody", "password": "wrong"},
            headers={"X-Forwarded-For": FORGED},
        )
        server.should_exit = True
        thread.join(20)
        assert answer.status_code == 403
        with services.database.read() as tx:
            assert history_of(tx, ANONYMOUS_ITEM)[-1].origin == origin
