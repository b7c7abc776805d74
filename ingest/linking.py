"""To which case a clip may belong: a proposal from officer and day, which a person confirms."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.case_rows import STANDING
from custody.cells import as_text
from custody.clip_search import find_clips
from custody.tables import case_officers, cases, links


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A case that may be the clip's."""

    case_id: str
    case_number: str
    title: str
    procedure: str


def fits(
    officer: str | None,
    recorded_at: datetime | None,
    case_officer: str,
    occurred_on: date | None,
    zone: tzinfo,
) -> bool:
    """The rule: one of the case's officers recorded it on the day of the case.

    The day is the bureau's (``zone``): a clip of 00:30 local time belongs to that day, although
    it is still yesterday in UTC.
    """
    if officer is None or recorded_at is None or occurred_on is None:
        return False
    return officer == case_officer and recorded_at.astimezone(zone).date() == occurred_on


def suggestions_for(
    tx: Connection, clip_ids: Iterable[str], zone: tzinfo
) -> dict[str, list[Suggestion]]:
    """Suggestions for each clip that has some, by case number, without those it is linked to."""
    wanted = list(clip_ids)
    dated = [clip for clip in find_clips(tx, wanted).values() if clip.officer and clip.recorded_at]
    if not dated:
        return {}
    days = {clip.recorded_at.astimezone(zone).date() for clip in dated if clip.recorded_at}
    candidates = tx.execute(
        sa.select(cases.c.id, cases.c.number, cases.c.title, cases.c.occurred_on)
        .add_columns(cases.c.procedure)
        .add_columns(case_officers.c.officer)
        .join(case_officers, case_officers.c.case_id == cases.c.id)
        .where(
            cases.c.occurred_on.in_(days),
            case_officers.c.officer.in_({row.officer for row in dated}),
        )
        .order_by(cases.c.number)
    ).all()
    if not candidates:
        return {}
    linked = {
        (row.clip_id, row.case_id)
        for row in tx.execute(
            sa.select(links.c.clip_id, links.c.case_id).where(
                links.c.clip_id.in_([row.id for row in dated]), STANDING
            )
        )
    }
    found: dict[str, list[Suggestion]] = {}
    for clip in dated:
        proposals = [
            Suggestion(case.id, as_text(case.number), as_text(case.title), as_text(case.procedure))
            for case in candidates
            if fits(clip.officer, clip.recorded_at, case.officer, case.occurred_on, zone)
            and (clip.id, case.id) not in linked
        ]
        if proposals:
            found[clip.id] = proposals
    return found
