"""A witness at the auditor's or the prosecutor's office: C2SP tlog-witness over HTTP.

It needs the base install, a key, the keys of the logs it watches, and a folder. Nobody signs in:
a request is worth what its checkpoint's signature is worth.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from custody.errors import CustodyError
from custody.log.cosignature import Cosigner
from custody.log.trust import LogVerifier
from custody.log.witness import (
    MAX_REQUEST_BYTES,
    PATH,
    SIZE_TYPE,
    Seen,
    WitnessRefusedError,
    judge,
    parse_request,
)
from custody.outside.witness_state import WitnessState
from custody.plain_http import PlainHandler, PlainServer

log = logging.getLogger("liuhen.witness")

#: Seconds in which a request must have come.
REQUEST_TIMEOUT_S = 30.0
#: Connections at one time; a log needs one.
MAX_CONNECTIONS = 64


class Witness:
    """Cosigns what continues the history it has seen; for any number of threads."""

    def __init__(
        self,
        cosigners: Sequence[Cosigner],
        logs: Mapping[str, Sequence[LogVerifier]],
        state: WitnessState,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.cosigners = cosigners
        self._logs = logs
        self._state = state
        self._now = now

    def add_checkpoint(self, body: bytes) -> str:
        """The cosignature lines for a request's body, remembered durably before they are given.

        Raises `WitnessRefusedError`, `WitnessStateError`, `OSError`.
        """
        request, origin = parse_request(body)
        with self._state.hold(origin if origin in self._logs else "") as held:
            checkpoint = judge(request, origin, self._logs, held.seen)
            text = checkpoint.encode()
            timestamp = int(self._now())
            lines = "".join(cosigner.cosign(text, timestamp) for cosigner in self.cosigners)
            held.keep(Seen(checkpoint.size, checkpoint.root), request.checkpoint)
        return lines


class WitnessServer(PlainServer):
    """Bound and not yet serving; port 0 takes a free one. Raises `OSError`."""

    def __init__(self, witness: Witness, host: str, port: int) -> None:
        class Handler(_Handler):
            served = witness

        super().__init__((host, port), Handler, connections=MAX_CONNECTIONS)


class _Handler(PlainHandler):
    served: Witness
    max_body_bytes = MAX_REQUEST_BYTES
    log = log
    timeout = REQUEST_TIMEOUT_S
    server_version = "liuhen-witness"

    def do_GET(self) -> None:  # noqa: N802 - the base class's name
        """The verifier keys, for whoever writes a policy."""
        if self.path not in {"/", "/keys"}:
            self.answer(HTTPStatus.NOT_FOUND, "there is nothing here\n")
            return
        keys = "".join(f"{cosigner.verifier.vkey}\n" for cosigner in self.served.cosigners)
        self.answer(HTTPStatus.OK, keys)

    def do_POST(self) -> None:  # noqa: N802 - the base class's name
        body = self.body()
        if body is None:
            return
        if self.path != PATH:
            self.answer(HTTPStatus.NOT_FOUND, "there is nothing here\n")
            return
        try:
            self.answer(HTTPStatus.OK, self.served.add_checkpoint(body))
        except WitnessRefusedError as refused:
            log.warning("refused (%d): %s", refused.status, refused)
            if refused.known_size is not None:
                self.answer(refused.status, f"{refused.known_size}\n", SIZE_TYPE)
            else:
                self.answer(refused.status, f"{refused}\n")
        except (CustodyError, OSError):
            log.exception("a checkpoint could not be judged")
            self.answer(HTTPStatus.INTERNAL_SERVER_ERROR, "the witness can't remember\n")
