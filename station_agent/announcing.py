"""What is said of a file before its bytes; and of one that was sent, once its upload is not known.

The archive forgets uploads, never clips: for bytes it has it answers an announcement with the whole
of them, whatever became of the upload that brought them.
"""

import time

from station_agent import reasons
from station_agent.errors import ManifestWaitsError, RefusedError
from station_agent.events import Event, Listener
from station_agent.journal import File, Journal, State
from station_agent.manifests import Manifests, moment
from station_agent.pauses import Pauses
from station_agent.transport import Announcement, Transport

#: What the server says about the file itself; other refusals are about the station.
REFUSES_FILE = frozenset({400, 413, 415, 422})


def announcement_of(file: File, session: str | None) -> Announcement:
    """What the archive is told of a file that was hashed."""
    assert file.sha256 is not None  # noqa: S101 - hashed, or the journal's schema is broken
    assert file.sm3 is not None  # noqa: S101
    return Announcement(
        name=reasons.base_name(file.path),
        size_bytes=file.identity.size_bytes,
        sha256=file.sha256,
        sm3=file.sm3,
        modified_at=moment(file.identity.mtime_ns),
        dock_session=session,
    )


class LostUploads:
    """For a file that was sent and is away: its bytes can't be sent again, but asked after."""

    def __init__(
        self,
        journal: Journal,
        transport: Transport,
        manifests: Manifests,
        pauses: Pauses,
        listener: Listener,
    ) -> None:
        self._journal = journal
        self._transport = transport
        self._manifests = manifests
        self._pauses = pauses
        self._listener = listener

    def ask_after(self, file: File) -> None:
        """Whether the archive has the bytes: then the receipt comes under a new upload, else the
        file is gone, and that is said.

        Raises `JournalError`, `StaleFileError` and what the transport raises.
        """
        try:
            session = None
            if file.manifest_id is not None:
                session = self._manifests.deliver(file.manifest_id, self._transport)
            asked_s = time.monotonic()
            upload = self._transport.announce(announcement_of(file, session))
        except ManifestWaitsError as error:
            self._pauses.hold(file.id, 1, seconds=error.wait_s)
            return
        except RefusedError as error:
            if error.status == 424 and file.manifest_id is not None:  # the list comes first
                self._manifests.hand_in_again(file.manifest_id, asked_s)
                self._pauses.hold(file.id, 1)
                return
            if error.status not in REFUSES_FILE:
                raise
            self._give_up(file, str(error.args[0]))
            return
        if upload.offset == file.identity.size_bytes:
            attempts = file.attempts + 1
            self._journal.advance(file, State.SENT, upload_path=upload.path, attempts=attempts)
            self._pauses.hold(file.id, attempts)
            return
        self._transport.terminate(upload.path)
        self._give_up(file, "")

    def _give_up(self, file: File, detail: str) -> None:
        reason = reasons.compose(reasons.BYTES_NEEDED, detail)
        forgotten = {"upload_path": None, "upload_sha256": None, "away": 0}
        gone = self._journal.advance(file, State.GONE, reason=reason, **forgotten)
        size = file.identity.size_bytes
        self._listener(Event("state", gone.path, gone.state, 0, size, reason))
