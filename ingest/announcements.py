"""What a sender says of a file before its bytes come, read strictly."""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from custody.log.canonical import EARLIEST, LATEST
from custody.log.errors import LogError
from ingest.errors import AnnouncementError
from station_agent.wire import announcement_digest

#: Room for any file system's name (255 bytes) and for a path of a manifest's kind.
MAX_NAME_BYTES = 4096
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a sender says of a file before its bytes come. Digests are lower-case hex."""

    size_bytes: int
    sha256: str
    sm3: str | None
    name_raw: bytes
    file_modified_at: datetime | None = None
    dock_session_id: str | None = None


def digest_of(announcement: Announcement) -> str:
    """The digest of what was understood. Raises `AnnouncementError`."""
    try:
        return announcement_digest(
            name=announcement.name_raw,
            size_bytes=announcement.size_bytes,
            sha256=announcement.sha256,
            sm3=announcement.sm3,
            modified_at=announcement.file_modified_at,
            dock_session=announcement.dock_session_id,
        )
    except LogError as error:
        raise AnnouncementError(str(error)) from error


def read_announcement(size_bytes: int, metadata: dict[str, bytes]) -> Announcement:
    """The announcement in tus ``Upload-Metadata`` (values decoded): filename and sha256, perhaps
    sm3, modified_at (RFC 3339, within the calendar of the house) and dock_session. Unknown names
    are passed over, as tus asks. Where ``announcement`` gives the digest of it all
    (`station_agent.wire`), it is held against what is read here.

    Raises `AnnouncementError` naming what can't be right.
    """
    try:
        name_raw = metadata["filename"]
        sha256 = _digest("sha256", metadata["sha256"])
    except KeyError as error:
        raise AnnouncementError(f"{error.args[0]} is missing") from error
    if not 0 < len(name_raw) <= MAX_NAME_BYTES:
        raise AnnouncementError(f"filename: 1 to {MAX_NAME_BYTES} bytes")
    sm3, modified_at = metadata.get("sm3"), metadata.get("modified_at")
    session = metadata.get("dock_session")
    said = metadata.get("announcement")
    announcement = Announcement(
        size_bytes=size_bytes,
        sha256=sha256,
        sm3=_digest("sm3", sm3) if sm3 is not None else None,
        name_raw=name_raw,
        file_modified_at=_time("modified_at", modified_at) if modified_at else None,
        dock_session_id=_id("dock_session", session) if session else None,
    )
    if said is not None and _digest("announcement", said) != digest_of(announcement):
        raise AnnouncementError("something of it was changed on the way")
    return announcement


def _digest(name: str, value: bytes) -> str:
    text = _text(name, value)
    if not _DIGEST.fullmatch(text):
        raise AnnouncementError(f"{name}: 64 lower-case hex digits")
    return text


def _time(name: str, value: bytes) -> datetime:
    try:
        text = _text(name, value)
        if not _TIME.fullmatch(text):  # the library reads much more, weeks for instance
            raise AnnouncementError(f"{name}: a time with its zone (RFC 3339)")
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise AnnouncementError(f"{name}: a time as in RFC 3339") from error
    # Said before a byte comes: a clip with such a time could not be registered.
    if not EARLIEST <= moment <= LATEST:
        raise AnnouncementError(f"{name}: a time from the year {EARLIEST.year} to {LATEST.year}")
    return moment


def _id(name: str, value: bytes) -> str:
    text = _text(name, value)
    try:
        canonical = str(uuid.UUID(text))
    except ValueError as error:
        raise AnnouncementError(f"{name}: a UUID") from error
    if canonical != text:
        raise AnnouncementError(f"{name}: a UUID in its usual form")
    return text


def _text(name: str, value: bytes) -> str:
    try:
        return value.decode("ascii")
    except UnicodeDecodeError as error:
        raise AnnouncementError(f"{name}: ASCII only") from error
