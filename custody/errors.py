"""What can go wrong in custody; the docstring is the message, `api/errors` maps it to HTTP."""


class CustodyError(Exception):
    """The request can't be carried out on the evidence."""

    def __str__(self) -> str:
        message = (type(self).__doc__ or "").strip()
        detail = super().__str__()
        return f"{message} ({detail})" if detail else message


class ClipNotFoundError(CustodyError):
    """There is no such clip."""


class ClipAlteredError(CustodyError):
    """The clip's row was altered, so nothing is done by it; verify the clip."""


class ServedAlteredError(ClipAlteredError):
    """A row says something else than the log of what was to be sent, so nothing is; verify it."""


class RecordingTimeAheadError(CustodyError):
    """Nothing can have been recorded more than a day from now; correct the recording time."""


class RecordingTimeEarlyError(CustodyError):
    """Nothing was recorded before there were recorders (2000); correct the recording time."""


class RenditionNotFoundError(CustodyError):
    """The clip has no such rendition."""


class CaseNotFoundError(CustodyError):
    """There is no such case."""


class CaseAlteredError(CustodyError):
    """The case's row was altered, so nothing is done by it; verify everything."""


class CaseExistsError(CustodyError):
    """A case with this number exists already."""


class StaleCaseError(CustodyError):
    """Somebody else changed this case meanwhile; look at what it says now and decide again."""


class CaseNumberError(CustodyError):
    """This is not a document number; it reads like 零城执罚决字〔2024〕第012号."""


class CaseTitleError(CustodyError):
    """A case needs a matter 案由 that can be read: say in a few words what it is about."""


class CaseDayAheadError(CustodyError):
    """Nothing can have happened more than a day from now; correct the day of the case."""


class CaseOfficerCodeError(CustodyError):
    """An officer of a case is named by a code that can be read."""


class CaseOfficerListError(CustodyError):
    """A code or certificate number is one, without spaces or signs of a list; name one officer."""


class CodeListError(CustodyError):
    """The code of an officer or a recorder is one, without spaces or signs of a list."""


class CodeHiddenError(CustodyError):
    """A code has no characters that can't be seen or that turn others round; type it anew."""


class CodeLongError(CustodyError):
    """A code or certificate number has at most 64 characters."""


class LinkExistsError(CustodyError):
    """The clip is linked to this case already."""


class LinkNotFoundError(CustodyError):
    """The clip is not linked to this case."""


class DeniedError(CustodyError):
    """This role has no right to do that; the attempt is in the log."""


class PurposeMissingError(CustodyError):
    """Opening evidence needs a purpose."""


class PurposeTooLongError(CustodyError):
    """A purpose is said in fewer words."""


class GrantExpiredError(CustodyError):
    """This viewing has ended; open the clip again and state the purpose."""


class ReceiptNotReadyError(CustodyError):
    """The entry is not in a published checkpoint yet; ask again in a second."""


class SigningRefusedError(CustodyError):
    """The signer will not sign: the tree does not agree with what it signed before."""


class LogRestoredError(SigningRefusedError):
    """An older copy was put back, so nothing is signed or taken in; run `liuhen log recover`."""

    def __init__(self, detail: str = "", older: str = "") -> None:
        super().__init__(detail)
        #: What is older, as `custody.publishing.restored.Older` has it.
        self.older = older


class RecoveryRefusedError(CustodyError):
    """The log can't be recovered from this: it is not what was signed."""


class KeyFileError(CustodyError):
    """A key file is missing, unreadable or open to others."""


class KeyMissingError(KeyFileError):
    """A key of the log is missing, and none is made where there is something under it already."""


class WitnessPolicyError(CustodyError):
    """The policy that names the witnesses can't be used; mend the line, or take the file away."""


class WitnessAwayError(CustodyError):
    """The witness does not answer as one does; it is asked again after a pause."""


class WitnessRefusesError(CustodyError):
    """The witness does not cosign this log's checkpoint; ask whoever runs it."""


class WitnessContradictsError(WitnessRefusesError):
    """The witness has cosigned another history of this log: ours was rewritten or restored."""


class SignerStateError(SigningRefusedError):
    """The signer's own record of what it signed can't be read; restore it from the archive."""


class StoredEntriesError(SigningRefusedError):
    """The signer will not sign: the stored entries do not make the tree it is asked to sign."""


class SignerAwayError(CustodyError):
    """The signer does not answer as one does; entries are kept, and published once it does."""


class KeyHeldError(SigningRefusedError):
    """Another signer runs with this key; of two, none would know what the other signed."""


class IntegrationError(CustodyError):
    """The log can't be integrated any further; nothing new is published until this is looked at."""


class IntegrationConflictError(IntegrationError):
    """The store holds other bytes than the log's entries give; one of the two was altered."""


class EntryAlteredError(IntegrationError):
    """A stored entry does not hash to the leaf it was appended with."""


class HistoryAlteredError(CustodyError):
    """The newest entry of this history was altered, so none can follow it; verify the log."""


class EntryLostError(CustodyError):
    """The database did not take an entry of the log, so nothing was done; verify everything."""


class EntryMissingError(IntegrationError):
    """A numbered entry is gone from the log's rows."""


class DetailsStandError(CustodyError):
    """The database keeps details that were to be destroyed, so none were; verify everything."""


class DetailsDestroyedError(CustodyError):
    """The details of this entry were destroyed on their legal date."""


class UnknownSortError(CustodyError):
    """There is no such order to sort by."""
