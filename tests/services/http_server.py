"""A real uvicorn in a thread, on a port of its own, and who asks it."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import uvicorn
from fastapi import FastAPI

#: Nobody here speaks TLS, and to read the machine's certificates costs each client 35 ms.
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client_of(address: str, headers: Mapping[str, str] | None = None) -> httpx.Client:
    """A client of the service at ``address``, with the patience that a busy machine takes."""
    return httpx.Client(base_url=address, headers=headers, timeout=60, verify=_NO_CERTIFICATES)


@contextmanager
def serving(app: FastAPI, *, patience_s: float = 20.0) -> Iterator[str]:
    """Serve ``app`` on the loopback; gives its address without a slash at the end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            app, log_level="warning", lifespan="off", timeout_graceful_shutdown=5
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            deadline = time.monotonic() + patience_s
            while not server.started:
                if not thread.is_alive() or time.monotonic() > deadline:
                    raise OSError("the server did not start")
                time.sleep(0.01)
            yield address
        finally:
            server.should_exit = True
            thread.join(patience_s)
