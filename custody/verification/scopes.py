"""What a selection names: its clips and cases, as the rows and the log have them.

A link whose row is gone or says otherwise would take its clip out of sight with it, so the clips of
a case are those of which either speaks, also where they were taken out again.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.cells import as_bytes, raw
from custody.events import EventKind
from custody.links import clips_once_in_case
from custody.log.entry import Entry
from custody.log.errors import LogError
from custody.tables import log_entries
from custody.verification.context import Selection
from custody.verification.evidence_rows import CLIP, Scope
from custody.verification.rows import stream

LINKING = (EventKind.LINK_MADE.value, EventKind.LINK_REMOVED.value)


def scope_of(tx: Connection, selection: Selection) -> Scope:
    """The clips and the case of ``selection``, which is not of the whole log."""
    clip_ids = set(selection.clip_ids or ())
    if selection.case_id is None:
        return Scope(frozenset(clip_ids), frozenset())
    in_rows = clips_once_in_case(tx, selection.case_id)
    # What is no text names no clip; the entry of its link then misses the row.
    clip_ids.update(clip_id for clip_id in in_rows if isinstance(clip_id, str))
    in_log = _items_once_in_case(tx, selection.case_id)
    clip_ids.update(item.removeprefix(CLIP) for item in in_log if item.startswith(CLIP))
    return Scope(frozenset(clip_ids), frozenset({selection.case_id}))


def _items_once_in_case(tx: Connection, case_id: str) -> Iterator[str]:
    """The items whose entries, pending ones too, linked something to the case or took it out."""
    columns = (raw(tx, log_entries.c.item), raw(tx, log_entries.c.entry))
    linking = sa.select(*columns).where(log_entries.c.kind.in_(LINKING))
    # In an entry of these kinds the id of a case stands in the fact `case` and nowhere else.
    wanted = case_id.encode()
    for item, cell in stream(tx, linking):
        data = as_bytes(cell)
        if wanted not in data:
            continue
        # Entry and row name the same item, unless somebody altered one of them: then look at both.
        if isinstance(item, str):
            yield item
        try:
            yield Entry.decode(data).item
        except LogError:
            continue  # no entry at all: a finding of the item whose row it stands in
