"""Which clips and cases people mean by what they type: the other way round than `item_names`."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.case_numbers import normalize_case_number
from custody.errors import CaseNumberError
from custody.events import case_item, clip_item
from custody.tables import cases, clip_names, clips
from custody.typed_digests import read_digest


def find_items(tx: Connection, text: str, limit: int) -> list[str]:
    """The items of cases and clips called ``text``, at most ``limit`` of each, in order of id.

    A case by its number in any accepted writing, or a part of it; a clip by a part of its name
    or a further one, or by a digest as pages show it or whole; either by its id.
    """
    wanted = text.strip().lower()
    if not wanted or "\x00" in wanted:  # nothing is called that, and PostgreSQL takes no NUL
        return []
    found = tx.scalars(sa.select(cases.c.id).where(_case(wanted)).order_by("id").limit(limit))
    items = [case_item(str(case_id)) for case_id in found]
    found = tx.scalars(sa.select(clips.c.id).where(_clip(wanted)).order_by("id").limit(limit))
    return items + [clip_item(str(clip_id)) for clip_id in found]


def _case(wanted: str) -> sa.ColumnElement[bool]:
    try:
        part = normalize_case_number(wanted).lower()
    except CaseNumberError:
        part = wanted
    return _has(cases.c.number, part) | (cases.c.id == wanted)


def _clip(wanted: str) -> sa.ColumnElement[bool]:
    further = sa.select(clip_names.c.clip_id).where(_has(clip_names.c.name, wanted))
    called = _has(clips.c.name, wanted) | clips.c.id.in_(further) | (clips.c.id == wanted)
    digest = read_digest(wanted)
    if digest is None:
        return called
    pattern = f"{digest.beginning}%{digest.end}"  # of hexadecimal digits none needs to be escaped
    return called | clips.c.sha256.like(pattern) | clips.c.sm3.like(pattern)


def _has(column: sa.Column[str], wanted: str) -> sa.ColumnElement[bool]:
    return sa.func.lower(column).contains(wanted, autoescape=True)
