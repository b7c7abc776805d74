"""Running the signer in this process: its key, its memory, the objects to read, and a door.

Nothing here knows of a database; tests show that no engine is even imported.
"""

import grp
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.cli.failures import CommandError
from api.config import Config
from api.signing import own_signer
from api.stores import build_store
from custody.plain_http import PlainServer
from custody.publishing.key_folder import KeyFolder
from custody.publishing.key_lock import KeyLock
from custody.publishing.keys import load_signing_keys
from custody.publishing.signer_client import UNIX
from custody.publishing.signer_desk import SignerDesk
from custody.publishing.signer_server import SignerServer, UnixSignerServer


@dataclass(frozen=True, slots=True)
class Socket:
    """In the file system, by default in the home; ``group`` is the name of one that may ask too."""

    path: Path | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Port:
    """On the network; 0 takes a free one."""

    host: str
    number: int


def sign_for_others(config: Config, place: Socket | Port, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is told where once requests are answered.

    Raises `KeyFileError`, `KeyHeldError`, and `CommandError` where it can't listen.
    """
    keys = KeyFolder(config.keys_folder, config.origin, load_signing_keys)
    with KeyLock(config.keys_folder).hold():
        signer = own_signer(config, keys)
        signer.last()  # a memory that can't be read is told now, not at the first request
        desk = SignerDesk(signer, build_store(config, read_only=True))
        with _listening(config, place, desk) as (server, address):
            logging.basicConfig(
                level="INFO",
                format="%(asctime)s %(levelname)s %(name)s: %(message)s",
                stream=sys.stderr,
            )
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
            ready(address)
            server.serve_forever()


@contextmanager
def _listening(
    config: Config, place: Socket | Port, desk: SignerDesk
) -> Iterator[tuple[PlainServer, str]]:
    server: PlainServer
    if isinstance(place, Port):
        if not config.signer_secret:
            raise CommandError("failure.no_secret")
        try:
            server = SignerServer(desk, place.host, place.number, config.signer_secret)
        except OSError as error:
            raise CommandError(
                "failure.no_listening", host=place.host, port=place.number, reason=error
            ) from error
        host = f"[{place.host}]" if ":" in place.host else place.host
        address = f"http://{host}:{server.server_address[1]}"
    else:
        path = (place.path or config.signer_socket).absolute()
        try:
            server = UnixSignerServer(desk, path, _group_number(place.group))
        except OSError as error:
            raise CommandError("failure.no_socket", path=path, reason=error) from error
        address = f"{UNIX}{path}"
    with server:
        yield server, address


def _group_number(name: str | None) -> int | None:
    if name is None:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError as error:
        raise CommandError("failure.no_group", group=name) from error
