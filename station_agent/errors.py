"""What can go wrong on a station; the docstring is the message, the argument the detail.

The detail is often text from outside: whoever prints, stores or logs it gets it in one printable
line.
"""

from station_agent.reasons import printable


class StationError(Exception):
    """The station could not do what was asked."""

    def __init__(self, *details: object) -> None:
        super().__init__(*(printable(one) if isinstance(one, str) else one for one in details))

    def __str__(self) -> str:
        message = (type(self).__doc__ or "").strip()
        detail = super().__str__()
        return f"{message} ({detail})" if detail else message


class ConfigError(StationError):
    """The configuration can't be used."""


class NotEnrolledError(StationError):
    """This station is not enrolled; run `liuhen-station enrol` with a token."""


class EnrolmentRefusedError(StationError):
    """The archive does not take this enrolment."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        #: What the archive said of it.
        self.detail = printable(detail)


class StationKeyError(StationError):
    """The station's key or its pinned keys are missing, unreadable or open to others."""


class TrustUnreadableError(StationKeyError):
    """What was seen of the log can't be read; keep the file and enrol the station anew."""


class AlreadyRunningError(StationError):
    """Another agent is working with this home folder."""


class JournalError(StationError):
    """The journal can't be read or written."""


class JournalFullError(JournalError):
    """There is no room left on the disk that holds the journal; nothing is lost, make room."""


class JournalReadOnlyError(JournalError):
    """The journal or its folder is read-only; let the station's account write it."""


class JournalDamagedError(JournalError):
    """The journal is damaged."""


class JournalNewerError(JournalError):
    """The journal was written by a newer version of this program."""


class StaleFileError(StationError):
    """The file is no longer what the journal knew when this work began."""


class FileProblemError(StationError):
    """A file can't be read as it should."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        #: A code of `station_agent.reasons`.
        self.reason = reason
        self.detail = detail


class ServerAwayError(StationError):
    """The server can't be reached or asks for a pause."""

    def __init__(self, detail: str, *, retry_after_s: float | None = None, status: int = 0) -> None:
        super().__init__(detail)
        #: The pause it asks for, where it says.
        self.retry_after_s = retry_after_s
        #: The HTTP status, 0 where no answer came.
        self.status = status


class NotAcceptedError(ServerAwayError):
    """The server is there and does not accept this station: it was revoked, or is not known."""


class RefusedError(StationError):
    """The server refuses this for good (a 4xx other than 408, 423 and 429)."""

    def __init__(
        self,
        status: int,
        detail: str,
        headers: dict[str, str] | None = None,
        *,
        is_own: bool = False,
    ) -> None:
        super().__init__(f"{status} {detail}".strip())
        self.status = status
        self.detail = printable(detail)
        #: In the archive's own words, not those of something in between.
        self.is_own = is_own
        #: Lower-case names.
        self.headers = headers or {}


class ManifestWaitsError(StationError):
    """The archive did not take the manifest; it is handed in again after a pause."""

    def __init__(self, detail: str, wait_s: float) -> None:
        super().__init__(detail)
        self.wait_s = wait_s


class StoppedError(StationError):
    """The agent was asked to stop."""


class ReceiptWrongError(StationError):
    """The receipt does not prove that the archive holds this file."""


class MisnamedError(ReceiptWrongError):
    """The archive has the file under a name that this station did not announce."""


class LogForkedError(StationError):
    """The server's log does not agree with the checkpoint this station saw before."""
