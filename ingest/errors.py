"""What can go wrong on the way in; the docstring is the message, `api/errors` maps it to HTTP."""


class IngestError(Exception):
    """The file can't be taken in."""

    def __str__(self) -> str:
        message = (type(self).__doc__ or "").strip()
        detail = super().__str__()
        return f"{message} ({detail})" if detail else message


# --- stations ------------------------------------------------------------------------------------


class EnrolmentError(IngestError):
    """This enrolment token is unknown, used, expired or replaced; ask for a new one."""


class StationNameError(EnrolmentError):
    """A station's name has 1 to 128 readable characters."""


class StationExistsError(IngestError):
    """A station with this name or key is enrolled already."""


class StationNotFoundError(IngestError):
    """There is no such station."""


class DockSessionNotFoundError(IngestError):
    """There is no such dock session of this station."""


class StationKeyError(IngestError):
    """This is not a station's public key in signed-note form."""


class StationAuthError(IngestError):
    """The station did not prove who it is; open a session with its key and try again."""


class CosignatureError(IngestError):
    """This is not this station's cosignature on a checkpoint that was published here."""


class ManifestError(IngestError):
    """The manifest is not signed by this station or can't be read."""


# --- uploads (the status of tus 1.0 stands in `api/routes/uploads`) ------------------------------


class UploadNotFoundError(IngestError):
    """There is no such upload."""


class UploadGoneError(IngestError):
    """This upload has ended; nothing of it is kept."""


class UploadAdmittedError(IngestError):
    """The clip of this upload is archived; what is archived can't be taken back."""


class DockSessionMissingError(IngestError):
    """There is no list of this dock session here; hand its manifest in, then announce again."""


class AnnouncementError(IngestError):
    """What is said of the file can't be right."""


class UploadTooLargeError(IngestError):
    """The file is larger than this archive accepts, or more bytes came than were announced."""


class OffsetMismatchError(IngestError):
    """The bytes do not begin where the upload stands; ask with HEAD and go on from there."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"the upload stands at {expected}, the request at {found}")
        self.expected = expected


class ChecksumMismatchError(IngestError):
    """The bytes of this request are not those of its checksum; they were discarded."""


class DigestMismatchError(IngestError):
    """The bytes received are not those that were announced; nothing of them was kept."""


class OriginalLostError(IngestError):
    """What was archived is lost or damaged in the object store; announce the file again."""


class ReadBackError(IngestError):
    """What the object store gives back is not what was stored; nothing was registered."""


# --- folder import -------------------------------------------------------------------------------


class NotAFileError(IngestError):
    """This is not a regular file and was left alone."""


class HomeFolderError(IngestError):
    """This belongs to a home of this software, with keys in it; nothing is taken from there."""


class FileUnreadableError(IngestError):
    """The file can't be read."""


class FileChangedError(IngestError):
    """The file changed while it was read; import it again when it stands still."""


# --- media ---------------------------------------------------------------------------------------


class FfmpegMissingError(IngestError):
    """There is no ffmpeg with libx264, AAC, JPEG and PNG on the PATH nor in the wheel."""


class MediaTimeLimitError(IngestError):
    """A media tool took longer than it may and was ended."""


class MediaInterruptedError(IngestError):
    """The work was interrupted and will be done again; nothing of it was kept."""


class ProbeError(IngestError):
    """The prober itself failed; this says nothing about the file."""


class TranscodeError(IngestError):
    """ffmpeg could not make the renditions."""


class LeaseLostError(IngestError):
    """The lease on this clip ran out and another worker has it; nothing was changed."""
