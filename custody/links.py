"""Links: which recording belongs to which stage of which case, as a person confirmed it."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from custody.actors import Actor
from custody.case_rows import STANDING
from custody.cells import as_text, raw, read_cell
from custody.clip_rows import Clip, clip_columns, read_clip
from custody.errors import (
    CaseNotFoundError,
    ClipNotFoundError,
    LinkExistsError,
    LinkNotFoundError,
)
from custody.events import EventKind, clip_item
from custody.first_writer import insert_missing
from custody.ids import looks_like_id, new_id
from custody.ledger import Event, Ledger
from custody.log.entry import Json
from custody.tables import cases, clips, links
from custody.twin_rows import TWINS, count_of_twins

log = logging.getLogger("liuhen.links")


class Stage(StrEnum):
    """The stages that are recorded in full (行政处罚法 47), in their order."""

    INITIATION = "initiation"  # 启动
    INVESTIGATION = "investigation"  # 调查取证
    REVIEW = "review"  # 审核
    DECISION = "decision"  # 决定
    SERVICE = "service"  # 送达
    ENFORCEMENT = "enforcement"  # 执行


@dataclass(frozen=True, slots=True)
class LinkedClip:
    """A clip in a case."""

    clip: Clip
    link_id: str
    stage: Stage
    linked_at: datetime
    linked_by: str


@dataclass(frozen=True, slots=True)
class CaseLink:
    """A case that a clip belongs to."""

    link_id: str
    case_id: str
    case_number: str
    case_title: str
    stage: Stage
    linked_at: datetime
    linked_by: str


def link_clip(
    tx: Connection, ledger: Ledger, actor: Actor, case_id: str, clip_id: str, stage: Stage | str
) -> str:
    """Link a clip to a stage of a case; ``link.made`` on the clip. Returns the link's id.

    Raises `CaseNotFoundError`, `ClipNotFoundError`, `LinkExistsError` (to whatever stage), and
    `ValueError` for a stage that is none.
    """
    made = link_clips(tx, ledger, actor, case_id, [clip_id], stage)
    if clip_id not in made:
        raise LinkExistsError(f"clip {clip_id}, case {case_id}")
    return made[clip_id]


def link_clips(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    case_id: str,
    clip_ids: Iterable[str],
    stage: Stage | str,
) -> dict[str, str]:
    """Link many clips at once; those that are linked already are left as they are.

    Returns the new links' ids by clip. Raises `CaseNotFoundError`, `ClipNotFoundError` (then none
    is linked), `ValueError` for a stage that is none.
    """
    stage = Stage(stage)
    # In one fixed order, so that two people linking the same clips can't wait for each other.
    wanted = sorted(set(clip_ids))
    _require_all(tx, case_id, wanted)
    rows = {
        new_id(): {
            "case_id": case_id,
            "clip_id": clip_id,
            "stage": stage.value,
            "linked_at": ledger.clock.now(),
            "linked_by": actor.id,
        }
        for clip_id in wanted
    }
    inserted = insert_missing(tx, links, [{"id": id_, **row} for id_, row in rows.items()])
    made = {str(rows[row.id]["clip_id"]): str(row.id) for row in inserted}
    events = [
        _event(EventKind.LINK_MADE, link_id, case_id, clip_id, stage)
        for clip_id, link_id in sorted(made.items())
    ]
    ledger.append_many(tx, actor, events)
    return made


def unlink_clip(tx: Connection, ledger: Ledger, actor: Actor, case_id: str, clip_id: str) -> None:
    """Take a clip out of a case; ``link.removed`` on the clip. The row stays, with who and when.

    Raises `LinkNotFoundError`.
    """
    removed = tx.execute(
        links.update()
        .where(links.c.case_id == case_id, links.c.clip_id == clip_id, STANDING)
        .values(unlinked_at=ledger.clock.now(), unlinked_by=actor.id)
        .returning(links.c.id, links.c.stage)
    ).one_or_none()
    if removed is None:
        raise LinkNotFoundError(f"clip {clip_id}, case {case_id}")
    ledger.append(
        tx,
        actor,
        _event(EventKind.LINK_REMOVED, removed.id, case_id, clip_id, Stage(removed.stage)),
    )


def change_stage(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    case_id: str,
    clip_ids: Iterable[str],
    stage: Stage | str,
) -> dict[str, str]:
    """Move clips of a case to another of its stages; ``link.removed`` and ``link.made`` on each.

    Those that stand in ``stage`` already are left as they are. Returns the new links' ids by clip.
    Raises `CaseNotFoundError`, `LinkNotFoundError` (then none is moved), `ValueError` for a stage
    that is none.
    """
    stage = Stage(stage)
    wanted = sorted(set(clip_ids))
    if tx.scalar(sa.select(cases.c.id).where(cases.c.id == case_id)) is None:
        raise CaseNotFoundError(case_id)
    standing = stages_in_case(tx, case_id, wanted)
    for clip_id in wanted:
        if clip_id not in standing:
            raise LinkNotFoundError(f"clip {clip_id}, case {case_id}")
    moving = [clip_id for clip_id in wanted if standing[clip_id] is not stage]
    for clip_id in moving:
        unlink_clip(tx, ledger, actor, case_id, clip_id)
    return link_clips(tx, ledger, actor, case_id, moving, stage) if moving else {}


def stages_in_case(tx: Connection, case_id: str, clip_ids: Iterable[str]) -> dict[str, Stage]:
    """In which stage of a case each of these clips stands; those that are not in it are left out.

    So are links that somebody altered.
    """
    return {
        clip_id: link.stage
        for clip_id, found in links_of_clips(tx, clip_ids).items()
        for link in found
        if link.case_id == case_id
    }


def clips_of_case(tx: Connection, case_id: str) -> list[LinkedClip]:
    """The clips of a case in order of recording, those without a time at the end.

    Rows that were altered stand among them (`Clip.altered`).
    """
    columns = (links.c.id.label("link_id"), links.c.stage, raw(tx, links.c.linked_at))
    rows = tx.execute(
        sa.select(*clip_columns(tx), count_of_twins(clips.c.id), *columns, links.c.linked_by)
        .join(links, links.c.clip_id == clips.c.id)
        .where(links.c.case_id == case_id, STANDING)
        .order_by(clips.c.recorded_at.asc().nulls_last(), clips.c.id)
    )
    return [
        LinkedClip(read_clip(row, row[TWINS]), row["link_id"], *place, row["linked_by"])
        for row in rows.mappings()
        if (place := _place(row, row["link_id"])) is not None
    ]


def links_of_clip(tx: Connection, clip_id: str) -> list[CaseLink]:
    """The cases a clip belongs to, by number."""
    return links_of_clips(tx, [clip_id])[clip_id]


def links_of_clips(tx: Connection, clip_ids: Iterable[str]) -> dict[str, list[CaseLink]]:
    """The cases of each of these clips, by number, in one query."""
    found: dict[str, list[CaseLink]] = {clip_id: [] for clip_id in clip_ids}
    columns = (links.c.id, links.c.clip_id, links.c.case_id, links.c.stage, links.c.linked_by)
    rows = tx.execute(
        sa.select(*columns, raw(tx, links.c.linked_at), cases.c.number, cases.c.title)
        .join(cases, cases.c.id == links.c.case_id)
        .where(links.c.clip_id.in_(list(found)), STANDING)
        .order_by(cases.c.number)
    )
    for row in rows.mappings():
        if (place := _place(row, row["id"])) is not None:
            number, title = as_text(row["number"]), as_text(row["title"])
            link = CaseLink(row["id"], row["case_id"], number, title, *place, row["linked_by"])
            found[row["clip_id"]].append(link)
    return found


def clips_once_in_case(tx: Connection, case_id: str) -> list[str]:
    """The ids of every clip that is or ever was linked to a case."""
    wanted = sa.select(links.c.clip_id).where(links.c.case_id == case_id).distinct()
    found = tx.scalars(wanted.order_by(links.c.clip_id))
    # One that somebody altered into no id names no clip; a verification finds its link.
    return [clip_id for clip_id in found if isinstance(clip_id, str) and looks_like_id(clip_id)]


def _place(row: RowMapping, link_id: str) -> tuple[Stage, datetime] | None:
    """Stage and time of a link; None where somebody altered them, for a verification to find."""
    linked_at = read_cell(links.c.linked_at, row["linked_at"])
    if row["stage"] not in frozenset(Stage) or not isinstance(linked_at, datetime):
        log.warning("the row of link %s was altered", link_id)
        return None
    return Stage(row["stage"]), linked_at


def _require_all(tx: Connection, case_id: str, clip_ids: list[str]) -> None:
    if tx.scalar(sa.select(cases.c.id).where(cases.c.id == case_id)) is None:
        raise CaseNotFoundError(case_id)
    found = set(tx.scalars(sa.select(clips.c.id).where(clips.c.id.in_(clip_ids))))
    for clip_id in clip_ids:
        if clip_id not in found:
            raise ClipNotFoundError(clip_id)


def _event(kind: EventKind, link_id: str, case_id: str, clip_id: str, stage: Stage) -> Event:
    facts: dict[str, Json] = {"case": case_id, "stage": stage.value, "link": link_id}
    return Event(kind, clip_item(clip_id), facts=facts)
