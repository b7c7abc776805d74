"""Lists of clips: filters, order, one page at a time."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.case_rows import STANDING
from custody.cells import is_readable
from custody.clip_rows import Clip, clip_columns, read_clip
from custody.codes import normalize_code
from custody.errors import UnknownSortError
from custody.tables import case_officers, clip_names, clips, links
from custody.twin_rows import TWINS, count_of_twins, rows_under
from custody.typed_digests import TypedDigest, read_digest

#: What a list can be sorted by; with a minus in front, downward.
CLIP_SORTS: dict[str, sa.Column[Any]] = {
    "recorded_at": clips.c.recorded_at,
    "admitted_at": clips.c.admitted_at,
    "name": clips.c.name,
    "officer": clips.c.officer,
    "recorder": clips.c.recorder,
    "size_bytes": clips.c.size_bytes,
    "duration_ms": clips.c.duration_ms,
    "media_kind": clips.c.media_kind,
    "state": clips.c.state,
    "station_name": clips.c.station_name,
}
DEFAULT_CLIP_SORT = "-recorded_at"


@dataclass(frozen=True, slots=True)
class ClipFilter:
    """Which clips; None asks nothing. Times are aware, ``recorded_to`` is not included.

    ``officer`` and ``recorder`` are codes in any writing (`normalize_code`).
    ``untimed``: nothing and nobody says when it was recorded. ``unassigned``: no officer, for the
    list of manual assignment. ``text`` is found anywhere in the name or a further one (ASCII
    letters in either case), or is a clip's id, its officer or recorder, the 执法证号 under which
    some case names that officer, the beginning of its SHA-256, or what `read_digest` knows as one
    of its digests.
    """

    officer: str | None = None
    recorder: str | None = None
    recorded_from: datetime | None = None
    recorded_to: datetime | None = None
    state: str | None = None
    media_kind: str | None = None
    unassigned: bool = False
    untimed: bool = False
    text: str | None = None
    case_id: str | None = None
    important: bool | None = None
    station_id: str | None = None


@dataclass(frozen=True, slots=True)
class ClipPage:
    """One page, and how many clips the filter finds in all."""

    clips: list[Clip]
    total: int


def search_clips(
    tx: Connection,
    wanted: ClipFilter,
    sort: str = DEFAULT_CLIP_SORT,
    offset: int = 0,
    limit: int = 50,
) -> ClipPage:
    """A page of clips in a stable order: equal ones by id, those without the value at the end.

    Rows that were altered stand among them (`Clip.altered`). Raises `UnknownSortError`.
    """
    column = CLIP_SORTS.get(sort.removeprefix("-"))
    if column is None:
        raise UnknownSortError(sort)
    downward = sort.startswith("-")
    conditions = _conditions(wanted)
    rows = tx.execute(
        sa.select(*clip_columns(tx))
        .where(*conditions)
        .order_by(
            (column.desc() if downward else column.asc()).nulls_last(),
            clips.c.id.desc() if downward else clips.c.id.asc(),
        )
        .offset(offset)
        .limit(limit)
    )
    page = [read_clip(row) for row in rows.mappings()]
    ids = {clip.id for clip in page}
    counted = sa.select(sa.func.count(), rows_under(clips.c.id, ids)).select_from(clips)
    total, under_ids = tx.execute(counted.where(*conditions)).one()
    if under_ids > len(ids):
        page = _mark_twins(tx, page)
    return ClipPage(page, total)


def find_clips(tx: Connection, clip_ids: list[str]) -> dict[str, Clip]:
    """The clips with these ids that there are, in one query."""
    columns = (*clip_columns(tx), count_of_twins(clips.c.id))
    rows = tx.execute(sa.select(*columns).where(clips.c.id.in_(clip_ids)))
    found = (read_clip(row, row[TWINS]) for row in rows.mappings())
    return {clip.id: clip for clip in found}


def _mark_twins(tx: Connection, page: list[Clip]) -> list[Clip]:
    known = find_clips(tx, [clip.id for clip in page if is_readable(clip.id)])
    twins = {clip.id for clip in known.values() if TWINS in clip.altered}
    return [
        replace(clip, altered=(*clip.altered, TWINS)) if clip.id in twins else clip for clip in page
    ]


def _conditions(wanted: ClipFilter) -> list[sa.ColumnElement[bool]]:
    c = clips.c
    conditions: list[sa.ColumnElement[bool]] = []
    for column, value in (
        (c.officer, _code(wanted.officer)),
        (c.recorder, _code(wanted.recorder)),
        (c.state, wanted.state),
        (c.media_kind, wanted.media_kind),
        (c.important, wanted.important),
        (c.station_id, wanted.station_id),
    ):
        if value is not None:
            conditions.append(column == value)
    if wanted.recorded_from is not None:
        conditions.append(c.recorded_at >= wanted.recorded_from)
    if wanted.recorded_to is not None:
        conditions.append(c.recorded_at < wanted.recorded_to)
    if wanted.untimed:
        conditions.append(c.recorded_at.is_(None))
    if wanted.unassigned:
        conditions.append(c.officer.is_(None))
    if wanted.case_id is not None:
        conditions.append(
            c.id.in_(sa.select(links.c.clip_id).where(links.c.case_id == wanted.case_id, STANDING))
        )
    if wanted.text:
        # PostgreSQL has no place for NUL in a text, so nothing there contains one.
        text = wanted.text.replace("\x00", "�")
        lower = text.lower()
        further = sa.select(clip_names.c.clip_id).where(
            sa.func.lower(clip_names.c.name).contains(lower, autoescape=True)
        )
        digest = read_digest(text)
        conditions.append(
            sa.or_(
                *([] if digest is None else [_has(c.sha256, digest), _has(c.sm3, digest)]),
                sa.func.lower(c.name).contains(lower, autoescape=True),
                c.id.in_(further),
                c.sha256.startswith(lower, autoescape=True),
                c.id == lower,
                c.officer == normalize_code(text),
                c.recorder == normalize_code(text),
                c.officer.in_(
                    sa.select(case_officers.c.officer).where(
                        sa.func.lower(case_officers.c.certificate_number) == lower.strip()
                    )
                ),
            )
        )
    return conditions


def _code(text: str | None) -> str | None:
    return None if text is None else normalize_code(text)


def _has(column: sa.Column[str], digest: TypedDigest) -> sa.ColumnElement[bool]:
    # Of hexadecimal digits none needs to be escaped.
    return column.like(f"{digest.beginning}%{digest.end}")
