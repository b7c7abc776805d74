"""Why a mirror or a check ends; the docstring is the message."""

from custody.errors import CustodyError
from custody.log.errors import LogError


class OutsideError(CustodyError):
    """It could not be checked."""


class SourceError(OutsideError):
    """The log can't be read there."""


class SourceMissingError(SourceError):
    """The log has no such file."""


class SplitViewError(CustodyError):
    """This log shows another history than the one it showed before. Keep both checkpoints."""


class ShrunkLogError(CustodyError):
    """This log shows fewer entries than it did before: an older copy of it, or one that was cut."""


class TamperedLogError(CustodyError):
    """A file of the log is not what its signed root says."""


class QuorumError(LogError):
    """Not enough witnesses have cosigned this checkpoint."""
