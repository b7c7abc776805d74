"""The three errands: verify everything (or a selection), verify one clip and show its proof, and
hold the rows of a case before a bag is made of them."""

from dataclasses import dataclass, field

from sqlalchemy.engine import Connection

from custody.events import EventKind
from custody.log.canonical import parse_canonical
from custody.log.checkpoint import Checkpoint
from custody.log.entry import Json
from custody.log.errors import LogError
from custody.verification.against import check_against
from custody.verification.context import (
    EVERYTHING,
    ProgressCallback,
    Selection,
    VerificationContext,
)
from custody.verification.corrections import Corrections
from custody.verification.cosignatures import check_cosignatures
from custody.verification.database import check_database
from custody.verification.fixity import BUFFER_BYTES, StoredObject, check_object, check_objects
from custody.verification.items import ObjectTasks, check_items
from custody.verification.phases import Phases
from custody.verification.reports import Progress, Report
from custody.verification.rows import snapshot
from custody.verification.sampling import Admissions
from custody.verification.schema import check_schema
from custody.verification.scopes import scope_of
from custody.verification.selected import EntryProof, prove_selected
from custody.verification.spools import RecordSpool
from custody.verification.trust import trusting
from custody.verification.unregistered import check_unregistered
from custody.verification.whole_log import check_whole_log


def verify_all(
    context: VerificationContext,
    selection: Selection = EVERYTHING,
    *,
    threads: int | None = None,
    sm3: bool = False,
    against: Checkpoint | None = None,
    progress: ProgressCallback | None = None,
    report: Report | None = None,
) -> Report:
    """Re-read and recompute what ``selection`` names; nothing stored is believed.

    ``threads`` read bytes (by default as many as there are cores, at least two). SHA-256 is always
    recomputed, SM3 with ``sm3``. With ``against`` (from `open_kept`) a run of the whole log proves
    that it continues that tree. Raises `VerificationImpossibleError` where rows or store can't be
    read at all and nothing was found before; a single object that can't be read and a phase that
    could not be finished are in `Report.unchecked`. Whoever hands in an empty ``report`` has in it
    what was found, however the run ends. The log is held against the checkpoint of a ``sample`` as
    it is against ``against``.
    """
    report = Report() if report is None else report
    phases = Phases(report, progress)
    tell = phases.tell
    corrections = Corrections()
    kept = against if selection.sample is None else selection.sample.checkpoint
    with RecordSpool() as spool, Admissions(report) as admissions:
        tasks = ObjectTasks(spool)
        if selection.whole_log:
            # First, so that what a damaged page does to the other phases stands beside its cause.
            with phases.phase("database"):
                check_database(context, report, tell)
            with phases.phase("schema"), snapshot(context.database) as tx:
                check_schema(tx, report)
            with phases.phase("log"), snapshot(context.database) as tx:
                context = trusting(tx, context, report)
            with phases.phase("log"):
                corrections = check_whole_log(context, report, tell)
            with phases.phase("log"):
                check_cosignatures(context, report)
            if kept is not None:
                with phases.phase("log"):
                    check_against(context, kept, report)
            admissions.begin(selection)
            with phases.phase("rows"), snapshot(context.database) as tx:
                check_items(tx, context, corrections, report, tasks, tell, listener=admissions)
        else:
            with snapshot(context.database) as tx:
                _check_selected(tx, context, selection, report, tasks, phases)
        if selection.sample is not None:
            with phases.phase("rows"):
                tasks = admissions.draw(selection.sample, tasks)
        elif selection.whole_log and not selection.log_only:
            with phases.phase("objects"):
                check_unregistered(context, spool, report, tell)
        if not selection.log_only:
            # No transaction is open here: reading bytes may take hours.
            with phases.phase("bytes"):
                check_objects(
                    context.store,
                    tasks.spool,
                    tasks.total_bytes,
                    report,
                    threads=threads,
                    sm3=sm3,
                    progress=tell,
                    told=admissions.note,
                )
            admissions.cover(context.clock.now())
    return report


@dataclass(frozen=True, slots=True)
class ClipVerdict:
    """What a page or a person needs to see that one clip is what was admitted.

    Digests are hex; ``sha256_found`` and ``sm3_found`` are None where the object could not be read.
    The rest is of the entry that admitted the clip and None or empty while that is unpublished.
    """

    clip_id: str
    report: Report
    index: int | None = None
    leaf_hash: str | None = None
    entry: dict[str, Json] = field(default_factory=dict)
    proof: list[str] = field(default_factory=list)
    checkpoint: str | None = None
    sha256_expected: str | None = None
    sha256_found: str | None = None
    sm3_expected: str | None = None
    sm3_found: str | None = None

    @property
    def good(self) -> bool:
        return self.report.good


def verify_clip(
    context: VerificationContext, clip_id: str, *, progress: ProgressCallback | None = None
) -> ClipVerdict:
    """Re-read one clip with both digests, its renditions, its rows, and prove its entries.

    An unknown id gives a verdict without an entry and, having nothing to hold, no findings: ask
    `custody.clips.get_clip` first. Raises `VerificationImpossibleError`.
    """
    report = Report()
    phases = Phases(report, progress)
    tell = phases.tell
    found = dict[str, str | None]()
    with RecordSpool() as spool:
        tasks = ObjectTasks(spool)
        selection = Selection(clip_ids=frozenset({clip_id}))
        with snapshot(context.database) as tx:
            proofs = _check_selected(tx, context, selection, report, tasks, phases)
        with phases.phase("bytes"):
            found = _read_objects(context, spool, tasks.total_bytes, report, tell)
    proof = next((one for one in proofs if one.kind == EventKind.CLIP_ADMITTED), None)
    return ClipVerdict(
        clip_id,
        report,
        index=None if proof is None else proof.index,
        leaf_hash=None if proof is None else proof.leaf_hash.hex(),
        entry={} if proof is None else _entry_json(proof),
        proof=[] if proof is None else [one.hex() for one in proof.hashes],
        checkpoint=None if proof is None else proof.checkpoint,
        **found,
    )


@dataclass(frozen=True, slots=True)
class HeldCase:
    """What the log says of a case's recordings, and where its rows say something else.

    ``objects`` are the originals (kind None) and renditions by clip and kind, as their entries have
    them. They are all of it where ``report`` is good.
    """

    case_id: str
    report: Report
    objects: dict[tuple[str, str | None], StoredObject]


def hold_case(tx: Connection, context: VerificationContext, case_id: str) -> HeldCase:
    """Hold the rows of a case against the log as `verify_all` does; no recording is read.

    Entries that are pending or in no checkpoint yet count as they stand. ``tx`` is a `snapshot`:
    what is read from it afterwards is what was held. Raises `VerificationImpossibleError`.
    """
    report = Report()
    with RecordSpool() as spool:
        tasks = ObjectTasks(spool)
        selection = Selection(case_id=case_id)
        _check_selected(tx, context, selection, report, tasks, Phases(report, None))
        wanted = [StoredObject(*record) for record in spool]
    return HeldCase(case_id, report, {(one.clip_id, one.kind): one for one in wanted})


def _check_selected(
    tx: Connection,
    context: VerificationContext,
    selection: Selection,
    report: Report,
    tasks: ObjectTasks,
    phases: Phases,
) -> list[EntryProof]:
    """Prove the entries of a selection and hold its rows against them; the proofs."""
    scope = scope_of(tx, selection)
    corrections, proofs = Corrections(), list[EntryProof]()
    with phases.phase("log"):
        context = trusting(tx, context, report)
        corrections, proofs = prove_selected(tx, context, scope, report)
    with phases.phase("rows"):
        check_items(tx, context, corrections, report, tasks, phases.tell, scope)
    return proofs


def _read_objects(
    context: VerificationContext,
    spool: RecordSpool,
    total_bytes: int,
    report: Report,
    tell: ProgressCallback,
) -> dict[str, str | None]:
    buffer = bytearray(BUFFER_BYTES)
    digests: dict[str, str | None] = {}

    def count(read: int) -> None:
        report.bytes_read += read
        tell(Progress("bytes", report.clips_checked, spool.count, report.bytes_read, total_bytes))

    for record in spool:
        wanted = StoredObject(*record)
        outcome = check_object(context.store, wanted, buffer, sm3=True, count=count)
        report.extend(outcome.findings)
        if outcome.unchecked is not None:
            report.unchecked.append(outcome.unchecked)
        if wanted.kind is None:
            report.clips_checked += outcome.unchecked is None
            digests = {
                "sha256_expected": wanted.sha256,
                "sha256_found": outcome.sha256,
                "sm3_expected": wanted.sm3,
                "sm3_found": outcome.sm3,
            }
        else:
            report.renditions_checked += outcome.unchecked is None
    return digests


def _entry_json(proof: EntryProof) -> dict[str, Json]:
    try:
        value = parse_canonical(proof.entry)
    except LogError:
        return {}  # the entry is a finding already
    return value if isinstance(value, dict) else {}
