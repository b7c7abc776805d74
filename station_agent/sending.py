"""One file's way to the archive: hash, announce, send, resume; and what each fault means.

`Sender.process` takes a file as far as it can go now, each step durable in the journal before the
next begins. Whatever goes wrong is written down with its reason and ends in a pause, never in a
lost file: a fault of the file holds that file back, a fault of the server holds all sending back.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from station_agent import reasons
from station_agent.announcing import REFUSES_FILE, announcement_of
from station_agent.answers import true_offset
from station_agent.errors import (
    FileProblemError,
    ManifestWaitsError,
    RefusedError,
    ServerAwayError,
    StaleFileError,
    StoppedError,
)
from station_agent.events import Event, Listener
from station_agent.hashing import file_problem, hash_file, identity_of, opened
from station_agent.journal import File, Journal, State
from station_agent.manifests import Manifests
from station_agent.pauses import Pauses
from station_agent.setbacks import STUMBLES, Setbacks
from station_agent.transport import Transport

logger = logging.getLogger(__name__)

#: Large enough that a system call costs nothing beside it, small enough to stay in the cache.
PART_BYTES = 1024 * 1024
#: A try that got this far was cut by the line, not by the file; archives make offsets durable in
#: steps of this size.
_PROGRESS_BYTES = 64 * 1024 * 1024
#: So many times a 409 may put us right before the file steps aside.
_CORRECTIONS = 3


@dataclass(slots=True)
class Current:
    """A file being worked on, for the display."""

    file: File
    done_bytes: int = 0
    #: Where this try began to send.
    from_bytes: int = 0
    #: When the archive was asked about it, its list delivered before; `time.monotonic`.
    asked_s: float = 0.0


class Sender:
    """Shared by the worker threads; each has its own buffer and connection."""

    def __init__(
        self,
        journal: Journal,
        transport: Transport,
        manifests: Manifests,
        pauses: Pauses,
        setbacks: Setbacks,
        listener: Listener,
        stopped: Callable[[], bool],
    ) -> None:
        self._journal = journal
        self._transport = transport
        self._manifests = manifests
        self._pauses = pauses
        self._setbacks = setbacks
        self._listener = listener
        self._stopped = stopped
        self._local = threading.local()
        self._lock = threading.Lock()
        self._current: dict[int, Current] = {}

    def current(self) -> list[Current]:
        """What is being worked on at this moment."""
        with self._lock:
            return list(self._current.values())

    def process(self, file: File) -> File:
        """Take ``file`` as far as it goes; how far that was.

        Raises `JournalError` only; all else is dealt with.
        """
        with self._lock:
            current = self._current[file.id] = Current(file)
        try:
            self._go(current)
        except StoppedError:
            logger.debug("stopped at %s", reasons.visible(file.path))
        except StaleFileError:
            logger.info("changed meanwhile: %s", reasons.visible(file.path))
        except FileProblemError as error:
            reason = reasons.compose(error.reason, error.detail)
            changed = error.reason == reasons.CHANGED
            self._setbacks.fail(current.file, reason, forget_digests=changed)
        except ManifestWaitsError as error:
            self._pauses.hold(file.id, 1, seconds=error.wait_s)
        except RefusedError as error:
            self._refused(current, error)
        except ServerAwayError as error:
            if not self._stopped():
                self._server_failed(current, error)
        finally:
            with self._lock:
                del self._current[file.id]
        return current.file

    def _go(self, current: Current) -> None:
        if current.file.state is State.SETTLED:
            self._hash(current)
        file = current.file
        if file.manifest_id is None or self._pauses.server_wait_s() > 0:
            return
        session = self._manifests.deliver(file.manifest_id, self._transport)
        current.asked_s = time.monotonic()
        offset: int | None = None
        if file.state is State.SENDING and file.upload_path is not None:
            offset = self._transport.offset(file.upload_path, file.identity.size_bytes)
        resumed = offset is not None
        if offset is None:
            offset = self._announce(current, session)
        self._setbacks.server_answered()
        if resumed or offset < file.identity.size_bytes:
            self._send(current, offset)
        self._advance(current, State.SENT)

    def _hash(self, current: Current) -> None:
        file = current.file
        digests = hash_file(
            file.path, file.identity, lambda done: self._progress(current, State.SETTLED, done)
        )
        # An upload from before is taken up again if it was announced for these bytes.
        goes_on = file.upload_path is not None and file.upload_sha256 == digests.sha256
        self._advance(
            current,
            State.SENDING if goes_on else State.HASHED,
            sha256=digests.sha256,
            sm3=digests.sm3,
        )
        current.done_bytes = current.from_bytes = 0

    def _announce(self, current: Current, session: str | None) -> int:
        file = current.file
        if file.upload_path is not None and file.upload_sha256 != file.sha256:
            self._transport.terminate(file.upload_path)
        upload = self._transport.announce(announcement_of(file, session))
        self._advance(
            current,
            State.SENDING,
            upload_path=upload.path,
            upload_sha256=file.sha256,
            known=int(upload.offset == file.identity.size_bytes),
        )
        return upload.offset

    def _send(self, current: Current, offset: int) -> None:
        """Send from ``offset`` on; a 409 puts us right a few times.

        With nothing left to send the empty PATCH still asks the archive to finish: it may have
        died between the last byte and the admission.
        """
        current.from_bytes = offset
        file = current.file
        assert file.upload_path is not None  # noqa: S101 - announced
        size = file.identity.size_bytes
        for _ in range(_CORRECTIONS):
            with opened(file.path) as descriptor:
                if identity_of(os.fstat(descriptor)) != file.identity:
                    raise FileProblemError(reasons.CHANGED)
                parts = self._parts(current, descriptor, offset)
                try:
                    self._transport.send(file.upload_path, offset, size, parts)
                except RefusedError as error:
                    right = true_offset(error, size)
                    if right is None or right == offset:
                        raise
                    offset = right
                else:
                    return
        raise ServerAwayError("the server keeps changing its offset", status=409)

    def _parts(self, current: Current, descriptor: int, offset: int) -> Iterator[memoryview]:
        """The bytes from ``offset`` to the end, through one buffer of this thread."""
        buffer: memoryview | None = getattr(self._local, "buffer", None)
        if buffer is None:
            buffer = self._local.buffer = memoryview(bytearray(PART_BYTES))
        size = current.file.identity.size_bytes
        with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as source:
            source.seek(offset)
            while offset < size:
                self._progress(current, State.SENDING, offset)
                try:
                    length = source.readinto(buffer[: min(PART_BYTES, size - offset)])
                except OSError as error:
                    raise file_problem(error) from error
                if not length:
                    raise FileProblemError(reasons.CHANGED)  # it got shorter
                yield buffer[:length]
                offset += length
        self._progress(current, State.SENDING, size)

    def _progress(self, current: Current, state: State, done_bytes: int) -> None:
        if self._stopped():
            raise StoppedError
        current.done_bytes = done_bytes
        file = current.file
        self._listener(Event("progress", file.path, state, done_bytes, file.identity.size_bytes))

    def _advance(self, current: Current, state: State, **columns: str | int | None) -> None:
        current.file = self._journal.advance(current.file, state, **columns)
        file = current.file
        self._listener(Event("state", file.path, file.state, 0, file.identity.size_bytes))

    # --- faults --------------------------------------------------------------------------------

    def _refused(self, current: Current, error: RefusedError) -> None:
        file = current.file
        if error.status == 460:  # tus checksum: the archive got other bytes than were announced
            detail = "the archive read other bytes than this station"
            reason = reasons.compose(reasons.DIGEST_MISMATCH, detail)
            self._setbacks.fail(file, reason, forget_digests=True)
        elif error.status == 409:  # what the archive holds of these bytes is in disorder
            self._setbacks.put_back(file, reasons.compose(reasons.SERVER_ERROR, str(error.args[0])))
        elif error.status == 424 and file.manifest_id is not None:  # the list comes first
            self._manifests.hand_in_again(file.manifest_id, current.asked_s)
            self._setbacks.put_back(file, reasons.compose(reasons.SERVER_ERROR, str(error.args[0])))
        elif error.status in {404, 410} and file.state is State.SENDING:
            self._setbacks.announce_again(file)
        elif error.status in REFUSES_FILE:
            self._setbacks.refused_by_archive(file, error)
        else:
            self._setbacks.server_refuses(error)

    def _server_failed(self, current: Current, error: ServerAwayError) -> None:
        file = current.file
        detail = str(error.args[0])
        sent = current.done_bytes - current.from_bytes
        if error.status == 423:  # another request still holds the upload: soon over
            self._pauses.hold(file.id, 1, seconds=1.0)
        elif error.status == 0 and sent >= _PROGRESS_BYTES:
            self._pauses.hold(file.id, 1)
            logger.info("%s: cut after progress: %s", reasons.visible(file.path), detail)
        elif error.status == 507:  # smaller files may fit: this one goes behind them
            self._setbacks.server_answered()
            self._give_room_back(current)
            self._setbacks.put_back(current.file, reasons.compose(reasons.SERVER_FULL, detail))
        elif error.status in STUMBLES or (error.status == 0 and sent > 0):
            # It may be this file that the server stumbles over: let the others go first.
            code = reasons.SERVER_ERROR if error.status else reasons.INTERRUPTED
            self._setbacks.put_back(file, reasons.compose(code, detail))
        else:
            self._setbacks.server_away(error)

    def _give_room_back(self, current: Current) -> None:
        """Give up an upload that found the archive's disk full, unless all its bytes are there.

        Half a file helps nobody and keeps the others out; a whole one is admitted in its time.
        """
        file = current.file
        if file.state is not State.SENDING or file.upload_path is None:
            return
        try:
            offset = self._transport.offset(file.upload_path, file.identity.size_bytes)
            if offset == file.identity.size_bytes:
                return
            if offset is not None:
                self._transport.terminate(file.upload_path)
            self._advance(current, State.HASHED, upload_path=None, upload_sha256=None)
        except (RefusedError, ServerAwayError, StaleFileError) as error:
            logger.info("%s: its room is not given back: %s", reasons.visible(file.path), error)
