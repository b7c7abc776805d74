"""A real uvicorn in a thread, on a port of its own."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI


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
