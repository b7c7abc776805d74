"""What keeps this process from getting the log signed, and since when; for people to be told."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from custody.errors import SignerAwayError, SigningRefusedError


class SignerTrouble(StrEnum):
    """The text is a key of the catalogue, under ``log.signer.``."""

    #: Its process does not answer: it is down, its socket can't be reached, or it can't work.
    AWAY = "away"
    #: It answers, and does not sign: somebody has to look.
    REFUSES = "refuses"


@dataclass(frozen=True, slots=True)
class Standstill:
    trouble: SignerTrouble
    since: datetime
    #: What the error said of itself, in English.
    reason: str


class SignerWatch:
    """Told by the publisher's loop after each turn; read by any thread."""

    def __init__(self) -> None:
        self._standstill: Standstill | None = None

    @property
    def standstill(self) -> Standstill | None:
        return self._standstill

    def went_well(self) -> None:
        self._standstill = None

    def failed(self, error: SignerAwayError | SigningRefusedError, at: datetime) -> None:
        """The age counts from the first failure, whatever sort those after it are."""
        before = self._standstill
        trouble = (
            SignerTrouble.AWAY if isinstance(error, SignerAwayError) else SignerTrouble.REFUSES
        )
        self._standstill = Standstill(trouble, at if before is None else before.since, str(error))
