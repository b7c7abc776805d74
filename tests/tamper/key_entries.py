"""Entries about keys that no key of the log has signed: what the database alone allows."""

from custody.actors import Actor, Role, Via
from custody.events import LOG_ITEM, EventKind
from custody.ledger import Event
from custody.log.canonical import Json
from custody.log.key_entries import facts_of_announcement
from tests.services.key_sets import generation
from tests.tamper.worlds import World

_SHELL = Actor("shell:root", Role.OPERATOR, Via.SHELL, "archive")


def append(world: World, kind: EventKind, facts: dict[str, Json]) -> None:
    """An entry like any other, numbered and published with the rest."""
    with world.services.database.write() as tx:
        world.services.ledger.append(tx, _SHELL, Event(kind, LOG_ITEM, facts))
    world.publish()


def announce_a_key_of_his_own(world: World) -> None:
    """As a log announces its first keys: signed by themselves."""
    own = generation(9, world.services.config.origin)
    assert own.ml_dsa is not None
    facts = facts_of_announcement(own.key_set, own.log, own.ml_dsa)
    append(world, EventKind.KEY_ANNOUNCED, facts)


def announce_a_receipts_key(world: World) -> None:
    """His receipts' key beside the log's first, as logs did before such entries were signed."""
    keys, own = world.services.keys, generation(9, world.services.config.origin)
    first = keys.first.log.verifier.vkey
    true = facts_of_announcement(keys.first.key_set, keys.first.log, keys.first.ml_dsa)
    append(world, EventKind.KEY_ANNOUNCED, true)
    facts: dict[str, Json] = {"log_key": first, "receipt_key": own.key_set.receipts.vkey}
    append(world, EventKind.KEY_ANNOUNCED, facts)


def announce_a_second_key(world: World) -> None:
    """His ML-DSA-44 key beside the log's first, whose signature he has not."""
    services = world.services
    own = generation(9, services.config.origin)
    assert own.ml_dsa is not None
    facts = facts_of_announcement(own.key_set, own.log, own.ml_dsa)
    first = services.keys.first.log.verifier.vkey
    append(world, EventKind.KEY_ANNOUNCED, facts | {"log_key": first, "follows": first})
