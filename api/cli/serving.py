"""Running the service in this process: web application, worker, an orderly end."""

import errno
import logging
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from types import FrameType

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.cli.announcements import announce_keys, announce_start
from api.cli.failures import CommandError
from api.config import Config
from api.services import Services, open_services
from api.worker import Worker
from custody.actors import Actor
from custody.errors import LogRestoredError, SignerStateError

log = logging.getLogger("liuhen.serve")

#: How long requests under way may take after the signal to stop; uploads go on where they were.
GRACE_S = 10


class _StopSignal(BaseException):
    """SIGTERM or SIGINT, after the server has ended its requests."""


def serve(
    config: Config,
    actor: Actor,
    *,
    log_level: str,
    ready: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is told the address once requests are answered.

    Raises `CommandError` where the port can't be had, and what opening the services raises.
    """
    logging.basicConfig(
        level=log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    with _listen(config) as listener:
        config = replace(config, port=listener.getsockname()[1])
        with open_services(config) as services:
            _notice_restore(services)
            announce_keys(services, actor)
            announce_start(services, actor, version("liuhen"))
            worker = Worker(services)
            server = _Server(
                web_settings(create_app(services), config, log_level),
                lambda: ready(address_of(config)),
            )
            worker.start()
            try:
                _run(server, listener)
            finally:
                worker.stop()


def _notice_restore(services: Services) -> None:
    """Look, before anything is done, whether an older copy was put back; the log file says so.

    The house is served all the same: people must see what is wrong, and stations be told to wait.
    """
    watch = services.publisher.watch
    # Witnesses first: what is published while they answer is in the rows when these are read.
    watch.heed(services.ask_witnesses())
    try:
        watch.look().require_whole()
    except (LogRestoredError, SignerStateError) as error:
        log.critical("%s", error)


def web_settings(app: FastAPI, config: Config, log_level: str) -> uvicorn.Config:
    """How the web server runs."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        log_config=None,
        log_level="warning" if log_level == "info" else log_level,
        server_header=False,
        # uvicorn's own default believes whoever connects from this machine.
        proxy_headers=bool(config.trusted_proxies.strip()),
        forwarded_allow_ips=config.trusted_proxies,
        timeout_graceful_shutdown=GRACE_S,
    )


def address_of(config: Config) -> str:
    """The address for a browser on this machine."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    return f"http://{host}:{config.port}/"


class _Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    # uvicorn takes both signals while it runs and raises them again when it has ended; what they
    # do then is ours, and the default for SIGTERM would end the process before the worker stops.
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _StopSignal

    previous = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        server.run(sockets=[listener])
    except _StopSignal:
        pass
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _listen(config: Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.host, config.port))
        listener.set_inheritable(False)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise CommandError("failure.port_taken", port=config.port, host=config.host) from error
        raise CommandError(
            "failure.no_listening", host=config.host, port=config.port, reason=error
        ) from error
    return listener
