"""What an insider might make of the destruction of details: hide by it, undo it, forge it."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from custody.clock import FixedClock
from custody.details.destructions import destruction_facts, rule_facts
from custody.details.rules import DetailsRule
from custody.events import LOG_ITEM, EventKind, clip_item
from custody.ledger import Event
from custody.log.entry import Json
from custody.tables import log_entries
from tests.tamper.attacks import Attack
from tests.tamper.worlds import LEGAL, OPERATOR, World

RULE = DetailsRule("lists", (EventKind.CLIPS_LISTED.value, EventKind.LOG_READ.value), 184)
DENIALS = DetailsRule("denials", (EventKind.ACCESS_DENIED.value,), 184)
LATER = timedelta(days=400)


def pass_time(world: World, time: timedelta = LATER) -> None:
    clock = world.services.clock
    assert isinstance(clock, FixedClock)
    clock.moment += time


def destroy(world: World, rule: DetailsRule = RULE) -> None:
    """Let details come of age and destroy them as the house does."""
    pass_time(world)
    world.services.details.destroy(OPERATOR, rule)
    world.publish()


def deny(world: World) -> None:
    """An attempt at the first clip that was refused, published."""
    event = Event(
        EventKind.ACCESS_DENIED,
        clip_item(world.clip_ids[0]),
        {"why": "no_grant"},
        {"subject": "/clips/x/stream"},
        "denied",
    )
    with world.services.database.write() as tx:
        world.services.ledger.append(tx, LEGAL, event)
    world.publish()


def first_of(world: World, kind: EventKind) -> dict[str, Any]:
    """The row of the first entry of its kind."""
    with world.services.database.read() as tx:
        wanted = sa.select(log_entries).where(log_entries.c.kind == kind.value)
        return dict(tx.execute(wanted.order_by(log_entries.c.idx).limit(1)).mappings().one())


def indexes_of_destructions(world: World) -> list[int]:
    with world.services.database.read() as tx:
        kind = log_entries.c.kind == EventKind.DETAILS_DESTROYED.value
        return list(tx.scalars(sa.select(log_entries.c.idx).where(kind)))


def write(world: World, row: dict[str, Any], **values: object) -> None:
    with world.services.database.write() as tx:
        tx.execute(log_entries.update().where(log_entries.c.id == row["id"]).values(**values))


def bring_back(*, forged: bool = False) -> Attack:
    """Puts details beside an entry whose details were destroyed, the true ones or others."""

    def attack(world: World) -> None:
        row = first_of(world, EventKind.LOG_READ)
        destroy(world)
        details = '{"actor_name":"bob"}' if forged else row["details"]
        write(world, row, details=details, salt=row["salt"])

    return attack


def say_in_the_row(**values: object) -> Attack:
    """Has the row say something else of the destruction than the entry does."""

    def attack(world: World) -> None:
        destroy(world)
        write(world, first_of(world, EventKind.LOG_READ), **values)

    return attack


def hide_a_viewing(world: World) -> None:
    """Deletes who opened a clip and why, and says that a destruction did it that there was."""
    destroy(world)
    gone = first_of(world, EventKind.LOG_READ)
    said = ("details_destroyed_at", "details_destroyed_under")
    opened = first_of(world, EventKind.CLIP_OPENED)
    write(world, opened, details=None, salt=None, **{name: gone[name] for name in said})


def forge(
    kind: EventKind = EventKind.LOG_READ,
    *,
    aged: bool = True,
    is_set: bool = True,
    kinds: tuple[str, ...] = RULE.kinds,
    **changed: Json,
) -> Attack:
    """Deletes details of ``kind`` and appends an entry that destroyed them, rightly or not."""

    def attack(world: World) -> None:
        row = first_of(world, kind)
        if aged:
            pass_time(world)
        services = world.services
        rule, now = DetailsRule(RULE.name, kinds, RULE.days), services.clock.now()
        before: datetime = rule.before(now) if aged else now
        facts = destruction_facts(rule, before, [(row["idx"], bytes(row["leaf_hash"]))]) | changed
        with services.database.write() as tx:
            if is_set:
                set_rule = Event(EventKind.DETAILS_RULE_SET, LOG_ITEM, rule_facts(rule))
                services.ledger.append(tx, OPERATOR, set_rule)
            destroyed = Event(EventKind.DETAILS_DESTROYED, LOG_ITEM, facts)
            appended = services.ledger.append(tx, OPERATOR, destroyed)
        gone = {
            "details_destroyed_at": now,
            "details_destroyed_under": str(appended.item_seq),
        }
        write(world, row, details=None, salt=None, **gone)
        world.publish()

    return attack


def forge_to_come(world: World) -> None:
    """Destroys what is of today by an entry that says a time at which it may go; life goes on."""
    clock = world.services.clock
    assert isinstance(clock, FixedClock)
    today = clock.moment
    forge()(world)
    clock.moment = today
    go_on(world)


def go_on(world: World) -> None:
    """One more entry as the house makes it, published."""
    append(world)
    world.publish()


def append(world: World) -> None:
    with world.services.database.write() as tx:
        world.services.ledger.append(tx, LEGAL, Event(EventKind.LOG_READ, LOG_ITEM))
