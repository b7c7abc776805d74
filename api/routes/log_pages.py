"""The log for people: its entries, one entry with its proof, the checkpoint.

Reading the log is itself an entry (``log.read``). What is looked for, and each entry that is
opened, is always one, with the query; turning the pages of the whole log is one a minute for each
session: a reader would otherwise bury what they came to read.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.engine import Connection
from starlette.exceptions import HTTPException

from api.actor_names import accounts_of, actor_items_called, actors_called, names_of_actors
from api.auth.sessions import note_log_read
from api.dependencies import Person, PersonDep, SearchText, ServicesDep
from api.services import Services
from api.web.entry_values import items_of, read_values
from api.web.filters import Filters
from api.web.locale import LANGUAGES, catalogue
from api.web.pages import Pages, language_of, parameters_of
from api.web.retelling import retold
from custody.access import Right
from custody.event_filters import EVERY_EVENT, EventFilter, count_events
from custody.events import LOG_ITEM, EventKind, is_item
from custody.history import MAX_EVENTS, HistoryEvent, find_event, history_of, newest_events
from custody.item_names import names_in, names_of
from custody.item_search import find_items
from custody.key_rows import read_key_history
from custody.ledger import Event
from custody.log.entry import Json
from custody.publishing.merge_lag import read_merge_lag
from custody.publishing.published import (
    has_altered_checkpoints,
    newest_checkpoint,
    prove_entry,
    tile_reader,
)
from custody.timestamps.stamps import standing_of
from custody.viewing_entries import has_read_log
from custody.witnesses.witnessing import read_witnessing

router = APIRouter()

PER_PAGE = 50
READ_STEP = timedelta(minutes=1)
#: Of each part of a query, as many characters go into the entry.
MAX_QUERY_CHARACTERS = 200
#: So many objects can be meant at once; of those, so many are named above the list.
MAX_ITEMS = 200
MAX_NAMED_ITEMS = 5
#: Who looked at lists and at the log: most of what there is on a quiet day.
LOOKING = (EventKind.CLIPS_LISTED.value, EventKind.LOG_READ.value)
#: Entries that a filter finds are counted up to here.
MAX_COUNTED = 10_000


@router.get("/log")
def show_log(
    request: Request,
    services: ServicesDep,
    person: PersonDep,
    item: SearchText = "",
    actor: str = "",
    who: SearchText = "",
    before: Annotated[int | None, Query(ge=0, le=2**53)] = None,
) -> Response:
    """Entries, the newest first.

    ``item`` is what they are of: an item of the log, or what people call it. ``actor`` is the id of
    one, ``who`` a name or account; ``from`` and ``to`` are days of the bureau's zone. ``quiet``
    leaves out who looked at lists, unless it is that which is asked for.
    """
    services.access.require(person.actor, Right.READ_LOG, LOG_ITEM)
    kinds = sorted(one.value for one in EventKind)
    parameters = parameters_of(request, "kind", "item", "actor", "who", "from", "to", "quiet")
    filters = Filters(parameters, services.config.zone)
    kind = filters.choice("kind", kinds)
    begin, end = filters.days("from", "to")
    left_out = LOOKING if filters.tick("quiet") and kind not in LOOKING else ()
    query = {  # what is left out is not looked for
        "kind": parameters["kind"],
        "item": item.strip(),
        "actor": actor,
        "who": who.strip(),
        "from": parameters["from"],
        "to": parameters["to"],
    }
    _note_reading(services, person, {name: value for name, value in query.items() if value})
    with services.database.read() as tx:
        called = actors_called(tx, who) if who.strip() else None
        # No actor has a NUL in its id, and PostgreSQL takes none in a question.
        actor_ids = _both(called, [one for one in [actor] if "\x00" not in one] if actor else None)
        items = _items_called(tx, item)
        wanted = EventFilter(kind, actor_ids, begin, end, items, other_kinds=left_out or None)
        events: list[HistoryEvent] = []
        count, more, known = 0, False, True
        if filters.unreadable:
            pass  # whatever was listed here would answer another question
        elif items is not None and len(items) == 1:
            # An item's own history is short and complete, pending entries included.
            history = history_of(tx, items[0])
            events = [
                event
                for event in reversed(history)
                if (not kind or event.kind == kind)
                and event.kind not in left_out
                and (actor_ids is None or event.actor_id in actor_ids)
                and (begin is None or event.at >= begin)
                and (end is None or event.at < end)
            ]
            count, more, known = len(events), len(history) >= MAX_EVENTS, bool(history)
        else:
            events = newest_events(tx, wanted, before=before, limit=PER_PAGE)
            found = 0 if wanted == EVERY_EVENT else count_events(tx, wanted, MAX_COUNTED)
            count, more = min(found, MAX_COUNTED), found > MAX_COUNTED
        accounts = accounts_of(tx, (event.actor_id for event in events))
        listed = [*(event.item for event in events), *(items or [])[:MAX_NAMED_ITEMS]]
        names = names_in(tx, events) | names_of(tx, listed) | names_of_actors(tx, listed)
        if not known and not names.keys() & set(items or []):
            items = []  # it reads like an item, and there is neither a row nor an entry of it
        checkpoint = newest_checkpoint(tx)
        checkpoints_altered = has_altered_checkpoints(tx, checkpoint)
        lag = read_merge_lag(tx)
        witnessing = read_witnessing(tx, services.policy, services.config.origin)
        names |= names_of_actors(tx, [f"station:{one.name}" for one in witnessing.stations])
        stamping = standing_of(tx, [one.name for one in services.stamper.asked])
        keys = read_key_history(tx, services.keys.first.log.verifier)
    standstill = services.signer_watch.standstill
    pages: Pages = request.app.state.pages
    now = services.clock.now()
    return pages.render(
        request,
        "log.html",
        status=filters.status,
        events=events,
        names=names,
        older=None if len(events) != PER_PAGE or _is_whole(items) else events[-1].idx,
        filtered=wanted != EVERY_EVENT and not filters.unreadable,
        count=count,
        more=more,
        items=items,
        max_named_items=MAX_NAMED_ITEMS,
        max_items=MAX_ITEMS,
        checkpoint=checkpoint,
        checkpoints_altered=checkpoints_altered,
        stamping=stamping,
        keys=keys,
        now=now,
        lag=lag,
        lag_seconds=lag.seconds(now),
        lag_overdue=lag.age(now) > services.config.merge_lag_alarm,
        signer_is_separate=bool(services.config.signer),
        standstill=standstill,
        standstill_reason=(
            ""
            if standstill is None
            else retold(standstill.reason, language_of(request, services.config))
        ),
        witnessing=witnessing,
        unwitnessed_minutes=witnessing.age(now) // timedelta(minutes=1),
        restored=services.publisher.watch.found,
        kinds=kinds,
        parameters=parameters,
        unreadable=filters.unreadable,
        accounts=accounts,
        nobody=called is not None and len(called) < 2 and not events,
        before=before,
    )


@router.get("/log/entries/{index}")
def show_entry(request: Request, services: ServicesDep, person: PersonDep, index: int) -> Response:
    """One entry: its canonical bytes, its leaf hash and the proof that it is in the signed tree."""
    services.access.require(person.actor, Right.READ_LOG, LOG_ITEM)
    _note_reading(services, person, {"index": str(index)})
    with services.database.read() as tx:
        event = find_event(tx, index) if 0 <= index < 2**53 else None
        named = [] if event is None else [*items_of(event.facts), *items_of(event.details)]
        names = {} if event is None else names_of(tx, [event.item, *named])
        accounts = {} if event is None else accounts_of(tx, [event.actor_id])
        checkpoint = newest_checkpoint(tx)
        checkpoints_altered = has_altered_checkpoints(tx, checkpoint)
    if event is None:
        raise HTTPException(404)
    proof: list[bytes] = []
    entry = b""
    if checkpoint is not None and index < checkpoint.size:
        proof = prove_entry(services.store, checkpoint, index)
        # From the published bundle, not from the row: what is shown is what the tree is over.
        entry = tile_reader(services.store, checkpoint.size).entry(index)
    details = {name: value for name, value in event.details.items() if name != "actor_name"}
    words = catalogue(LANGUAGES[0])
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "entry.html",
        event=event,
        facts=read_values(event.facts, words, event.item),
        details=read_values(details, words, event.item),
        names=names,
        accounts=accounts,
        index=index,
        checkpoints_altered=checkpoints_altered,
        checkpoint=checkpoint if proof or (checkpoint and checkpoint.size == 1) else None,
        entry=entry.decode(),
        readable=json.dumps(json.loads(entry), ensure_ascii=False, indent=2) if entry else "",
        proof=[part.hex() for part in proof],
    )


def _items_called(tx: Connection, text: str) -> list[str] | None:
    """The items that ``text`` names, one of the log itself or as people call it; None: not asked.

    Of more than `MAX_ITEMS` the first are taken, and the page says so.
    """
    wanted = text.strip()
    if not wanted:
        return None
    if is_item(wanted):
        return [wanted]
    return [*actor_items_called(tx, wanted), *find_items(tx, wanted, MAX_ITEMS)][:MAX_ITEMS]


def _is_whole(items: list[str] | None) -> bool:
    """Whether all that is found stands on one page."""
    return items is not None and len(items) == 1


def _both(one: list[str] | None, other: list[str] | None) -> list[str] | None:
    """What is in both of two choices; None is the choice of everything."""
    if one is None or other is None:
        return other if one is None else one
    return [value for value in one if value in other]


def _note_reading(services: Services, person: Person, query: Mapping[str, str]) -> None:
    """``query`` is what was looked for; empty: the log as it comes.

    The session's row says when it last had an entry, and is believed where the log has that entry:
    a row alone would let somebody read unseen.
    """
    now = services.clock.now()
    read_at = person.session.log_read_at
    if not query and read_at is not None and now - READ_STEP < read_at <= now:
        with services.database.read() as tx:
            if has_read_log(tx, person.actor, now - READ_STEP, now):
                return
    details: dict[str, Json] = {
        name: value[:MAX_QUERY_CHARACTERS].encode("utf-8", "backslashreplace").decode()
        for name, value in query.items()
    }
    with services.database.write() as tx:
        if not query:
            note_log_read(tx, person.session, now)
        event = Event(EventKind.LOG_READ, LOG_ITEM, details=details)
        services.ledger.append(tx, person.actor, event)
