"""What can go wrong in the log; the docstring is the message."""


class LogError(Exception):
    """The log, or something that claims to be part of it, does not hold."""

    def __str__(self) -> str:
        message = (type(self).__doc__ or "").strip()
        detail = super().__str__()
        return f"{message} ({detail})" if detail else message


class EntryError(LogError):
    """This is not in the canonical form."""


class CommitmentError(LogError):
    """The details are not the ones the entry was committed to."""


class ChainError(LogError):
    """The entries of this item do not follow one another."""


class ProofError(LogError):
    """The proof does not lead to the signed root."""


class NoteError(LogError):
    """This is not a note signed by a known key."""


class SignatureMissingError(NoteError):
    """A key that must sign the log's checkpoints has not signed this one."""


class RetiredKeyError(NoteError):
    """A key of the log has signed after it was retired."""


class KeyEntryError(LogError):
    """This entry announces or retires no key of the log."""


class CheckpointError(NoteError):
    """The note is not a checkpoint of this log."""


class TileError(LogError):
    """A tile or entry bundle of the log is missing, damaged or out of place."""


class ReceiptError(LogError):
    """This is not a receipt, or not one for this file."""


class SampleError(LogError):
    """This is not a statement about a sample, or not of the sample that its seed picks."""


class PolicyError(LogError):
    """This is not a policy."""
