"""The entry that a verification leaves in the log; whoever runs one appends it."""

from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.events import LOG_ITEM, EventKind, case_item, clip_item
from custody.ledger import Appended, Event, Ledger
from custody.log.entry import Json
from custody.verification.context import Selection
from custody.verification.findings import Report


def record_run(
    tx: Connection, ledger: Ledger, actor: Actor, selection: Selection, report: Report
) -> list[Appended]:
    """Append ``verification.run`` to what was verified: each clip, the case, or the log.

    Facts: how much was read and how many findings there were, so that a run that found something
    can't be forgotten. Outcome ``failed`` means findings or things that could not be checked.
    """
    facts: dict[str, Json] = {
        "scope": _scope(selection),
        "clips": report.clips_checked,
        "entries": report.entries_checked,
        "bytes_read": report.bytes_read,
        "findings": report.finding_count,
        "unchecked": len(report.unchecked),
        "tree_size": None if report.checkpoint is None else report.checkpoint.size,
    }
    outcome = "ok" if report.good else "failed"
    items = [LOG_ITEM]
    if selection.case_id is not None:
        items = [case_item(selection.case_id)]
    elif selection.clip_ids is not None:
        items = [clip_item(clip_id) for clip_id in sorted(selection.clip_ids)]
    kind = EventKind.VERIFICATION_RUN
    return ledger.append_many(
        tx, actor, [Event(kind, item, facts=facts, outcome=outcome) for item in items]
    )


def _scope(selection: Selection) -> str:
    if selection.log_only:
        return "log"
    if selection.case_id is not None:
        return "case"
    return "everything" if selection.clip_ids is None else "clip"
