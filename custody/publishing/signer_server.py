"""The signer's door: HTTP on a socket in the file system, or on a port with a secret."""

import hmac
import logging
import os
import socket
import stat
from http import HTTPStatus
from pathlib import Path
from typing import ClassVar

from custody.plain_http import PlainHandler, PlainServer
from custody.publishing.signer_desk import SignerDesk
from custody.publishing.signer_protocol import MAX_REQUEST_BYTES

log = logging.getLogger("liuhen.signer")

#: Seconds in which a request must have come.
DEADLINE_S = 10.0
#: Connections at one time; a publisher needs one, each command that publishes another.
MAX_CONNECTIONS = 16
#: Of the socket: nobody but its owner, or its group as well where one is named.
OWN_MODE, GROUP_MODE = 0o600, 0o660


class SignerServer(PlainServer):
    """On a port, bound and not yet serving; whoever asks must know ``secret``. Raises `OSError`."""

    def __init__(self, desk: SignerDesk, host: str, port: int, secret: str) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _handler(desk, secret), connections=MAX_CONNECTIONS)


class UnixSignerServer(PlainServer):
    """On a socket in the file system; the system lets nobody else connect. Raises `OSError`.

    ``group`` is the number of a group whose members may ask too. The caller holds the `KeyLock`.
    """

    address_family = socket.AF_UNIX

    def __init__(self, desk: SignerDesk, path: Path, group: int | None = None) -> None:
        self._path = path
        self._group = group
        self._is_ours = False
        super().__init__(str(path), _handler(desk, None), connections=MAX_CONNECTIONS)

    def server_bind(self) -> None:
        """Nobody may connect before the mode is right: the socket is made with the least."""
        _remove_left_over(self._path)
        previous = os.umask(0o777 & ~OWN_MODE)
        try:
            self.socket.bind(str(self._path))
        finally:
            os.umask(previous)
        self._is_ours = True
        if self._group is not None:
            os.chown(self._path, -1, self._group)
            self._path.chmod(GROUP_MODE)
        self.server_name, self.server_port = "signer", 0

    def server_close(self) -> None:
        """Also called where binding failed: what stands there then is somebody else's."""
        super().server_close()
        if self._is_ours:
            self._path.unlink(missing_ok=True)


def _remove_left_over(path: Path) -> None:
    """Remove the socket of a signer that was killed. Raises `OSError` where one still answers."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return  # and binding will say that something stands there
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()


def _handler(served: SignerDesk, known: str | None) -> type[PlainHandler]:
    class Handler(_Handler):
        desk = served
        secret = known

    return Handler


class _Handler(PlainHandler):
    desk: ClassVar[SignerDesk]
    secret: ClassVar[str | None]
    max_body_bytes = MAX_REQUEST_BYTES
    deadline_s = DEADLINE_S
    log = log
    timeout = DEADLINE_S
    server_version = "liuhen-signer"

    def do_POST(self) -> None:  # noqa: N802 - the base class's name
        body = self.body()
        if body is None:
            return
        if not self._may_ask():
            log.warning("a request without the secret")
            self.refuse(HTTPStatus.UNAUTHORIZED)
            return
        reply = self.desk.reply(self.path, body)
        self.answer(reply.status, reply.text)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no request at all is told so in a line, as everything else is."""
        del message, explain
        self.refuse(HTTPStatus(code))

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Every second there is one; the desk tells what came of it."""
        del size
        log.debug("%s %s", self.requestline, code)

    def _may_ask(self) -> bool:
        if self.secret is None:
            return True
        given = self.headers.get("Authorization", "").encode(errors="surrogateescape")
        return hmac.compare_digest(given, f"Bearer {self.secret}".encode())
