"""What people call the items of the log: a clip's file name, a case's number."""

from collections.abc import Iterable, Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import as_text
from custody.events import case_item, clip_item
from custody.history import HistoryEvent
from custody.ids import looks_like_id
from custody.tables import cases, clips


def names_of(tx: Connection, items: Iterable[str]) -> dict[str, str]:
    """The names of those of ``items`` that are clips or cases, by item, in two queries at most.

    ``items`` may come from rows that somebody altered: what can be no item has no name.
    """
    parted = [item.partition(":") for item in set(items)]
    parted = [one for one in parted if looks_like_id(one[2])]
    clip_ids = [key for sort, _, key in parted if sort == "clip"]
    case_ids = [key for sort, _, key in parted if sort == "case"]
    names: dict[str, str] = {}
    if clip_ids:
        found = tx.execute(sa.select(clips.c.id, clips.c.name).where(clips.c.id.in_(clip_ids)))
        names |= {clip_item(row.id): as_text(row.name) for row in found}
    if case_ids:
        numbers = tx.execute(sa.select(cases.c.id, cases.c.number).where(cases.c.id.in_(case_ids)))
        names |= {case_item(row.id): as_text(row.number) for row in numbers}
    return names


def names_in(tx: Connection, events: Iterable[HistoryEvent]) -> dict[str, str]:
    """The names of the clips and cases that ``events`` are of or speak of, as `names_of`."""
    return names_of(tx, (item for event in events for item in _items_in(event)))


def _items_in(event: HistoryEvent) -> Iterator[str]:
    yield event.item
    case_id = event.facts.get("case")
    if isinstance(case_id, str):
        yield case_item(case_id)
