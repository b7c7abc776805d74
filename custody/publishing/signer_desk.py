"""Answers what is asked of a signer, one request at a time; knows nothing of sockets.

Whatever stands in a request, the answer is one of those in docs/formats/signer.md, and nothing is
signed that `CheckedSigner` does not sign.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from custody.errors import SigningRefusedError
from custody.log.checkpoint import Checkpoint
from custody.log.errors import LogError
from custody.publishing.checked_signer import CheckedSigner
from custody.publishing.signer import Signer
from custody.publishing.signer_protocol import (
    ADOPT,
    LAST,
    SIGN,
    SignerRequest,
    SignerRequestError,
    detail_of,
    status_of,
)
from storage.errors import StorageError
from storage.objects import ObjectStore

log = logging.getLogger("liuhen.signer")

#: How long a request waits for the one before it. Its asker asks again, and finds it done.
TURN_S = 5.0


class SignerBusyError(Exception):
    """Another request is being worked on."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: HTTPStatus
    text: str


class SignerDesk:
    """The key, what it signed and the store, for any number of threads of one process.

    The caller holds the `KeyLock` as long as this lives.
    """

    def __init__(self, signer: Signer, store: ObjectStore) -> None:
        self._lock = threading.Lock()
        self._signer = CheckedSigner(signer, store, self._turn)

    def reply(self, path: str, body: bytes) -> Reply:
        """The answer to a request; what was signed is remembered durably before it is given."""
        try:
            return Reply(HTTPStatus.OK, self._carry_out(path, body))
        except (SignerRequestError, LogError) as error:
            return Reply(HTTPStatus.BAD_REQUEST, f"{error}\n")
        except SigningRefusedError as refused:
            log.warning("refused: %s", refused)
            return Reply(status_of(refused), f"{detail_of(refused)}\n")
        except SignerBusyError as error:
            return Reply(HTTPStatus.SERVICE_UNAVAILABLE, f"{error.__doc__}\n")
        except StorageError as error:
            log.warning("the store can't be read: %s", error)
            return Reply(HTTPStatus.SERVICE_UNAVAILABLE, "the signer can't read the store\n")
        except OSError:
            log.exception("a tree could not be remembered")
            return Reply(HTTPStatus.SERVICE_UNAVAILABLE, "the signer can't remember\n")

    def _carry_out(self, path: str, body: bytes) -> str:
        if path == LAST:
            if body:
                raise SignerRequestError("a body that says nothing")
            last = self._signer.last()
            return "" if last is None else last.note
        if path == SIGN:
            request = SignerRequest.parse(body)
            checkpoint = Checkpoint.parse(request.checkpoint)
            note = self._signer.sign(checkpoint, list(request.proof))
            log.info("signed %d entries", checkpoint.size)
            return note
        if path == ADOPT:
            request = SignerRequest.parse(body)
            self._signer.adopt(request.checkpoint, list(request.proof))
            return ""
        raise SignerRequestError(f"nothing is asked at {path[:80]!r}")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=TURN_S):
            raise SignerBusyError
        try:
            yield
        finally:
            self._lock.release()
