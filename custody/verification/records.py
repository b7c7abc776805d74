"""The entries that a verification leaves in the log; whoever runs one appends them."""

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.events import LOG_ITEM, EventKind, case_item, clip_item
from custody.ids import looks_like_id
from custody.ledger import Appended, Event, Ledger
from custody.log.entry import Json
from custody.verification.context import Selection
from custody.verification.findings import Report


def record_run(
    tx: Connection, ledger: Ledger, actor: Actor, selection: Selection, report: Report
) -> list[Appended]:
    """Append ``verification.run`` to what was verified: each clip, the case, or the log.

    Facts: how much was read, how many findings there were and how many things could not be
    checked, so that a run that found something can't be forgotten; on a clip with findings also
    whether they are about renditions only (``original_held``). Outcome ``failed`` means findings;
    what could not be checked says nothing against the evidence.
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
    items = [LOG_ITEM]
    if selection.case_id is not None:
        items = [case_item(selection.case_id)]
    elif selection.clip_ids is not None:
        items = [clip_item(clip_id) for clip_id in sorted(selection.clip_ids)]
    if len(selection.clip_ids or ()) == 1 and report.finding_count:
        facts["original_held"] = all(map(report.original_held, selection.clip_ids or ()))
    kind = EventKind.VERIFICATION_RUN
    outcome = "failed" if report.finding_count else "ok"
    return ledger.append_many(
        tx, actor, [Event(kind, item, facts=facts, outcome=outcome) for item in items]
    )


@dataclass(frozen=True, slots=True)
class Broken:
    """How many findings a clip has of its own; ``original_held`` if all are about renditions."""

    findings: int
    original_held: bool


def broken_clips(selection: Selection, report: Report) -> dict[str, Broken]:
    """The clips with findings of their own that have no entry by `record_run`."""
    recorded = selection.clip_ids or frozenset()
    return {
        clip_id: Broken(count, report.original_held(clip_id))
        for clip_id, count in sorted(report.by_clip.items())
        if clip_id not in recorded and looks_like_id(clip_id)
    }


def record_broken(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    selection: Selection,
    run: Appended,
    broken: dict[str, Broken],
) -> list[Appended]:
    """Append ``verification.run`` to each of ``broken``, so that its trace shows it.

    Facts: this clip's own findings, whether they are about renditions only (``original_held``),
    and in ``run`` the leaf hash (hex) of the run's own entry.
    """
    scope = _scope(selection)
    events = [
        Event(
            EventKind.VERIFICATION_RUN,
            clip_item(clip_id),
            facts={
                "scope": scope,
                "findings": found.findings,
                "original_held": found.original_held,
                "run": run.leaf_hash.hex(),
            },
            outcome="failed",
        )
        for clip_id, found in broken.items()
    ]
    return ledger.append_many(tx, actor, events)


def _scope(selection: Selection) -> str:
    if selection.log_only:
        return "log"
    if selection.case_id is not None:
        return "case"
    return "everything" if selection.clip_ids is None else "clip"
