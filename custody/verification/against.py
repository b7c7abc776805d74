"""Today's log held against a checkpoint that somebody outside kept.

Whoever winds everything back together, the signer's memory too, can't wind back what an auditor, a
station or a court's bag holds.
"""

from contextlib import closing

from custody.errors import CustodyError
from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.errors import LogError
from custody.log.merkle import Frontier, hash_leaf
from custody.log.receipt import open_receipt
from custody.said import said
from custody.verification.context import VerificationContext
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report
from custody.verification.rows import numbered_hashes, snapshot
from custody.verification.trust import trusting

SUBJECT = "kept checkpoint"


class NotKeptFromHereError(CustodyError):
    """This is no checkpoint and no receipt signed by this log's keys."""


def open_kept(note: bytes, context: VerificationContext) -> tuple[Checkpoint, str]:
    """The checkpoint in a kept note, and as it was signed: itself, or the one that a receipt proves
    its clip in.

    Raises `NotKeptFromHereError`: another log's, altered, or this archive has other keys by now.
    """
    with snapshot(context.database) as tx:
        context = trusting(tx, context, Report())
    try:
        kept = open_checkpoint(note, context.log, origin=context.origin)
        return kept, note.decode()
    except LogError as error:
        if not context.receipt_verifiers:
            raise NotKeptFromHereError(str(error)) from error
        try:
            receipt = open_receipt(note, context.receipt_verifiers, context.log)
            signed = receipt.checkpoint
            return open_checkpoint(signed, context.log, origin=context.origin), signed
        except LogError:
            raise NotKeptFromHereError(str(error)) from error


def check_against(context: VerificationContext, kept: Checkpoint, report: Report) -> None:
    """A finding unless the log continues the tree of ``kept``; call after the whole log's check.

    That check holds the published checkpoint against the stored entries. What is added here: the
    first ``kept.size`` of these same entries make the root that was kept, and no fewer are shown.
    """
    report.against = kept
    expected = said("entries_under", size=kept.size, root=kept.root.hex())
    # 1. The stored entries, from the first on, as many as were kept or as there are.
    frontier = Frontier()
    # Closed at once where it is left before its end: a cursor of the database hangs on it.
    with snapshot(context.database) as tx, closing(numbered_hashes(tx)) as rows:
        for idx, _, entry in rows:
            if frontier.size == kept.size or idx != frontier.size:
                break
            frontier.append(hash_leaf(entry))
    # 2. They are as many, and the checkpoint that is shown covers them.
    shown = 0 if report.checkpoint is None else report.checkpoint.size
    if frontier.size < kept.size or shown < kept.size:
        message = said("wound_back", held=frontier.size, kept=kept.size, shown=shown)
        found = said("entries_under", size=frontier.size, root=frontier.root().hex())
        code = FindingCode.CHECKPOINT_ROLLED_BACK
        index = min(frontier.size, shown)
        report.add(Finding(code, SUBJECT, message, expected, found, entry_index=index))
    # 3. As many entries make the same root.
    elif frontier.root() != kept.root:
        message = said("not_kept", size=kept.size)
        found = said("entries_under", size=kept.size, root=frontier.root().hex())
        code = FindingCode.CHECKPOINT_INCONSISTENT
        report.add(Finding(code, SUBJECT, message, expected, found, entry_index=kept.size))
    else:
        report.continues = True
