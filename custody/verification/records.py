"""The entries that a verification leaves in the log; whoever runs one appends them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.events import LOG_ITEM, EventKind, case_item, clip_item
from custody.ids import looks_like_id
from custody.ledger import Appended, Event, Ledger
from custody.log.canonical import format_time
from custody.log.entry import Json
from custody.log.sample_statement import Verdict
from custody.verification.context import EVERYTHING, Selection
from custody.verification.reports import MAX_NAMED_CLIPS, Report
from custody.verification.sampling import unread_clips


def record_run(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    selection: Selection,
    report: Report,
    *,
    stopped: bool = False,
) -> list[Appended]:
    """Append ``verification.run`` to what was verified: each clip, the case, or the log.

    Facts: how much was read, how many findings there were and how many things could not be
    checked, so that a run that found something can't be forgotten; on a clip with findings also
    whether they are about renditions only (``original_held``). Outcome ``failed`` means findings;
    what could not be checked says nothing against the evidence.

    A run of everything also says which clips it could not read (``unread``) and how far the
    archive was read again by then (``coverage``), a case's which it read (``read``), a sample's
    what it was drawn from. One that was ``stopped`` says so, and nothing of what it read.
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
        held = all(map(report.original_held, selection.clip_ids or ()))
        facts["original_held"] = held and not stopped
    facts |= {"stopped": True} if stopped else _what_was_read(selection, report)
    kind = EventKind.VERIFICATION_RUN
    outcome = "failed" if report.finding_count else "ok"
    return ledger.append_many(
        tx, actor, [Event(kind, item, facts=facts, outcome=outcome) for item in items]
    )


def _what_was_read(selection: Selection, report: Report) -> dict[str, Json]:
    """By which anybody can tell from the log when each original was read last."""
    told: dict[str, Json] = {}
    if selection.case_id is not None:
        read = report.read_clips
        told["read"] = None if len(read) > MAX_NAMED_CLIPS else [*sorted(read)]
    elif selection == EVERYTHING:
        unread = unread_clips(report)
        told["unread"] = None if unread is None else [*unread]
    elif (sample := selection.sample) is not None:
        told |= {
            "seed": sample.seed,
            "asked": str(sample.asked),
            "per_officer": sample.per_officer,
            "drawn_from": sample.checkpoint.size,
            "drawn": None if report.sample is None else len(report.sample.all),
            "findings_by_code": [
                {"code": str(code), "count": count}
                for code, count in sorted(report.by_code.items())
            ],
        }
    if (coverage := report.coverage) is not None:
        oldest = coverage.oldest
        told |= {
            "coverage": {
                "clips": coverage.clips,
                "bytes": coverage.bytes,
                "ever_clips": coverage.ever_clips,
                "ever_bytes": coverage.ever_bytes,
                "year_clips": coverage.year_clips,
                "year_bytes": coverage.year_bytes,
                "oldest": None if oldest is None else oldest.clip_id,
                "oldest_at": None if oldest is None else format_time(oldest.admitted_at),
            }
        }
    return told


@dataclass(frozen=True, slots=True)
class Broken:
    """How many findings a clip or case has of its own.

    ``original_held``: all of a clip's are about renditions; None for a case, which has no bytes.
    """

    findings: int
    original_held: bool | None


def broken_items(
    selection: Selection, report: Report, *, stopped: bool = False
) -> dict[str, Broken]:
    """The clips and cases with findings of their own that have no entry by `record_run`, by item.

    An altered row may give a finding an id that is none; no history is begun for it. A run that was
    ``stopped`` may not have come to an original: it vouches for none.
    """
    recorded = (selection.clip_ids or frozenset()) | report.verdicts.keys()
    clips = {
        clip_item(clip_id): Broken(count, report.original_held(clip_id) and not stopped)
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


def sampled_items(report: Report) -> list[str]:
    """The clips of a sample, by item, in one order."""
    return [clip_item(clip_id) for clip_id in sorted(report.verdicts)]


def record_sampled(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    report: Report,
    run: Appended,
    items: Iterable[str],
) -> list[Appended]:
    """Append ``verification.run`` to each of these clips of a sample, whatever was found of it.

    Facts as of `record_broken`; ``unchecked`` counts what could not be read of the clip.
    """
    events = []
    for item in items:
        clip_id = item.partition(":")[2]
        findings = report.by_clip.get(clip_id, 0)
        unread = sum(one.clip_id == clip_id for one in report.unchecked)
        if report.verdicts[clip_id] == Verdict.UNREAD:
            unread = max(1, unread)
        facts: dict[str, Json] = {
            "scope": "sample",
            "findings": findings,
            "unchecked": unread,
            "run": run.leaf_hash.hex(),
        }
        if findings:
            facts["original_held"] = report.original_held(clip_id)
        outcome = "failed" if findings else "ok"
        events.append(Event(EventKind.VERIFICATION_RUN, item, facts=facts, outcome=outcome))
    return ledger.append_many(tx, actor, events)


def _scope(selection: Selection) -> str:
    if selection.log_only:
        return "log"
    if selection.case_id is not None:
        return "case"
    if selection.sample is not None:
        return "sample"
    return "everything" if selection.clip_ids is None else "clip"
