"""Real entries are what the page of the kinds of event says of them."""

import json

import pytest
import sqlalchemy as sa

from custody.events import EventKind
from custody.log.entry import Entry
from custody.tables import log_entries
from tests.services.event_page import complaints, read_page
from tests.tamper import destruction_attacks as made
from tests.tamper.worlds import World

#: Kinds of which a world has no entry; a server, a shell or a lost object leaves those.
ELSEWHERE = {
    EventKind.SERVICE_STARTED,
    EventKind.KEY_ANNOUNCED,
    EventKind.KEY_RETIRED,
    EventKind.CLIP_RESTORED,
    EventKind.CASE_EXPORTED,
    EventKind.CLIP_EXPORTED,
    EventKind.PERSON_SIGNED_IN,
    EventKind.PERSON_SIGNED_OUT,
    EventKind.SIGN_IN_FAILED,
    EventKind.LOG_STAMPED,
    EventKind.LOG_RECOVERED,
    EventKind.USER_CHANGED,
}


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_what_happened_is_written_as_the_page_has_it(world: World) -> None:
    made.deny(world)
    made.destroy(world)
    page, seen = read_page(), set()
    with world.services.database.read() as tx:
        rows = tx.execute(sa.select(log_entries.c.entry, log_entries.c.details)).all()
    for stored, text in rows:
        entry = Entry.decode(bytes(stored))
        kind = page[entry.kind]
        seen.add(EventKind(entry.kind))
        details = None if text is None else json.loads(text)
        found = complaints(entry.facts, kind.facts)
        if details is not None:
            found += complaints(details, kind.details | {"actor_name": "text or absent"})
        assert not found, (entry.kind, found)
        sort = entry.item.partition(":")[0]
        wanted = EventKind.ACCESS_DENIED, EventKind.LOG_READ  # of these the item varies
        assert entry.kind in wanted or sort in kind.items, (entry.kind, entry.item)
    assert seen == set(EventKind) - ELSEWHERE
