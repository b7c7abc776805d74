"""What a verification works on, and what of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.engine import Connection

from custody.clock import Clock, SystemClock
from custody.log.checkpoint import Checkpoint, LogTrust
from custody.log.cosignature import CosignatureVerifier
from custody.log.entry import Entry, Json
from custody.log.note import NoteVerifier
from custody.log.sample import Asked
from custody.verification.reports import Progress, Report
from storage.database import Database
from storage.objects import ObjectStore

ProgressCallback = Callable[[Progress], None]


class RowsAgainstEntries(Protocol):
    """Tables of a layer above, held against their entries by the one who owns them.

    One object serves one run: it is told the entries in order, item by item, and asked at the end.
    """

    #: The items whose entries it wants: ``user:``.
    prefixes: tuple[str, ...]

    def apply(self, entry: Entry, details: Mapping[str, Json] | None, index: int | None) -> None:
        """Take the next entry; ``details`` is None where they are lost, as ``index`` for one that
        has none yet."""
        ...

    def finish(self, tx: Connection, report: Report) -> None:
        """Compare the rows, of the same snapshot, with what the entries said."""
        ...


@dataclass(frozen=True, slots=True)
class VerificationContext:
    """Rows, objects and the keys that are trusted: ``log_verifier`` is the log's first.

    ``signer`` gives size and root of the last tree the signer signed, as it remembers it outside
    the database, and None if it remembers none; it is asked after everything else, since a
    publication tells it first. Without it (its file is not at hand), or without
    ``receipt_verifier``, these are not looked at.

    A memory that is behind gets ``signer_grace_s`` seconds: where several hosts publish one log,
    each takes the others' checkpoints over within a turn of its publisher (about a second).
    """

    database: Database
    store: ObjectStore
    log_verifier: NoteVerifier
    receipt_verifier: NoteVerifier | None
    origin: str
    signer: Callable[[], tuple[int, bytes] | None] | None = None
    signer_grace_s: float = 5.0
    #: The keys of the witnesses that the policy names, by `custody.log.cosignature.key_id`.
    cosigners: Mapping[str, CosignatureVerifier] = field(default_factory=dict)
    #: What makes the checks of other layers' tables for one run of the whole log.
    others: tuple[Callable[[], RowsAgainstEntries], ...] = ()
    #: By which it is told how long ago something was read.
    clock: Clock = field(default_factory=SystemClock)
    #: The keys that followed (`custody.verification.trust`); None until their entries were read.
    trusted: LogTrust | None = None
    #: Those of receipts' keys that followed the first, `receipt_verifier`.
    later_receipt_verifiers: tuple[NoteVerifier, ...] = ()

    @property
    def log(self) -> NoteVerifier | LogTrust:
        """What a checkpoint of the log is opened with."""
        return self.log_verifier if self.trusted is None else self.trusted

    @property
    def receipt_verifiers(self) -> tuple[NoteVerifier, ...]:
        """What a receipt is opened with; empty where receipts are not looked at."""
        if self.receipt_verifier is None:
            return ()
        return (self.receipt_verifier, *self.later_receipt_verifiers)


@dataclass(frozen=True, slots=True)
class SampleWanted:
    """The clips admitted under ``checkpoint`` (``note``: as it was signed) that ``seed`` picks.

    ``per_officer`` adds one for every officer who has clips and none among them.
    """

    checkpoint: Checkpoint
    note: str
    seed: str
    asked: Asked
    per_officer: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """What to verify. The default is everything: the whole log and every clip.

    With ``clip_ids`` or ``case_id`` it is those clips (of a case: all that rows or log ever linked
    to it): their bytes, their rows, and for each of their entries the proof that it is in the
    published tree. That an entry of theirs is missing at the end of its item's history only the
    whole log can tell.

    With ``sample`` it is the whole log, all rows, and the bytes of the clips that the sample picks.
    """

    clip_ids: frozenset[str] | None = None
    case_id: str | None = None
    log_only: bool = False
    sample: SampleWanted | None = None

    @property
    def whole_log(self) -> bool:
        return self.clip_ids is None and self.case_id is None


EVERYTHING = Selection()
LOG_ONLY = Selection(log_only=True)
