"""The entries that a verification leaves in the log; whoever runs one appends them."""

from collections.abc import Mapping
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
    """How many findings a clip or case has of its own.

    ``original_held``: all of a clip's are about renditions; None for a case, which has no bytes.
    """

    findings: int
    original_held: bool | None


def broken_items(selection: Selection, report: Report) -> dict[str, Broken]:
    """The clips and cases with findings of their own that have no entry by `record_run`, by item.

    An altered row may give a finding an id that is none; no history is begun for it.
    """
    recorded = selection.clip_ids or frozenset()
    clips = {
        clip_item(clip_id): Broken(count, report.original_held(clip_id))
        for clip_id, count in sorted(report.by_clip.items())
        if clip_id not in recorded and looks_like_id(clip_id)
    }
    cases = {
        case_item(case_id): Broken(count, None)
        for case_id, count in sorted(report.by_case.items())
        if case_id != selection.case_id and looks_like_id(case_id)
    }
    return clips | cases


def record_broken(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    selection: Selection,
    run: Appended,
    broken: Mapping[str, Broken],
) -> list[Appended]:
    """Append ``verification.run`` to each item of ``broken``, so that its trace shows it.

    Facts: its own findings, of a clip also whether they are about renditions only
    (``original_held``), and in ``run`` the leaf hash (hex) of the run's own entry.
    """
    scope, events = _scope(selection), []
    for item, found in broken.items():
        facts: dict[str, Json] = {
            "scope": scope,
            "findings": found.findings,
            "run": run.leaf_hash.hex(),
        }
        if found.original_held is not None:
            facts["original_held"] = found.original_held
        events.append(Event(EventKind.VERIFICATION_RUN, item, facts=facts, outcome="failed"))
    return ledger.append_many(tx, actor, events)


def _scope(selection: Selection) -> str:
    if selection.log_only:
        return "log"
    if selection.case_id is not None:
        return "case"
    return "everything" if selection.clip_ids is None else "clip"
