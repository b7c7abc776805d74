"""From sent to received: ask for the receipt of each file, and believe it only when it is proved.

One thread does this for all files, so that waiting for the archive's next checkpoint (a second or
so) holds up no sending. It also hands in manifests that nobody waits for.
"""

import logging
from contextlib import suppress
from datetime import UTC, datetime

from station_agent import reasons
from station_agent.admitted_as import check_name
from station_agent.announcing import LostUploads
from station_agent.errors import (
    LogForkedError,
    ManifestWaitsError,
    MisnamedError,
    ReceiptWrongError,
    RefusedError,
    ServerAwayError,
    StaleFileError,
)
from station_agent.events import Event, Listener
from station_agent.hashing import Digests
from station_agent.journal import File, Journal, State
from station_agent.manifests import Manifests
from station_agent.pauses import Pauses
from station_agent.setbacks import STUMBLES, Setbacks
from station_agent.transport import NotYet, Transport
from station_agent.trust import Trust

logger = logging.getLogger(__name__)


class ReceiptCollector:
    """For one thread."""

    def __init__(
        self,
        journal: Journal,
        transport: Transport,
        manifests: Manifests,
        trust: Trust,
        pauses: Pauses,
        setbacks: Setbacks,
        listener: Listener,
    ) -> None:
        self._journal = journal
        self._transport = transport
        self._manifests = manifests
        self._trust = trust
        self._pauses = pauses
        self._setbacks = setbacks
        self._listener = listener
        self._lost = LostUploads(journal, transport, manifests, pauses, listener)

    def run_once(self) -> int:
        """Ask for what is due now; how many files were received. Raises `JournalError`."""
        if self._pauses.server_wait_s() > 0:
            return 0
        received = 0
        try:
            for manifest_id in self._manifests.waiting():
                with suppress(ManifestWaitsError):
                    self._manifests.deliver(manifest_id, self._transport)
            if self._trust.alarm is not None:
                return 0  # what is archived now can't be proved; it stays `sent`
            held = self._pauses.held()
            for file in self._journal.files(State.SENT):
                if file.id not in held:
                    received += self._collect(file)
        except RefusedError as error:
            self._setbacks.server_refuses(error)
        except ServerAwayError as error:
            self._setbacks.server_away(error)
        except LogForkedError as error:
            logger.critical("the archive's log was rewritten: %s", error)
            self._listener(Event("alarm", reason=str(error)))
        return received

    def _collect(self, file: File) -> bool:
        assert file.upload_path is not None  # noqa: S101 - sent
        assert file.sha256 is not None  # noqa: S101
        assert file.sm3 is not None  # noqa: S101
        try:
            note = self._transport.receipt(file.upload_path)
            self._setbacks.server_answered()
            if isinstance(note, NotYet):
                self._pauses.hold(file.id, 1, seconds=note.retry_after_s)
                return False
            if note is None:
                # The upload is known no more; announcing the same bytes finds the clip.
                if file.away:
                    self._lost.ask_after(file)
                else:
                    self._setbacks.announce_again(file)
                return False
            digests = Digests(file.sha256, file.sm3, file.identity.size_bytes)
            receipt = self._trust.accept(note, digests)
            check_name(self._journal, file, receipt)
            at = datetime.now(UTC).isoformat(timespec="seconds")
            received = self._journal.receive(file, note, receipt.clip_id, at)
        except ReceiptWrongError as error:
            # Loud, and tried again: the bytes stay unproved and are never called received.
            code = reasons.MISNAMED if isinstance(error, MisnamedError) else reasons.RECEIPT_WRONG
            reason = reasons.compose(code, str(error.args[0]))
            if file.away:  # it can't be sent again, only its receipt asked for
                self._setbacks.put_back(file, reason)
            else:
                self._setbacks.fail(file, reason)
            self._listener(Event("alarm", file.path, State.FAILED, reason=reason))
            return False
        except (RefusedError, ServerAwayError) as error:
            if error.status not in STUMBLES:
                raise
            # What it holds of this file is in disorder; the receipts of others need not wait.
            reason = reasons.compose(reasons.SERVER_ERROR, str(error.args[0]))
            self._setbacks.put_back(file, reason)
            return False
        except StaleFileError:
            logger.info("changed meanwhile: %s", reasons.visible(file.path))
            return False
        size = file.identity.size_bytes
        self._listener(Event("state", file.path, received.state, size, size, clip=receipt.clip_id))
        return True
